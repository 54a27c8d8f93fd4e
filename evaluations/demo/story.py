"""One opportunity of the demonstration: a journey with the words of its people.

Knows what each supplier answers, what each evaluator writes, and the turns beside the straight way (a question, a
message, an amendment, a dispute...). Which stories there are, and when, is in `stories.py`.
"""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from evaluations import applications, marking, preparing
from evaluations.models import Application
from microacq import business_days, clock, money
from opportunities.models import Opportunity
from opportunities.statement import STANDARD_ACCEPTANCE, STANDARD_CRITERION, fill_statement
from opportunities.views.messages import send_message
from opportunities.views.questions import ask

from .endings import met_all
from .journey import Journey, People, Words
from .people import INVOICING, SUPPLIERS, part_of

FOLDER = Path(__file__).parent
RATES = {
    1500: 75,
    2000: 80,
    2500: "62.50",
    2800: 70,
    3200: 80,
    3500: 70,
    3800: 76,
    4200: 70,
    5100: 85,
    6400: 80,
    6500: 100,
}
"""Hourly rate for each fixed price, so that rate x (hours + 10 of administration) gives it."""
FAMILIES = {
    "python": {"Python", "Django", "Docker"},
    "ruby": {"Ruby", "Ruby on Rails"},
    "azure": {"Azure Policies"},
}


@cache
def data(name: str) -> Any:
    """One of the demonstration's data files."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def voices(*keys: Any) -> Any:
    """What is said, at a place of voices.json."""
    found = data("voices")
    for key in keys:
        found = found[key]
    return found


def statement_of(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the statements' files, as `fill_statement` takes it."""

    def both(name: str) -> dict[str, str]:
        return {language: row[language][name] for language in ("en", "fr")}

    named = {language: ", ".join(skill[language] for skill in row["skills"]) for language in ("en", "fr")}
    own = zip(row["en"]["acceptance"], row["fr"]["acceptance"], strict=True)
    price = Decimal(row["price"])
    return {
        **{name: both(name) for name in ("title", "short_description", "background", "work", "deliverables")},
        "skills": row["skills"],
        "licence": "CC0-1.0" if "/18F/" in row["repository"] else "MIT",
        "repository": row["repository"],
        "evaluation_criteria": [
            {lang: text.format(skills=named[lang]) for lang, text in STANDARD_CRITERION.items()}
        ],
        "acceptance_criteria": [
            *({"kind": kind, **texts} for kind, texts in STANDARD_ACCEPTANCE.items()),
            *({"kind": "test" if "test" in en.lower() else "other", "en": en, "fr": fr} for en, fr in own),
        ],
        **estimate(price),
    }


def estimate(price: Decimal) -> dict[str, Decimal]:
    """The fixed price with the rate and the hours that give it."""
    rate = Decimal(RATES[int(price)])
    return {
        "fixed_price": price,
        "hourly_rate": rate,
        "estimated_hours": (price / rate - 10).quantize(Decimal("0.1")),
    }


def need_of(statement: dict[str, Any], language: str) -> dict[str, Any]:
    """The inquiry that such a statement began with, in the client's language."""
    return {
        f"title_{language}": statement["title"][language],
        "need": statement["short_description"][language],
        "reason": statement["background"][language].split("\n\n")[0],
        "repository": statement.get("repository", ""),
        "heard_from": {"en": "A colleague", "fr": "Une collègue"}[language],
    }


