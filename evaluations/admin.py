"""What the team reads of the choosing side: the pools, the draws and the offers, never an application.

Applications, answers, submissions, uploads and marks are not registered here at all: before closing they are sealed
for everybody, and after it the pages of the evaluation decide who reads what.
"""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from opportunities.admin_base import RecordAdmin
from opportunities.admin_records import OfOpportunityAdmin, moment

from . import admin_access  # noqa: F401 - its list registers itself
from .models import Draw, Offer, Pool


@admin.register(Pool)
class PoolAdmin(OfOpportunityAdmin):
    list_display = (
        "number",
        "opportunity",
        "proposed_by",
        "frozen_by",
        "round",
        moment("round_at", _("time of the round")),
        moment("voided_at", _("voided")),
    )
    list_select_related = ("opportunity", "proposed_by", "frozen_by")
    fields = (
        "opportunity", "number", "proposed_by", moment("proposed_at", _("proposed")), "frozen_by", moment("frozen_at", _("frozen")),
        "chain_hash", "round", moment("round_at", _("time of the round")), "text", "sha256", moment("announced_at", _("announced")),
        moment("voided_at", _("voided")), "void_reason_en", "void_reason_fr",
    )  # fmt: skip


@admin.register(Draw)
class DrawAdmin(RecordAdmin):
    to_opportunity = "pool__opportunity"
    list_display = ("opportunity", "round", moment("drawn_at", _("drawn")))
    list_select_related = ("pool__opportunity",)
    list_filter = (("pool__opportunity", admin.RelatedOnlyFieldListFilter),)
    fields = (
        "opportunity",
        "round",
        "signature",
        "randomness",
        "seed",
        "order",
        moment("drawn_at", _("drawn")),
    )

    @admin.display(description=_("opportunity"))
    def opportunity(self, draw):
        return draw.pool.opportunity

    @admin.display(description=_("round"))
    def round(self, draw):
        return draw.pool.round


@admin.register(Offer)
class OfferAdmin(OfOpportunityAdmin):
    list_display = (
        "position",
        "opportunity",
        "supplier",
        "status",
        moment("made_at", _("made")),
        moment("respond_by", _("answer by")),
        moment("answered_at", _("answered")),
    )
    list_filter = ("status",)
    list_select_related = ("opportunity", "supplier")
    fields = (
        "opportunity",
        "position",
        "supplier",
        "status",
        moment("made_at", _("made")),
        moment("respond_by", _("answer by")),
        moment("answered_at", _("answered")),
        "reason",
    )
