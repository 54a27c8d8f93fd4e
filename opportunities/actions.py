"""Doing a transition from plain data: finds its form, checks the data, and passes through `lifecycle.perform()`.

The pages, the admin, the commands and the demonstration all come this way.
"""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.module_loading import import_string

from microacq import clock

from . import lifecycle


class Invalid(Exception):
    """The data does not fit the form. `form` is bound and carries the errors."""

    def __init__(self, form):
        self.form = form
        super().__init__(form.errors.as_text())


def form_class(row: lifecycle.Transition):
    """The form that records this transition."""
    return import_string(row.form)


def make_form(name: str, opportunity, by, now: datetime, data=None, files=None):
    """The form of a transition for this opportunity, actor and time; bound, and checked, when `data` is given.

    Raises `lifecycle.Refused` when somebody was faster, and what the form is made of is no longer there.
    """
    row = lifecycle.BY_NAME[name]
    try:
        form = form_class(row)(data, files, opportunity=opportunity, by=by, now=now, transition=row)
        form.is_valid()
    except Exception:
        code, reasons = lifecycle.why_not(row, type(opportunity).objects.get(pk=opportunity.pk), by, now)
        if code:
            raise lifecycle.Refused(code, reasons) from None
        raise
    return form


def act(
    name: str,
    opportunity,
    by,
    *,
    data: dict[str, Any] | None = None,
    files=None,
    now: datetime | None = None,
    version: int | None = None,
):
    """Do the transition. `data` is what the form's fields would be posted as. Returns the Event.

    Raises `lifecycle.Refused` when it may not happen (checked before the form is, so that outsiders learn nothing
    from its errors) and `Invalid` when the data is wrong.
    """
    row = lifecycle.BY_NAME[name]
    code, reasons = lifecycle.why_not(row, opportunity, by, now or clock.now())
    if code:
        raise lifecycle.Refused(code, reasons)
    form = make_form(name, opportunity, by, now or clock.now(), data=data or {}, files=files or {})
    if not form.is_valid():
        raise Invalid(form)
    try:
        return lifecycle.perform(opportunity, name, by=by, now=now, version=version, record=form.record)
    except ValidationError as problem:  # what could not be recorded after all: nothing was done
        form.add_error(None, problem)
        raise Invalid(form) from None
