"""Keeping, at the team's desk: case files made, legal holds set and lifted, what was disposed of. Rows are never changed."""

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from microacq import clock
from microacq.forms import GCModelForm
from microacq.models import User

from .admin_base import DeskAdmin, acts_for_team
from .admin_records import OfOpportunityAdmin, moment
from .models import CaseFile, Disposal, LegalHold, Opportunity


@admin.register(CaseFile)
class CaseFileAdmin(OfOpportunityAdmin):
    list_display = ("opportunity", "made_by", moment("made_at", _("made")), "sealed", "names", "size")
    list_select_related = ("opportunity", "made_by")
    fields = ("opportunity", "made_by", moment("made_at", _("made")), "sealed", "names", "size", "sha256")


@admin.register(Disposal)
class DisposalAdmin(DeskAdmin):
    list_display = ("rule", "opportunity", "person_number", "records", moment("at", _("when")))
    list_filter = ("rule",)
    list_select_related = ("opportunity",)
    list_display_links = None
    search_fields = ("opportunity__reference",)
    ordering = ("-pk",)
    fields = ("rule", "opportunity", "person_number", "records", moment("at", _("when")))

    @admin.display(description=_("account"))
    def person_number(self, disposal):
        return disposal.person_id or "–"


class LegalHoldForm(GCModelForm):
    """What is held is named as people know it: a reference, or an address."""

    subject = forms.CharField(
        label=_("Reference of the opportunity, or email address of the person"), max_length=254
    )

    class Meta:
        model = LegalHold
        fields = ("subject", "kind", "reason")

    def clean_subject(self):
        subject = self.cleaned_data["subject"].strip()
        if "@" in subject:
            self.instance.person = User.objects.filter(email__iexact=subject).first()
        else:
            self.instance.opportunity = Opportunity.objects.filter(reference__iexact=subject).first()
        if not (self.instance.person or self.instance.opportunity):
            raise forms.ValidationError(_("Nothing has this reference or address."))
        return subject

    def clean(self):
        data = super().clean()
        if self.errors:
            return data
        one = {"opportunity": self.instance.opportunity, "person": self.instance.person}
        latest = LegalHold.objects.filter(**one).last()
        held = latest is not None and latest.kind == LegalHold.Kind.SET
        if held == (data["kind"] == LegalHold.Kind.SET):
            raise forms.ValidationError(
                _("This is held already.") if held else _("This is not held, so nothing can be lifted.")
            )
        return data


@admin.register(LegalHold)
class LegalHoldAdmin(DeskAdmin):
    """Set and lifted by the team, with the reason; a hold keeps everything from `manage.py retain`."""

    form = LegalHoldForm
    list_display = ("subject", "kind", "by", moment("at", _("when")), "reason")
    list_filter = ("kind",)
    list_select_related = ("opportunity", "person", "by")
    search_fields = ("opportunity__reference", "person__name", "person__email")
    ordering = ("-pk",)

    @admin.display(description=_("opportunity or person"))
    def subject(self, hold):
        return hold.opportunity or hold.person

    def has_add_permission(self, request):
        return acts_for_team(request.user)

    def get_fields(self, request, obj=None):
        if obj is None:
            return ("subject", "kind", "reason")
        return ("opportunity", "person", "kind", "reason", "by", moment("at", _("when")))

    def save_model(self, request, obj, form, change):
        obj.by, obj.at = request.user, clock.now()
        super().save_model(request, obj, form, change)
