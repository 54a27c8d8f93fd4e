"""The daily digest: each business morning one email to each person with all that waits for them, and none to others.

Each kind of thing that can wait is a source; the choosing side adds its own. What began to wait after the quiet hours
ended was told when it happened, so it is in tomorrow's. What others hold past its target goes to the team. The work
itself is left out: its date has reminders of its own (`due_work`). Has no deadline for `due.next_due`: nothing
changes by it, so the demonstration's clock need not stop there.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, Min, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override
from post_office.models import STATUS, Email

from microacq import clock, quiet_hours
from microacq.models import User
from microacq.templatetags.gc import eastern_date_text

from . import daily_head
from .desk import days_since, late, listed
from .due import claimed, job
from .due_work import due_date
from .lifecycle import ENDINGS, STATES, Role
from .models import Contract, DailyDigest, Dispute, Event, Extension, Opportunity
from .notifications import link, queue
from .standing import cards, no_part_of, waiting_for

MOST = 40
"""Lines in one email; beyond, it says how many more."""
KEPT = timedelta(days=7)
TEMPLATE = "daily_digest"
RESULT_AWAITED = ("opened", "evaluation", "review", "confirmed")
"""States in which applicants wait to hear whether they passed."""


@dataclass(frozen=True)
class Line:
    """One thing that waits: what it is about and where it is, what is to be done, business days against its target."""

    about: str
    what: str
    url: str
    days: int
    target: int | None = None
    note: str = ""
    late: bool = False


@dataclass(frozen=True)
class Morning:
    """Whose digest it is, and of when: what waited at `until`, with its age `now`."""

    person: User
    until: datetime
    now: datetime


SOURCES: list[Callable[[Morning], Iterable[Line]]] = []


def source(function):
    """Decorator: the function takes a `Morning` and gives its lines, in the language that is active."""
    SOURCES.append(function)
    return function


def workspace_line(opportunity, what: str, since: datetime, now: datetime, **more: Any) -> Line:
    """A line about an opportunity that leads to its page in the workspace."""
    url = link("workspace_opportunity", opportunity.reference)
    return Line(_about(opportunity), what, url, days_since(since, now), **more)


def _about(opportunity) -> str:
    title = opportunity.title or _("Untitled need")
    return f"{opportunity.reference}, {title}"


@source
def states(morning: Morning) -> list[Line]:
    """What waits by its state. A draft that was never sent is its author's own business; a waitlisted need waits for a place."""
    sent = Event.objects.filter(opportunity=OuterRef("pk"), transition="submit")
    waiting = (
        Opportunity.objects.visible_to(morning.person)
        .filter(waiting_for(morning.person), state_since__lte=morning.until)
        .exclude(state__in=("waitlisted", "selection", "work"))
        .exclude(Q(state="evaluation") & ~Q(client=morning.person))
        .exclude(Q(state="draft", rerun_of=None, entered_by_team=False) & ~Exists(sent))
        .with_parts_of(morning.person)
        .order_by("state_since", "pk")
    )
    lines = []
    for card in cards(waiting, morning.person, morning.now):
        opportunity, note = card.opportunity, ""
        if opportunity.state in RESULT_AWAITED:
            note = _("The applicants were told to expect the result by %(day)s.") % {
                "day": eastern_date_text(opportunity.result_expected_by)
            }
        what = str(card.action.label if card.action else opportunity.status.label)
        target = opportunity.status.days
        lines.append(
            workspace_line(
                opportunity,
                what,
                opportunity.state_since,
                morning.now,
                target=target,
                note=note,
                late=card.late,
            )
        )
    return lines


@source
def questions(morning: Morning) -> Iterable[Line]:
    """To the team: questions that no answer is published to, while the opportunity is open."""
    if morning.person.role != User.Role.TEAM:
        return
    unanswered = Q(questions__published_at=None, questions__set_aside_at=None)
    asked = Opportunity.objects.filter(
        no_part_of(morning.person), unanswered, questions__asked_at__lte=morning.until,
        state="posted", closing_at__gt=morning.now,
    ).annotate(number=Count("questions"), oldest=Min("questions__asked_at"))  # fmt: skip
    for opportunity in asked.order_by("oldest", "pk"):
        what = ngettext("%(count)d question to answer", "%(count)d questions to answer", opportunity.number)
        yield workspace_line(
            opportunity, what % {"count": opportunity.number}, opportunity.oldest, morning.now
        )


@source
def disputes(morning: Morning) -> Iterable[Line]:
    """To the client: a dispute that waits for their answer."""
    waiting = Dispute.objects.open().filter(opportunity__client=morning.person, raised_at__lte=morning.until)
    for dispute in waiting.select_related("opportunity"):
        yield workspace_line(dispute.opportunity, _("Answer the dispute"), dispute.raised_at, morning.now)


