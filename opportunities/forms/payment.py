"""Step 8: the invoice, the manager's certification (section 34), finance's payment (section 33).

Knows the contract's amount and the taxes. No card number is asked for, and none is accepted in any field.
"""

from datetime import timedelta
from decimal import Decimal
from functools import cached_property

from django import forms
from django.db import IntegrityError, transaction
from django.utils.formats import number_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from microacq import money
from microacq.forms import DateField

from .. import taxes
from ..lifecycle import Refused
from ..models import Certification, Invoice, Payment, PaymentConfirmation
from .base import ActionForm
from .own_invoice import OwnInvoiceForm
from .parts import long_text, today

PROVINCIAL = {"QC": "QST", "BC": "PST", "SK": "PST", "MB": "RST"}
"""The provinces that charge a tax of their own beside the GST, and its name."""


TAX_NAMES = {"GST": _("GST"), "HST": _("HST"), "PST": _("PST"), "RST": _("RST"), "QST": _("QST")}


def line_of(code: str, rate: Decimal, amount: Decimal) -> dict:
    """One tax as a line of an invoice, in the reader's language: {"label": "HST 13%", "amount": dollars}."""
    percent = number_format((rate * 100).normalize(), use_l10n=True)
    return {
        "label": gettext("%(tax)s %(percent)s%%") % {"tax": TAX_NAMES[code], "percent": percent},
        "amount": amount,
    }


def lines_of(invoice: Invoice) -> list[dict]:
    """The taxes of an invoice as lines."""
    return [line_of(row["code"], Decimal(row["rate"]), Decimal(row["amount"])) for row in invoice.taxes]


