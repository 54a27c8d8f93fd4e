"""What the demonstration's team does among itself: owners, internal notes, canned replies, a likeness still to decide."""

from datetime import timedelta
from typing import Any

from opportunities.models import CannedReply, InternalNote, Opportunity
from opportunities.ownership import hand_over

HOUR = timedelta(hours=1)
REPLIES = (
    {
        "title_en": "We received it",
        "title_fr": "Nous l’avons reçu",
        "text_en": "Thank you. We read what you sent, and answer within one business day.",
        "text_fr": "Merci. Nous lisons ce que vous avez envoyé et vous répondons d’ici un jour ouvrable.",
    },
    {
        "title_en": "Not code",
        "title_fr": "Ce n’est pas du code",
        "text_en": "A micro-acquisition buys code that can be open. What you describe is a product or a service: the procurement service desk can help you.",
        "text_fr": "Une micro-acquisition sert à acheter du code qui peut être ouvert. Ce que vous décrivez est un produit ou un service : le bureau de service de l’approvisionnement peut vous aider.",
    },
    {
        "title_en": "Similar skills count",
        "title_fr": "Des compétences semblables comptent",
        "text_en": "Yes: the required skills **or similar ones** count. Tell us what you did with them.",
        "text_fr": "Oui : les compétences demandées **ou des compétences semblables** comptent. Dites-nous ce que vous avez fait avec elles.",
    },
    {
        "title_en": "Already in the statement",
        "title_fr": "C’est déjà dans l’énoncé",
        "text_en": "The statement answers this. Nothing more is asked than what it says.",
        "text_fr": "L’énoncé répond à cette question. Rien de plus n’est demandé que ce qui y est dit.",
    },
)  # fmt: skip
OWNED = {
    "screening": "team",
    "preparing": "team2",
    "posted": "team",
    "evaluation": "team2",
    "work": "team",
    "paying": "team2",
}


def _replies() -> None:
    for order, reply in enumerate(REPLIES):
        CannedReply.objects.create(order=order, **reply)


def _owners(cast: Any, now: Any) -> None:
    for state, who in OWNED.items():
        for opportunity in Opportunity.objects.filter(state=state).order_by("pk")[:2]:
            owner = cast.some(who)[0]
            hand_over(opportunity, owner, by=owner, former=None, now=now)


def _note(cast: Any, state: str, text: str, now: Any) -> None:
    opportunity = Opportunity.objects.filter(state=state).order_by("pk").first()
    InternalNote.objects.create(
        opportunity=opportunity, author=cast.some("team")[0], text=text, written_at=now
    )


def within_the_team(t: Any) -> None:
    """The last chapter: what stands at the desk today. `t` is the `stories.Teller`."""
    t.tell("screening", t.inquiry("redirects_again"), age=2)
    t.at(t.now - 190 * 24 * HOUR, _replies)
    t.at(t.now - HOUR, _owners, t.cast, t.now - HOUR)
    t.at(
        t.now - HOUR / 2, _note, t.cast, "work",
        "Called the client: the supplier answers within the day. No reason to worry about the date.", t.now - HOUR / 2,
    )  # fmt: skip
