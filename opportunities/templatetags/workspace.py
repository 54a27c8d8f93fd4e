"""Tags of the workspace's pages."""

from django import template
from django.template.loader import render_to_string

register = template.Library()


@register.simple_tag(takes_context=True)
def panel(context, template_name: str, values: dict) -> str:
    """One part of an opportunity's page: its template with its own values, the opportunity and the reader."""
    shared = {name: context.get(name) for name in ("opportunity", "reader", "now")}
    return render_to_string(template_name, {**shared, **values}, request=context["request"])
