"""Who is told of a transition: turns the notices of the lifecycle's table into queued emails, in the same transaction.

Knows the audiences of the buying side and how a mail is rendered in each person's language; the choosing side adds
its own audiences with `audience()`. Does not send: `manage.py tick` does.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import override

from microacq import clock, outbox
from microacq.markdown import render
from microacq.models import User
from microacq.text import french_spaces

from .lifecycle import performed
from .models import Announcement, Notification


@dataclass(frozen=True)
class Recipient:
    """Somebody without an account: an address, its language, and what a mail to it holds besides."""

    email: str
    language: str
    context: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


AUDIENCES: dict[str, Callable[..., Iterable[User | Recipient]]] = {}
LISTS: set[str] = set()


def audience(name: str, *, is_list: bool = False):
    """Decorator: the function takes (opportunity, event) and gives the people, or the addresses, to tell.

    A list has no bound: the transition only writes its `Announcement`, and `tick` tells it in batches.
    """

    def keep(function):
        AUDIENCES[name] = function
        if is_list:
            LISTS.add(name)
        return function

    return keep


BESIDES: list[Callable[..., dict[str, Any]]] = []


def besides(function: Callable[..., dict[str, Any]]):
    """Decorator: the function takes (recipient, audience, event) and gives what that one mail holds besides."""
    BESIDES.append(function)
    return function


@audience("client")
def client(opportunity, event):
    return [opportunity.client]


@audience("evaluators")
def evaluators(opportunity, event):
    return opportunity.evaluators.all()


@audience("manager")
def manager(opportunity, event):
    return [opportunity.manager] if opportunity.manager else []


@audience("team")
def team(opportunity, event):
    return User.objects.filter(role=User.Role.TEAM)


@audience("finance")
def finance(opportunity, event):
    return User.objects.filter(role=User.Role.FINANCE)


@audience("supplier")
def supplier(opportunity, event):
    return [opportunity.contract.supplier] if opportunity.contract else []


def render_mail(template: str, language: str, context: dict) -> tuple[str, str, str]:
    """Render templates/emails/NAME.txt in a language: gives (subject, text, HTML).

    The template's first line is the subject; the rest is Markdown, sent as it is and as HTML. No link hides its address
    behind other words: a name or a title could otherwise lead the reader of our mail anywhere.
    """
    with override(language):
        subject, _line, body = render_to_string(f"emails/{template}.txt", context).strip().partition("\n")
        if (
            language == "fr"
        ):  # a subject is a reference, a colon and a sentence: the colon is the same in every template
            subject = french_spaces(subject)
        body = body.strip()
        shell = {
            **context,
            "subject": subject,
            "body_text": body,
            "body_html": render(body, links=False),
            "language": language,
        }
        return (
            subject,
            render_to_string("emails/base.txt", shell),
            render_to_string("emails/base.html", shell),
        )


def queue(
    template: str,
    recipient: User | Recipient,
    context: dict,
    *,
    event=None,
    opportunity=None,
    audience_name: str = "",
    headers: dict[str, str] | None = None,
) -> Notification | None:
    """Queue one email to one person or address, in their language. Nothing is sent before the transaction commits."""
    person = recipient if isinstance(recipient, User) else None
    if person and not person.is_active:
        return None
    own = {} if person else recipient.context
    for function in BESIDES:
        own = {**own, **function(recipient, audience_name, event)}
    subject, text, html = render_mail(
        template,
        recipient.language,
        {"audience": audience_name, **context, **own, "recipient": recipient},
    )
    email = outbox.queue(
        recipients=[recipient.email],
        sender=settings.DEFAULT_FROM_EMAIL,
        subject=subject,
        message=text,
        html_message=html,
        headers={**(headers or {}), **({} if person else recipient.headers)} or None,
    )
    return Notification.objects.create(
        event=event,
        opportunity=opportunity,
        recipient=person,
        template=template,
        audience=audience_name,
        email=email,
        created_at=clock.now(),
    )


def link(name: str, *args: Any) -> str:
    """A full address, in the language that is active where it is rendered."""
    return settings.SITE_URL + reverse(name, args=args)


class Links:
    """The addresses that mails point to, each reversed when rendered, so that it is in the reader's language."""

    def __init__(self, opportunity):
        self.reference = opportunity.reference

    @property
    def workspace(self) -> str:
        return link("workspace_opportunity", self.reference)

    @property
    def public(self) -> str:
        return link("opportunity", self.reference)

    @property
    def draw(self) -> str:
        return link("draw_page", self.reference)

    @property
    def apply(self) -> str:
        return link("apply", self.reference)


def mail_context(opportunity, event=None) -> dict:
    """What every mail about an opportunity may use."""
    return {
        "opportunity": opportunity,
        "event": event,
        "data": event.data if event else {},
        "links": Links(opportunity),
        "contact": settings.CONTACT_EMAIL,
    }


def tell(sender, opportunity, event, transition, now, **kwargs):
    """Queue the mails of one transition: each person once a template, and not who has just done it."""
    context = mail_context(opportunity, event)
    told: set[tuple[str, str]] = set()
    heard: set[str] = set()
    for notice in transition.told:
        if notice.audience in LISTS:
            Announcement.objects.create(
                event=event, template=notice.template, audience=notice.audience, created_at=now
            )
            continue
        people = AUDIENCES[notice.audience](opportunity, event) if notice.audience in AUDIENCES else []
        for person in people:
            own_act = (
                isinstance(person, User) and person.pk == event.actor_id and notice.template not in RECEIPTS
            )
            if own_act or (person.email, notice.template) in told:
                continue
            if notice.audience == "followers" and person.email in heard:
                continue  # told already, in words of their own
            told.add((person.email, notice.template))
            heard.add(person.email)
            queue(
                notice.template,
                person,
                context,
                event=event,
                opportunity=opportunity,
                audience_name=notice.audience,
            )


RECEIPTS = {"inquiry_received", "contract_signed", "in_the_pool", "not_passed"}
"""Mails that a person gets about their own act too."""


def listen() -> None:
    """Connect to the lifecycle. Called once, when the application is ready."""
    performed.connect(tell, dispatch_uid="opportunities.notifications")
