"""The team's own things in the admin: canned replies, which it writes, and decisions on contract splitting, to read."""

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from modeltranslation.admin import TranslationAdmin

from microacq.forms import GCModelForm

from .admin_base import DeskAdmin, RecordAdmin, acts_for_team
from .admin_records import moment
from .models import CannedReply, SplittingDecision


class CannedReplyForm(GCModelForm):
    """Nothing ships in one language, a reply neither."""

    def clean(self):
        data = super().clean()
        for name in ("title_en", "title_fr", "text_en", "text_fr"):
            if name in self.fields and name not in self.errors and not (data.get(name) or "").strip():
                self.add_error(name, ValidationError(_("A reply is written in both languages.")))
        return data


@admin.register(CannedReply)
class CannedReplyAdmin(TranslationAdmin, DeskAdmin):
    """Any member of the team writes and mends them. One that is not used any more is put out of use, not removed."""

    form = CannedReplyForm
    list_display = ("title", "active", "order")
    list_filter = ("active",)
    search_fields = ("title_en", "title_fr", "text_en", "text_fr")
    ordering = ("order", "pk")
    fields = ("title", "text", "order", "active")

    def has_add_permission(self, request):
        return acts_for_team(request.user)

    def has_change_permission(self, request, obj=None):
        return acts_for_team(request.user)


@admin.register(SplittingDecision)
class SplittingDecisionAdmin(RecordAdmin):
    to_opportunity = "flag__opportunity"
    list_display = ("opportunity", "answer", "decided_by", moment("decided_at", _("decided")))
    list_filter = ("answer",)
    list_select_related = ("flag__opportunity", "decided_by")
    search_fields = ("flag__opportunity__reference",)
    ordering = ("-pk",)
    fields = ("opportunity", "answer", "reason", "decided_by", moment("decided_at", _("decided")))

    @admin.display(description=_("opportunity"))
    def opportunity(self, decision):
        return decision.flag.opportunity
