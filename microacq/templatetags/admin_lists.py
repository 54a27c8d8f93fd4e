"""A list of the administration on a phone: each cell carries the name of its column, which the style sheet then shows."""

import re

from django import template
from django.utils.html import escape
from django.utils.safestring import mark_safe
from django.utils.text import capfirst

register = template.Library()
CELL = re.compile(r"<t[dh]\b")


@register.filter
def labelled(cells, headers):
    """A row's cells, as Django drew them, each with the name of its column."""
    named = []
    for cell, header in zip(cells, headers, strict=False):
        label = escape(capfirst(str(header["text"])))
        named.append(CELL.sub(lambda tag, label=label: f'{tag[0]} data-label="{label}"', str(cell), count=1))
    return mark_safe("".join(named))  # noqa: S308 - Django's own cells, with a name that is escaped
