"""Step 3: the manager commits the funds (section 32), and finance reserves them."""

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from microacq import money
from microacq.forms import MoneyField

from ..models import Commitment, Reservation
from .base import ActionForm


class FundsForm(ActionForm):
    """What both steps count with."""

    @property
    def total(self):
        """The fixed price with tax at 15%, in dollars: what is committed, and what a reservation must cover."""
        return money.with_tax(self.opportunity.fixed_price, money.MAX_TAX_RATE)

    @property
    def tax(self):
        """The tax at 15% in that total."""
        return self.total - self.opportunity.fixed_price


class CommitForm(FundsForm):
    """The manager's commitment of the whole price, with the highest tax in Canada."""

    source = forms.ChoiceField(
        label=_("Where the budget comes from"),
        choices=Commitment.Source.choices,
        widget=forms.RadioSelect,
        help_text=_(
            "The IT branch (IITB) pays the supplier. A client outside IITB transfers the budget to it, or IITB agrees to carry the risk meanwhile."
        ),
    )
    pif_number = forms.CharField(
        label=_("Procurement initiation form (PIF) number"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"class": "gc-w20"}),
        help_text=_("Optional, if your branch has one already."),
    )

    def record(self, opportunity, by, now):
        commitment = Commitment.objects.create(
            opportunity=opportunity,
            amount=money.with_tax(opportunity.fixed_price, money.MAX_TAX_RATE),
            source=self.cleaned_data["source"],
            pif_number=self.cleaned_data["pif_number"],
            committed_by=by,
            committed_at=now,
        )
        return {"commitment": commitment.pk, "amount": str(commitment.amount), "source": commitment.source}


class ReserveForm(FundsForm):
    """Finance's reservation, which covers the price with tax at 15%."""

    number = forms.CharField(
        label=_("Fund reservation number"),
        max_length=60,
        widget=forms.TextInput(attrs={"class": "gc-w20", "autocomplete": "off"}),
        help_text=_("From the financial system. The supplier quotes it on the invoice."),
    )
    amount = MoneyField(label=_("Amount reserved, taxes included"))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["amount"].initial = self.total

    def clean_amount(self):
        amount = self.cleaned_data["amount"]
        if amount < self.total:
            raise forms.ValidationError(
                _("The reservation must cover the fixed price with tax at 15%%: %(total)s."),
                params={"total": money.display(self.total, get_language() or "en")},
            )
        return amount

    def record(self, opportunity, by, now):
        reservation = Reservation.objects.create(
            opportunity=opportunity,
            number=self.cleaned_data["number"],
            amount=self.cleaned_data["amount"],
            reserved_by=by,
            reserved_at=now,
        )
        return {"reservation": reservation.pk, "amount": str(reservation.amount)}
