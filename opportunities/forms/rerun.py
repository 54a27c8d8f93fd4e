"""An opportunity that ended without code is run again as a new one that links back."""

from django import forms
from django.utils.translation import gettext_lazy as _

from ..models import Contract, ExcludedSupplier
from ..statement import copy_as_draft
from .base import ActionForm


class RerunForm(ActionForm):
    """The need and the statement are copied into a new draft for the same client.

    Where the contract ended for default, the supplier may be kept from applying to the new one, with a reason.
    """

    exclude = forms.BooleanField(required=False)
    exclusion_reason = forms.CharField(
        label=_("Reason for not taking an application from this supplier"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Needed when you tick the box. The supplier reads it; the public does not."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        contract = self.opportunity.contract
        if contract and contract.ended == Contract.Ended.DEFAULT:
            self.fields["exclude"].label = _(
                "Take no application from %(supplier)s, who failed to deliver"
            ) % {"supplier": contract.supplier_name}
        else:
            del self.fields["exclude"], self.fields["exclusion_reason"]

    def clean(self):
        data = super().clean()
        if data.get("exclude") and not (data.get("exclusion_reason") or "").strip():
            self.add_error("exclusion_reason", _("Give the reason: the supplier reads it."))
        return data

    def record(self, opportunity, by, now):
        new = copy_as_draft(opportunity, now)
        data = {"new": new.reference}
        if self.cleaned_data.get("exclude"):
            contract = opportunity.contract
            ExcludedSupplier.objects.get_or_create(
                opportunity=new,
                supplier=contract.supplier,
                defaults={
                    "supplier_name": contract.supplier_name,
                    "reason": self.cleaned_data["exclusion_reason"].strip(),
                    "excluded_at": now,
                },
            )
        if number := new.excluded_suppliers.count():
            data["excluded"] = number
        return data