class InvoiceForm(OwnInvoiceForm):
    """The supplier's invoice. The amounts come from the contract and the province's taxes of the day."""

    preview_label = _("Show the amounts")
    field_order = (
        "number",
        "supplier_name",
        "supplier_address",
        "province",
        "charges_tax",
        "gst_number",
        "pst_number",
    )

    number = forms.CharField(
        label=_("Invoice number"),
        max_length=60,
        widget=forms.TextInput(attrs={"class": "gc-w10", "autocomplete": "off"}),
        help_text=_("Your own number for this invoice."),
    )
    supplier_name = forms.CharField(
        label=_("Name on the invoice"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    supplier_address = long_text(
        _("Address on the invoice"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "street-address"}),
    )
    province = forms.ChoiceField(
        label=_("Province or territory"),
        help_text=_("The one whose taxes you charge."),
        choices=[("", _("Choose one")), *taxes.PROVINCES.items()],
    )
    charges_tax = forms.ChoiceField(
        label=_("Do you charge GST/HST?"),
        choices=[("no", _("No, I am not registered for GST/HST")), ("yes", _("Yes, I am registered"))],
        widget=forms.RadioSelect,
    )
    gst_number = forms.CharField(
        label=_("GST/HST registration number"),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"class": "gc-w20", "autocomplete": "off"}),
        help_text=_("Only if you charge GST/HST: nine digits, RT and four digits, such as 123456789 RT0001."),
    )
    pst_number = forms.CharField(
        label=_("PST, RST or QST registration number"),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"class": "gc-w20", "autocomplete": "off"}),
        help_text=_(
            "Only if you charge the sales tax of British Columbia, Manitoba, Quebec or Saskatchewan. Left empty, that tax is not added."
        ),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.last = self.opportunity.latest_invoice
        contract = self.opportunity.contract
        if self.last:
            names = ("number", "supplier_name", "supplier_address", "province", "gst_number", "pst_number")
            start = {name: getattr(self.last, name) for name in names} | {
                "charges_tax": "yes" if self.last.gst_number else "no"
            }
        else:
            application = self.opportunity.applications.filter(supplier=contract.supplier).first()
            start = {
                "supplier_name": contract.supplier_name,
                "province": application.province if application else "",
            }
        self.initial = start | self.initial

    @property
    def amount(self) -> Decimal:
        """What the contract owes, before taxes."""
        return self.opportunity.contract.amount_due

    @property
    def fund_reservation_number(self) -> str:
        reservation = self.opportunity.reservation
        return reservation.number if reservation else ""

    @cached_property
    def tax_lines(self) -> list[taxes.TaxLine]:
        """The taxes on the amount. Asked once the fields are cleaned."""
        data = self.cleaned_data
        if data.get("charges_tax") != "yes":
            return []
        lines = taxes.taxes_for(data["province"], self.amount, today(self.now))
        return [line for line in lines if line.code in ("GST", "HST") or data.get("pst_number")]

    def lines(self) -> list[dict]:
        """The taxes as lines, for the page."""
        return [line_of(line.code, line.rate, line.amount) for line in self.tax_lines]

    def computed(self) -> Decimal:
        return self.amount + sum((line.amount for line in self.tax_lines), Decimal("0.00"))

    def clean_gst_number(self):
        number = self.cleaned_data["gst_number"]
        if number and not taxes.valid_gst_number(number):
            raise forms.ValidationError(_("Enter nine digits, RT and four digits, such as 123456789 RT0001."))
        return number

    def clean_number(self):
        number = self.cleaned_data["number"]
        others = Invoice.objects.filter(
            opportunity__contracts__supplier=self.opportunity.contract.supplier_id, number=number
        )
        if others.exclude(opportunity=self.opportunity).exists():
            raise forms.ValidationError(
                _("You used this number on the invoice of another opportunity. Each invoice needs its own.")
            )
        return number

    def clean(self):
        data = self.cleaned_data
        charges, province, gst, pst = (
            data.get(name) for name in ("charges_tax", "province", "gst_number", "pst_number")
        )
        if charges == "yes" and not gst and "gst_number" not in self.errors:
            self.add_error(
                "gst_number",
                _("Enter your registration number: it stands on every invoice that charges tax."),
            )
        if charges == "no" and gst:
            self.add_error("gst_number", _("Leave this empty, or say that you charge GST/HST."))
        if charges == "no" and pst:
            self.add_error("pst_number", _("Leave this empty, or say that you charge GST/HST."))
        elif pst and province:
            self._check_provincial(pst, province)
        if not self.errors and self.computed() > money.CEILING:
            self.add_error(
                None, _("The total would be more than $10,000, taxes included. Write to the team.")
            )
        return super().clean()

    def _check_provincial(self, number: str, province: str) -> None:
        tax = PROVINCIAL.get(province)
        valid = taxes.valid_qst_number if tax == "QST" else taxes.valid_pst_number
        if not tax:
            name = taxes.PROVINCES[province]
            self.add_error(
                "pst_number",
                _("%(province)s has no sales tax of its own. Leave this empty, or choose another province.")
                % {"province": name},
            )
        elif not valid(number):
            self.add_error(
                "pst_number",
                _("Enter ten digits, TQ and four digits, such as 1234567890 TQ0001.")
                if tax == "QST"
                else _("Enter the number as your province wrote it, with at least five digits."),
            )

    def record(self, opportunity, by, now):
        data, last = self.cleaned_data, opportunity.latest_invoice
        invoice = Invoice.objects.create(
            opportunity=opportunity,
            version=last.version + 1 if last else 1,
            number=data["number"],
            supplier_name=data["supplier_name"],
            supplier_address=data["supplier_address"],
            province=data["province"],
            fund_reservation_number=self.fund_reservation_number,
            amount=self.amount,
            taxes=[
                {"code": line.code, "rate": str(line.rate), "amount": str(line.amount)}
                for line in self.tax_lines
            ],
            gst_number=data["gst_number"],
            pst_number=data["pst_number"],
            total=self.computed(),
            sent_at=now,
            **self.kept_file(by),
        )
        return {
            "invoice": invoice.pk,
            "version": invoice.version,
            "amount": invoice.amount,
            "total": invoice.total,
        }


