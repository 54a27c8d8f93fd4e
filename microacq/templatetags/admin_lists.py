"""A list of the administration: the names of its columns in the reader's language, and in each cell, for phones, where the
style sheet shows them."""

import re

from django import template
from django.utils.html import escape
from django.utils.safestring import mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext

register = template.Library()
CELL = re.compile(r"<t[dh]\b")


@register.filter
def named(header):
    """A column's name. Some models give no more than the column's own, in English."""
    return capfirst(gettext(str(header["text"])))


@register.filter
def labelled(cells, headers):
    """A row's cells, as Django drew them, each with the name of its column."""
    drawn = []
    for cell, header in zip(cells, headers, strict=False):
        label = escape(named(header))
        drawn.append(CELL.sub(lambda tag, label=label: f'{tag[0]} data-label="{label}"', str(cell), count=1))
    return mark_safe("".join(drawn))  # noqa: S308 - Django's own cells, with a name that is escaped
