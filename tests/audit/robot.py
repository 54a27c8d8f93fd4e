"""Fills in any form as a hostile person does, and mends what is refused until it is taken.

Knows types of fields and how a page names what is wrong; knows no form by name.
"""

import re
from datetime import timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from selectolax.lexbor import LexborHTMLParser

from microacq import clock

from .crawl import Field, Form, read_forms
from .planting import ADDRESS, Tricks

PDF = b"%PDF-1.4\n1 0 obj\nendobj\ntrailer\n%%EOF\n"
FILE_NAME = 'zqx"><img src=zqx onerror=zqx(31)>.pdf'
WRONG = re.compile(r'href="#id_(\w+?)(?:_group)?"|form-row errors field-(\w+)')
PERSON = "bo@hrsdc-rhdcc.gc.ca"
PLAIN = (
    "See the notes.",
    "1",
    "<b>zqx</b> | <i>zqx</i> | https://zqx.example",
    "<b>zqx</b> | <i>zqx</i> | zqx@zqx.example",
    "v1.0.0",
    "K1A",
    PERSON,
)


def planted(one: Field, tricks: Tricks):
    """What a hostile person puts into a field; the value it came with where nothing can be typed."""
    match one.kind:
        case "textarea":
            return tricks.for_length(one.most or 2000)
        case "text" | "search" | "tel":
            known = re.fullmatch(r"[\d.,$ -]+", one.value)
            return one.value if known else tricks.for_length(one.most or 100, lines=False)
        case "url":
            return ADDRESS
        case "date":
            return one.value or _day(30)
        case "time":
            return one.value or "14:00"
        case "number":
            return one.value or "1"
        case "email":
            return one.value or "zqx@zqx.example"
        case "file":
            return SimpleUploadedFile(FILE_NAME, PDF, content_type="text/html")
        case "select":
            return one.value or next((choice for choice in one.choices if choice), "")
        case "radio":
            return one.value if one.ticked else one.choices[0]
        case "checkbox":
            return one.value or "on"
    return one.value


def send(client, form: Form, tricks: Tricks, *, tries: int = 9):
    """Send a form full of tricks, with each of its buttons; what is refused is given something else.

    Gives the answer to one that was taken (a redirect, a file), or the last one.
    """
    buttons = [
        (one.name, choice) for one in form.fields.values() if one.kind == "submit" for choice in one.choices
    ]
    answers = [_send(client, form, tricks, dict([button]), tries) for button in buttons or [("", "")]]
    return next((answer for answer in answers if was_taken(answer)), answers[-1])


def was_taken(response) -> bool:
    """Whether a form was accepted: the visitor is sent on, or given a file."""
    return response.status_code == 302 or (response.status_code == 200 and response.streaming)


def words(response) -> str:
    """What a page says, shortened."""
    main = (
        None
        if response.streaming
        else LexborHTMLParser(response.content.decode()).css_first("main, #content")
    )
    return " ".join(main.text(separator=" ").split())[:300] if main else ""


def _send(client, form: Form, tricks: Tricks, button: dict, tries: int):
    page = client.get(form.page)
    if page.status_code == 200 and not page.streaming:
        fresh = [
            again for again in read_forms(page.content.decode(), form.page) if again.action == form.action
        ]
        form = max(fresh, key=lambda again: len(set(again.fields) & set(form.fields)), default=form)
    fields = {name: one for name, one in form.fields.items() if one.kind != "submit"}
    data = {name: planted(one, tricks) for name, one in fields.items()} | button
    for attempt in range(tries):
        response = client.post(form.action, data)
        if response.streaming or response.status_code not in (200, 422):
            break
        wrong = {name for pair in WRONG.findall(response.content.decode()) for name in pair if name}
        if response.status_code == 200 and not wrong:  # shown again, to be confirmed
            shown = [
                again
                for again in read_forms(response.content.decode(), form.page)
                if again.action == form.action
            ]
            if not shown:
                break
            fields = {name: one for name, one in shown[0].fields.items() if one.kind != "submit"}
            data = shown[0].as_it_stands() | {name: value for name, value in data.items() if name in fields}
            continue
        named = {name if name in fields else name.rsplit("_", 1)[0] for name in wrong} & set(fields)
        for name in named or {name for name, one in fields.items() if one.choices}:
            data[name] = _other(fields[name], attempt, tricks)
        dates = [name for name, one in fields.items() if one.kind == "date"]
        if named & set(dates):  # several follow each other; some are past, others to come
            data |= {
                name: _day((60, 90, -60, -20)[attempt % 4] + 15 * place) for place, name in enumerate(dates)
            }
        for one in fields.values():
            if one.kind == "file":  # read already
                data[one.name] = planted(one, tricks) if attempt < 2 else ""
    return response


def _day(number: int) -> str:
    return (clock.now().astimezone(clock.EASTERN) + timedelta(days=number)).date().isoformat()


def _other(one: Field, attempt: int, tricks: Tricks):
    """Something else for a refused field: another choice, a shorter trick, plain words, nothing."""
    if one.choices:
        return one.choices[(attempt + 1) % len(one.choices)]
    match one.kind:
        case "textarea" | "text":
            return [tricks.short(min(one.most or 60, 60)), one.value or PLAIN[0], *PLAIN[1:]][attempt % 8]
        case "email":
            return (PERSON, f"zqx{attempt}@zqx.example")[attempt % 2]
    return one.value or ("" if attempt % 2 else PLAIN[attempt % len(PLAIN)])