@source
def extensions(morning: Morning) -> Iterable[Line]:
    """A new delivery date: to the other side until it answers, then to the team."""
    person = morning.person
    other_side = Q(side=Extension.Side.SUPPLIER, opportunity__client=person) | Q(
        side=Extension.Side.CLIENT, opportunity__contracts__supplier=person
    )
    whose = other_side & Q(agreed_at=None)
    if person.role == User.Role.TEAM:
        whose |= Q(
            agreed_at__lte=morning.until,
            opportunity__in=Opportunity.objects.filter(no_part_of(person)).values("pk"),
        )
    waiting = Extension.objects.pending().filter(
        whose, opportunity__state="work", asked_at__lte=morning.until
    )
    for extension in waiting.select_related("opportunity"):
        what = (
            _("Approve the new delivery date")
            if extension.agreed_at
            else _("Answer the new delivery date asked for")
        )
        yield workspace_line(
            extension.opportunity, what, extension.agreed_at or extension.asked_at, morning.now
        )


@source
def failed_mail(morning: Morning) -> Iterable[Line]:
    """To the team: emails that were given up."""
    if morning.person.role != User.Role.TEAM:
        return
    failed = Email.objects.filter(status=STATUS.failed).aggregate(count=Count("pk"), oldest=Min("created"))
    if failed["count"]:
        what = ngettext("%(count)d email that failed", "%(count)d emails that failed", failed["count"])
        url = settings.SITE_URL + listed("sentmail", status=str(STATUS.failed))
        yield Line(_("Emails"), what % failed, url, days_since(failed["oldest"], morning.now))


def held_by_others(morning: Morning) -> list[dict]:
    """To the team: what somebody else holds well past its target or date, as {"who", "lines"}, longest first."""
    if morning.person.role != User.Role.TEAM:
        return []
    now, today = morning.now, morning.now.astimezone(clock.EASTERN).date()
    by_team = [state.name for state in STATES.values() if state.waits_for is Role.TEAM]
    past = Opportunity.objects.filter(
        late(now) | Q(state="work", delivery_date__lt=today), no_part_of(morning.person)
    )
    found: dict[Role, list[tuple[int, Line]]] = {}
    for opportunity in past.exclude(state__in=by_team).order_by("state_since", "pk"):
        status, since, what = opportunity.status, opportunity.state_since, str(opportunity.status.label)
        if opportunity.state == "work":
            what = _("The delivery date has passed")
            due = due_date(opportunity, opportunity.contract)
            since = datetime.combine(due, time(12), clock.EASTERN)
        over = days_since(since, now) - (status.days or 0)
        if over >= settings.ESCALATION_DAYS:
            line = workspace_line(opportunity, what, since, now, target=status.days, late=True)
            found.setdefault(status.waits_for, []).append((over, line))
    return [
        {"who": role.label, "lines": [line for _over, line in sorted(rows, key=lambda row: -row[0])]}
        for role, rows in found.items()
    ]


def context_for(morning: Morning) -> dict | None:
    """What the digest of this person says, in the language that is active; None when nothing waits."""
    lines = [line for function in SOURCES for line in function(morning)]
    lines.sort(key=lambda line: (not line.late, -line.days))
    escalated = held_by_others(morning)
    if not lines and not escalated:
        return None
    room = MOST
    for group in escalated:
        group["more"], group["lines"] = max(len(group["lines"]) - room, 0), group["lines"][:room]
    return {
        "waiting": lines[:MOST],
        "more": max(len(lines) - MOST, 0),
        "number": len(lines),
        "escalated": escalated,
        "workspace": link("workspace"),
        "head": daily_head.latest() if morning.person.role == User.Role.TEAM else None,
        "heads": link("daily_heads"),
        "contact": settings.CONTACT_EMAIL,
    }


def _people(day):
    """Whoever something may wait for and whose digest of this day is not taken care of."""
    under_way = Opportunity.objects.exclude(state__in=ENDINGS)
    evaluating = Opportunity.evaluators.through.objects.filter(opportunity__state="evaluation")
    holding = Contract.objects.filter(opportunity__state__in=("work", "invoicing"))
    some = (
        Q(role__in=(User.Role.TEAM, User.Role.FINANCE))
        | Q(pk__in=under_way.values("client"))
        | Q(pk__in=under_way.exclude(manager=None).values("manager"))
        | Q(pk__in=evaluating.values("user"))
        | Q(pk__in=holding.values("supplier"))
        | Q(pk__in=under_way.filter(state="selection").exclude(offers=None).values("offers__supplier"))
    )
    done = DailyDigest.objects.filter(person=OuterRef("pk"), day=day)
    return User.objects.filter(some, ~Exists(done), is_active=True)


@job("daily digest", order=86)
def send(now: datetime) -> int:
    """Write to each person once a business day, outside the quiet hours; gives the number of emails."""
    until = quiet_hours.morning(now)
    if until is None or not quiet_hours.may_remind(now):
        return 0
    day, sent, seen = until.date(), 0, 0
    DailyDigest.objects.filter(day__lt=day - KEPT).delete()
    while True:
        with transaction.atomic():
            person = claimed(_people(day).filter(pk__gt=seen).order_by("pk"))
            if person is None:
                return sent
            seen = person.pk
            # The row's uniqueness decides: another machine may have just written to them.
            _row, ours = DailyDigest.objects.get_or_create(person=person, day=day)
            if not ours:
                continue
            with override(person.language):
                context = context_for(Morning(person, until, now))
            if context:
                sent += queue(TEMPLATE, person, context, audience_name="waiting") is not None
