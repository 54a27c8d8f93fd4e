"""Answers to access requests, at the team's desk: one is made here, given as a file, and stays on record without its content."""

from django import forms
from django.contrib import admin
from django.http import FileResponse
from django.utils.translation import gettext_lazy as _

from microacq import clock
from microacq.forms import GCModelForm
from opportunities.admin_base import DeskAdmin, acts_for_team
from opportunities.admin_records import moment
from opportunities.models import AccessCopy

from . import access_request


class AccessForm(GCModelForm):
    """Whose, and why: the request's number and how the team made sure that it is this person who asks."""

    address = forms.EmailField(label=_("Email address of the person"), max_length=254)

    class Meta:
        model = AccessCopy
        fields = ("address", "reason")

    def clean_address(self):
        address = self.cleaned_data["address"]
        self.user, self.subscription = access_request.find(address)
        if not (self.user or self.subscription):
            raise forms.ValidationError(_("Nothing is held under this address."))
        return address


@admin.register(AccessCopy)
class AccessCopyAdmin(DeskAdmin):
    """Made by the team for whoever asks what is held about them."""

    form = AccessForm
    list_display = ("pk", "whose", "made_by", moment("made_at", _("made")))
    list_select_related = ("about", "subscription", "made_by")
    ordering = ("-pk",)

    @admin.display(description=_("about"))
    def whose(self, copy):
        return copy.about or copy.subscription

    def has_add_permission(self, request):
        return acts_for_team(request.user)

    def get_fields(self, request, obj=None):
        if obj is None:
            return ("address", "reason")
        return ("whose", "reason", "made_by", moment("made_at", _("made")), "sha256")

    def add_view(self, request, form_url="", extra_context=None):
        """Its answer is a file, so one button says it all."""
        one_button = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().add_view(request, form_url, one_button | (extra_context or {}))

    def save_model(self, request, obj, form, change):
        request.access_file, made = access_request.make(
            request.user, form.user, form.subscription, form.cleaned_data["reason"], clock.now()
        )
        obj.pk = made.pk

    def response_add(self, request, obj, post_url_continue=None):
        response = FileResponse(
            request.access_file,
            as_attachment=True,
            filename=f"access-{obj.pk}.zip",
            content_type="application/zip",
        )
        response["Cache-Control"] = "private, no-store"
        response["X-Content-Type-Options"] = "nosniff"
        return response
