"""What the public list asks with, as HTML made without a template: it is on every page of the list."""

from html import escape

from django import template
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.simple_tag
def options(values, chosen) -> SafeString:
    """The options of a select: of each value its key, what people read and, where it was counted, how many it would leave."""
    made = [
        f'<option value="{escape(str(key))}"{" selected" if key == chosen else ""}>{escape(str(label))}'
        + "".join(f" ({number})" for number in counted if number is not None)
        + "</option>"
        for key, label, *counted in values
    ]
    return mark_safe("".join(made))  # noqa: S308 - each of its parts was escaped just here