class Story(Journey):
    """A journey told by people who differ. `dissent`: (evaluator's part, supplier's place) where marks differ."""

    def __init__(
        self,
        people: People,
        words: Words,
        closing: datetime,
        passing: list[bool],
        *,
        dissent=None,
        aside=None,
        after=None,
    ):
        super().__init__(people, words, closing, passing)
        self.dissent: tuple[str, int] | None = dissent
        self.aside: int | None = aside
        """The place of the supplier whose application is set aside."""
        self.after: Story | None = after
        """The story that this one runs again."""

    @property
    def family(self) -> str:
        """Which of their answers the suppliers send."""
        skills = {skill["en"] for skill in self.words.statement["skills"]}
        return next((name for name, members in FAMILIES.items() if skills & members), "javascript")

    # the straight way, in these people's words

    def enter_draft(self, now):
        if not self.after:
            return super().enter_draft(now)
        self.after.act("rerun", self.people.team[0], now)
        self.opportunity = self.after.opportunity.reruns.get()

    def screened(self):
        french = {"reason": "Le besoin répond à tous les critères. Merci de l’avoir décrit si clairement."}
        return met_all() | (french if self.people.client.language == "fr" else {})

    def enter_reserved(self, now):
        amount = money.with_tax(self.fresh().fixed_price, money.MAX_TAX_RATE)
        self.act(
            "reserve_funds",
            self.people.finance,
            now,
            number=f"FR-{self.opportunity.pk:06d}",
            amount=str(amount),
        )

    def application(self, supplier, number):
        part = part_of(supplier)
        text = voices("answers", part, self.family) if self.passing[number] else voices("poor", part)
        answers = {str(key): text for key in self.criteria()}
        rest = {"legal_name": supplier.name, "of_age": True, "uses_git": True, "needs_sign_off": False}
        return {**rest, **SUPPLIERS[part], "answers": answers}

    def prepare(self, preparer, now):
        if self.aside is not None:
            application = self.opportunity.applications.get(supplier=self.people.suppliers[self.aside])
            reason = "The answer is word for word that of another application, which was received first."
            preparing.set_aside(self.opportunity, application, preparer, reason, now)
        super().prepare(preparer, now)

    def judge(self, evaluator, number):
        passed = self.passing[number]
        if self.dissent == (part_of(evaluator), number):
            passed = not passed
        reasons = voices("reasons", "pass" if passed else "fail", evaluator.language)
        return passed, reasons[(number + evaluator.pk) % len(reasons)]

    def enter_review(self, now):
        for evaluator in (self.people.client, *self.people.evaluators):
            self.mark(evaluator, now - timedelta(hours=1))
        for cell in marking.Matrix(self.opportunity).differing:
            client, rationale = (
                self.people.client,
                voices("reasons", "consensus", self.people.client.language),
            )
            marking.decide(
                self.opportunity,
                client,
                cell.application.label,
                cell.criterion.pk,
                True,
                rationale,
                now - timedelta(minutes=30),
            )
        self.act("evaluated", self.people.client, now)

    def delivered(self):
        text = {
            "en": "See the README and the tests: each is named after its requirement.",
            "fr": "Voir le README et les essais : chacun porte le nom de son exigence.",
        }
        said = super().delivered()
        return said | {name: text[self.supplier.language] for name in said if name.startswith("how_met_")}

    def enter_certification(self, now):
        contract, part = self.opportunity.contract, part_of(self.supplier)
        number = f"{now:%Y}-{self.opportunity.pk:03d}"
        own = {
            "supplier_name": contract.supplier_name,
            "province": SUPPLIERS[part]["province"],
            **INVOICING[part],
        }
        self.act("invoice", self.supplier, now, number=number, **own)

    def paid(self, now):
        if SUPPLIERS[part_of(self.supplier)]["means"] == "visa":
            return super().paid(now)
        return super().paid(now) | {
            "means": "paypal",
            "justification": "Le fournisseur n’accepte pas la carte Visa; PayPal est le moyen nommé dans sa candidature.",
        }

    # turns beside the way

    def say(self, thread: str, start: datetime, pause: timedelta = timedelta(hours=3)) -> list[tuple]:
        """A thread between client and team, in the client's language: (moment, what to do)."""
        people, language = self.people, self.people.client.language

        def one(message, at):
            author = people.team[0] if message["from"] == "team" else people.client
            return lambda: send_message(
                self.fresh(), author, message[language], from_team=message["from"] == "team", now=at
            )

        return [
            (start + n * pause, one(message, start + n * pause))
            for n, message in enumerate(voices("messages", thread))
        ]

    def fresh(self) -> Opportunity:
        """The opportunity as it stands."""
        self.opportunity.refresh_from_db()
        return self.opportunity

    def applied(self, number: int, now: datetime) -> None:
        """The supplier at that place applies."""
        self.apply_one(self.people.suppliers[number], number, now)

    def begun(self, supplier, now: datetime) -> Application:
        """A supplier begins an application and leaves it as a draft."""
        part = part_of(supplier)
        half = {"legal_name": supplier.name, **SUPPLIERS[part]}
        text = " ".join(voices("answers", part, self.family).split()[:45])
        return applications.save_draft(
            self.fresh(), supplier, {**half, "answers": {str(key): text for key in self.criteria()}}, now
        )

    def asked(self, supplier, text: str, now: datetime) -> None:
        """A supplier asks a question."""
        ask(self.fresh(), supplier, text, now)

    def answered(self, now: datetime) -> None:
        """The team publishes the answers it has, and sets one question aside."""
        known = {row["text"]: row for row in voices("questions", "answered")}
        put_aside = voices("questions", "set_aside")
        form = {}
        for question in self.opportunity.questions.filter(published_at=None, set_aside_at=None):
            key = f"q{question.pk}_"
            if row := known.get(question.text):
                form[key + "do"] = "publish"
                form |= {
                    f"{key}{part}_{language}": row[language][part]
                    for part in ("question", "answer")
                    for language in ("en", "fr")
                }
            elif question.text == put_aside["text"]:
                form |= {key + "do": "set_aside", key + "reason": put_aside["reason"]}
        self.act("publish_answers", self.people.team[0], now, **form)

    def extended(self, closing: datetime, now: datetime) -> None:
        """The closing is put off."""
        local = closing.astimezone(clock.EASTERN)
        self.act(
            "extend_closing", self.people.team[0], now, closing_at_0=local.date().isoformat(), closing_at_1=f"{local:%H:%M}",
            selection_date=business_days.add(local.date(), 4).isoformat(), delivery_date=business_days.add(local.date(), 15).isoformat(),
            reason_en="Two suppliers asked for more time, because a federal holiday falls in the period.",
            reason_fr="Deux fournisseurs ont demandé plus de temps, car un jour férié fédéral tombe dans la période.",
        )  # fmt: skip

    def amended(self, now: datetime) -> None:
        """Something was missing in the description of the work."""
        more = {
            "en": "\n\nThe page must keep working when scripts are turned off.",
            "fr": "\n\nLa page doit continuer de fonctionner quand les scripts sont désactivés.",
        }
        opportunity = self.fresh()
        texts = {
            f"work_{language}": getattr(opportunity, f"work_{language}") + text
            for language, text in more.items()
        }
        self.act(
            "amend", self.people.team[0], now, **texts, material="on",
            reason_en="A requirement was missing: a supplier’s question showed it.",
            reason_fr="Il manquait une exigence : la question d’un fournisseur l’a montré.",
        )  # fmt: skip

    def returned(self, now: datetime) -> None:
        """The team sends the inquiry back for changes."""
        words = {
            "met_open": "no",
            "note_open": "L’inquiétude : le tableau des dates est-il public avant sa publication?",
            "reason": "Votre besoin convient. Dites-nous seulement si le tableau des dates peut être public d’avance : le travail se fait dans un dépôt ouvert.",
        }
        self.act("return_for_changes", self.people.team[0], now, **(met_all() | words))

    def declined(self, now: datetime) -> None:
        """The need is not for code."""
        words = {
            "met_code": "no",
            "note_code": "Le besoin porte sur des licences.",
            "reason": "Vous avez besoin de licences d’un produit, et non de code. Le bureau des achats peut vous aider : nous lui avons transmis votre demande.",
        }
        self.act("decline", self.people.team[0], now, **(met_all() | words))

    def withdrawn(self, now: datetime) -> None:
        """The client found something that does it already."""
        reason = (
            "A colleague in another department has open source code that does this, and shares it with us."
        )
        self.act("withdraw", self.people.client, now, reason=reason)

    def half_written(self, now: datetime) -> None:
        """The statement is begun."""
        title = {
            "en": "Turn our old PDF forms into web pages",
            "fr": "Convertir nos vieux formulaires PDF en pages Web",
        }
        short = {
            "fr": "Écrire un programme qui lit les champs d’un formulaire PDF et produit une page HTML accessible et bilingue, à réviser à la main."
        }
        skills = [{"en": "Python", "fr": "Python"}, {"en": "HTML", "fr": "HTML"}]
        fill_statement(
            self.opportunity,
            {"title": title, "short_description": short, "skills": skills, **estimate(Decimal(6400))},
            now=now,
        )

    def declined_offer(self, now: datetime) -> None:
        """Who holds the offer says no; the next in the order is offered the contract."""
        reason = {
            "en": "I took another contract last week, and would not have the time.",
            "fr": "J’ai accepté un autre contrat la semaine dernière et je n’aurais pas le temps.",
        }
        self.opportunity.refresh_from_db()
        self.act("decline_offer", self.supplier, now, reason=reason[self.supplier.language])

    def frozen(self, now: datetime) -> None:
        """One member of the team proposes, the other freezes: the draw is still to come."""
        self.act("propose_freeze", self.people.team[0], now - timedelta(minutes=10))
        self.act("freeze", self.people.team[1], now)

    def revised(self, now: datetime) -> None:
        """The client asks for a revision."""
        criteria = list(self.opportunity.acceptance_criteria.all())
        marks = {f"met_{criterion.pk}": "yes" for criterion in criteria}
        marks |= {
            f"met_{criteria[-1].pk}": "no",
            f"note_{criteria[-1].pk}": "One of the three sample files is not read.",
        }
        by = business_days.add(now.astimezone(clock.EASTERN).date(), 5).isoformat()
        missing = "The third sample file stops the program with an error. Please read it too, and add it to the tests."
        self.act("request_revision", self.people.client, now, missing=missing, revise_by=by, **marks)

    def delivered_again(self, now: datetime) -> None:
        """The revision."""
        self.act("deliver", self.supplier, now, **(self.delivered() | {"revision": "v1.0.1"}))

    def asked_for_time(self, now: datetime) -> None:
        """The supplier asks for a new delivery date."""
        day = business_days.add(self.opportunity.contract.delivery_date, 5).isoformat()
        reason = {
            "en": "The sample data came three days late.",
            "fr": "Les données d’exemple sont arrivées avec trois jours de retard.",
        }
        self.act("ask_extension", self.supplier, now, new_date=day, reason=reason[self.supplier.language])

    def disputed(self, now: datetime) -> None:
        """The supplier disagrees with the client."""
        position = {
            "en": "I am asked for a second page of charts. The statement describes one page; the second would be another piece of work.",
            "fr": "On me demande une deuxième page de graphiques. L’énoncé n’en décrit qu’une; la deuxième serait un autre travail.",
        }
        self.act("raise_dispute", self.supplier, now, position=position[self.supplier.language])

    def ended_for_convenience(self, now: datetime) -> None:
        """The work is no longer needed; the share done is paid."""
        reason = (
            "The page that the feeds were to follow is being retired. Forty percent of the work was done."
        )
        self.act("terminate_convenience", self.people.team[0], now, share_done="40", reason=reason)