class OnInvoiceForm(ActionForm):
    """A decision on the latest invoice, which its page shows."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.invoice = self.opportunity.latest_invoice
        self.contract = self.opportunity.contract

    def lines(self) -> list[dict]:
        """The taxes as lines, for the page."""
        return lines_of(self.invoice)


class CertifyForm(OnInvoiceForm):
    """Section 34: the work was received and the price is right."""

    received = forms.BooleanField(label=_("I certify that the work was received and accepted."))
    price_right = forms.BooleanField(
        label=_("I certify that the price charged is according to the contract.")
    )
    note = long_text(_("Note"), required=False, help_text=_("Optional. Finance reads it."))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.contract.ended_at:
            self.fields["received"].label = _("I certify that the share of the work was received.")

    def record(self, opportunity, by, now):
        certification = Certification.objects.create(
            invoice=opportunity.latest_invoice,
            note=self.cleaned_data["note"],
            certified_by=by,
            certified_at=now,
        )
        return {"certification": certification.pk, "invoice": certification.invoice_id}


class ConfirmPaymentForm(ActionForm):
    """The supplier says that the payment came: a plain confirmation."""

    def record(self, opportunity, by, now):
        confirmation = PaymentConfirmation.objects.create(payment=opportunity.payment, confirmed_at=now)
        return {"payment": confirmation.payment_id}


class PayForm(OnInvoiceForm):
    """Section 33: the invoice is paid, as finance's own system shows. The amount is the invoice's."""

    means = forms.ChoiceField(label=_("Paid by"), choices=Payment.Means.choices, widget=forms.RadioSelect)
    justification = long_text(
        _("Why a third-party payment service was used"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Needed for PayPal."),
    )
    document_number = forms.CharField(
        label=_("Financial system document number"),
        max_length=60,
        widget=forms.TextInput(attrs={"class": "gc-w20", "autocomplete": "off"}),
    )
    transaction_reference = forms.CharField(
        label=_("Transaction reference"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"class": "gc-w20", "autocomplete": "off"}),
        help_text=_("Optional. Never a card number."),
    )
    paid_on = DateField(label=_("Paid on"))
    countersign = forms.BooleanField(label=_("I countersign the terms and conditions for Canada."))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.certification = self.invoice.certification
        if self.contract.countersigned_at:
            del self.fields["countersign"]
        application = self.opportunity.applications.filter(supplier=self.contract.supplier_id).first()
        self.wanted_means = application.get_means_display() if application and application.means else ""
        means = {"visa": Payment.Means.CARD, "paypal": Payment.Means.PAYPAL}.get(
            application.means if application else ""
        )
        self.initial = {"paid_on": today(self.now), "means": means, **self.initial}

    def clean_paid_on(self):
        paid_on = self.cleaned_data["paid_on"]
        if paid_on > today(self.now):
            raise forms.ValidationError(_("Choose a date that is not in the future."))
        if paid_on < today(self.certification.certified_at):
            raise forms.ValidationError(_("Choose a date that is not before the invoice was certified."))
        return paid_on

    def clean(self):
        data = super().clean()
        if (
            data.get("means") == Payment.Means.PAYPAL
            and not data.get("justification")
            and "justification" not in self.errors
        ):
            self.add_error(
                "justification",
                _("Say why PayPal was used: a third-party payment service needs a reason on file."),
            )
        return data

    def record(self, opportunity, by, now):
        certification, paid = opportunity.certification, dict(self.cleaned_data)
        paid.pop("countersign", None)
        try:
            with transaction.atomic():
                payment = Payment.objects.create(
                    opportunity=opportunity,
                    certification=certification,
                    amount=certification.invoice.total,
                    paid_by=by,
                    recorded_at=now,
                    **paid,
                )
        except IntegrityError:
            raise Refused(
                "guard", [_("This invoice is already paid. Nothing was recorded a second time.")]
            ) from None
        opportunity.contract.countersign(by, now)
        return {
            "payment": payment.pk,
            "amount": payment.amount,
            "means": payment.means,
            "paid_on": payment.paid_on,
        }


def days_to_payment(payment: Payment) -> int:
    """Days from the invoice that was paid to its payment: seven at most in the pilot's plan, 31 in ordinary procurement."""
    return max((payment.paid_on - today(payment.certification.invoice.sent_at)) // timedelta(days=1), 0)
