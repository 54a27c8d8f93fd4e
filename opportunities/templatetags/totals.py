"""The yearly totals, as a table on a page."""

from django import template

from ..publishing import yearly_totals

register = template.Library()


@register.inclusion_tag("opportunities/yearly_totals.html")
def yearly_totals_table():
    """What was bought in each calendar year, the latest first."""
    return {"years": yearly_totals.years()}
