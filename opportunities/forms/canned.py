"""Canned replies in a form: the team picks one, it is added to what is typed, and nothing is sent or lost.

Knows which replies there are and how a form is shown again with one in it. Without JavaScript: a second button of
the same form asks for it.
"""

from typing import Any

from ..models import CannedReply
from ..states import Role

BUTTON, CHOICE = "insert_reply", "reply"
LANGUAGES = ("en", "fr")


def offered(form: Any, roles: set[Role]) -> list[CannedReply]:
    """The replies to show beside the form's texts: for the team alone, and for forms that take them."""
    takes = Role.TEAM in roles and getattr(form, "canned", ())
    return list(CannedReply.objects.offered()) if takes else []


def is_asked(post: Any) -> bool:
    """Whether the form was posted to have a reply put in, not to be sent."""
    return BUTTON in post


def insert(form: Any, post: Any, files: Any, language: str) -> Any:
    """Put the chosen reply into an unbound form, with everything that was typed. Gives the form.

    A pair of fields takes both languages, a single one takes `language`: that of who reads it.
    """
    typed = {
        name: field.widget.value_from_datadict(post, files, form.add_prefix(name))
        for name, field in form.fields.items()
    }
    place, chosen = post.get(BUTTON, ""), post.get(f"{CHOICE}_{post.get(BUTTON, '')}", "")
    reply = (
        CannedReply.objects.offered().filter(pk=chosen).first()
        if chosen.isascii() and chosen.isdigit() and len(chosen) < 10
        else None
    )
    if reply and place in form.canned:
        for name, tongue in fields_of(form, place, language).items():
            words = getattr(reply, f"text_{tongue}") or ""
            typed[name] = f"{typed[name]}\n\n{words}" if (typed[name] or "").strip() else words
    form.initial = {**form.initial, **typed}
    return form


def fields_of(form: Any, place: str, language: str) -> dict[str, str]:
    """The fields that a place of the form stands for, each with the language of its words."""
    if place in form.fields:
        return {place: language}
    return {f"{place}_{tongue}": tongue for tongue in LANGUAGES if f"{place}_{tongue}" in form.fields}
