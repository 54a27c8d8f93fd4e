"""Step 7: the work starts and is delivered; the delivery date moves; a dispute; the contract ends early.

Knows the contract. Does not fetch the code; `assessment` judges it.
"""

import re
from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from microacq import markdown
from microacq.forms import DateField, GCForm

from .. import code_hosts
from ..models import Delivery, Dispute, Extension, Remark
from ..publishing import ore
from ..states import Role
from .base import ActionForm
from .parts import CodeAddressField, PercentField, long_text, today
from .preview import PreviewForm


class StartWorkForm(ActionForm):
    """The supplier has started, in this repository."""

    repository = CodeAddressField(
        label=_("Open repository"),
        help_text=_("Where the work is done in the open. GitLab, GitHub, Bitbucket or another public host."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial.setdefault(
            "repository", self.opportunity.contract.repository or self.opportunity.repository
        )

    def record(self, opportunity, by, now):
        contract = opportunity.contract
        contract.started_at, contract.repository = now, self.cleaned_data["repository"]
        contract.save(update_fields=["started_at", "repository"])
        return {"repository": contract.repository}


class DeliverForm(ActionForm):
    """A delivery: where the code is, which commit or tag, its licence, and `how_met_<criterion>` for each criterion."""

    url = CodeAddressField(
        label=_("Repository or pull request"),
        help_text=_("The address of the repository, or of the pull or merge request, that holds the code."),
    )
    revision = forms.CharField(
        label=_("Commit or tag"),
        max_length=100,
        widget=forms.TextInput(attrs={"class": "gc-w20", "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("What exactly is delivered, such as 1f3c9ab or v1.0.0."),
    )
    licence = forms.CharField(
        label=_("Licence (SPDX identifier)"),
        max_length=60,
        widget=forms.TextInput(attrs={"class": "gc-w10", "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("The licence of the file in the repository, such as MIT or Apache-2.0."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial = {
            "licence": self.opportunity.licence,
            "url": self.opportunity.contract.repository,
            **self.initial,
        }
        self.criteria = list(self.opportunity.acceptance_criteria.all())
        for number, criterion in enumerate(self.criteria, 1):
            self.fields[f"how_met_{criterion.pk}"] = long_text(
                format_lazy(_("How criterion {} is met"), number),
                max_length=1000,
                widget=forms.Textarea(attrs={"rows": 3}),
                help_text=markdown.render(criterion.text),
            )
        self.fields["notes"] = long_text(
            _("Notes"),
            required=False,
            help_text=_("Optional. How to install it, what to know before trying it."),
        )

    def clean_revision(self):
        revision = self.cleaned_data["revision"]
        if not re.fullmatch(r"[^\W_][\w./+@-]*", revision) or ".." in revision:
            raise ValidationError(_("Enter the name of a commit or of a tag, without spaces."))
        return revision

    def clean_licence(self):
        licence = self.cleaned_data["licence"]
        if not ore.licence_ok(licence):
            raise ValidationError(
                _(
                    "Enter the SPDX identifier of an open source licence that is current, such as MIT, GPL-3.0-or-later or Apache-2.0."
                )
            )
        return licence

    def record(self, opportunity, by, now):
        data, last, contract = self.cleaned_data, opportunity.delivery, opportunity.contract
        delivery = Delivery.objects.create(
            opportunity=opportunity,
            number=last.number + 1 if last else 1,
            url=data["url"],
            revision=data["revision"],
            licence=data["licence"],
            notes=data["notes"],
            how_met={str(criterion.pk): data[f"how_met_{criterion.pk}"] for criterion in self.criteria},
            delivered_by=by,
            delivered_at=now,
        )
        if not contract.repository:
            contract.repository = code_hosts.repository_of(delivery.url)
            contract.save(update_fields=["repository"])
        return {
            "delivery": delivery.number,
            "url": delivery.url,
            "revision": delivery.revision,
            "licence": delivery.licence,
        }


class AskExtensionForm(ActionForm):
    """Either side asks for a later delivery date."""

    new_date = DateField(label=_("New delivery date"))
    reason = long_text(_("Reason"), help_text=_("The other side and the team read this reason."))

    def clean_new_date(self):
        new_date = self.cleaned_data["new_date"]
        if new_date <= self.opportunity.contract.delivery_date:
            raise ValidationError(_("Choose a date after the present delivery date."))
        if new_date <= today(self.now):
            raise ValidationError(_("Choose a date in the future."))
        return new_date

    def record(self, opportunity, by, now):
        side = Extension.Side.CLIENT if Role.CLIENT in opportunity.roles_of(by) else Extension.Side.SUPPLIER
        extension = Extension.objects.create(
            opportunity=opportunity,
            side=side,
            old_date=opportunity.contract.delivery_date,
            new_date=self.cleaned_data["new_date"],
            reason=self.cleaned_data["reason"],
            asked_at=now,
        )
        return {
            "extension": extension.pk,
            "side": side,
            "old_date": extension.old_date,
            "new_date": extension.new_date,
        }


class AnswerExtensionForm(GCForm):
    """The other side's answer to a new date: `answer` is "agree" or "refuse"."""

    answer = forms.ChoiceField(
        label=_("Do you agree to the new date?"),
        choices=[
            ("agree", _("Yes, I agree. The team then approves it.")),
            ("refuse", _("No. The present delivery date stays.")),
        ],
        widget=forms.RadioSelect,
    )


class ExtendDeliveryForm(ActionForm):
    """The team's decision on the date that both sides agreed to."""

    decision = forms.ChoiceField(
        label=_("Decision"),
        choices=[("approve", _("Approve the new date")), ("refuse", _("Refuse: the present date stays"))],
        widget=forms.RadioSelect,
    )
    reason = long_text(
        _("Reason"), required=False, help_text=_("Needed when you refuse. Both sides read it.")
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.extension = self.opportunity.extensions.pending().first()

    def clean(self):
        data = super().clean()
        if data.get("decision") == "refuse" and not data.get("reason"):
            self.add_error("reason", _("Say why the new date is refused."))
        if data.get("decision") == "approve" and self.extension.new_date <= today(self.now):
            self.add_error(
                "decision", _("The new date has passed. Refuse it, and another one can be asked for.")
            )
        return data

    def record(self, opportunity, by, now):
        extension, approved = (
            opportunity.extensions.pending().get(),
            self.cleaned_data["decision"] == "approve",
        )
        extension.settled_at, extension.approved = now, approved
        extension.save(update_fields=["settled_at", "approved"])
        if approved:
            contract = opportunity.contract
            contract.delivery_date = opportunity.delivery_date = extension.new_date
            contract.save(update_fields=["delivery_date"])
        facts = {
            "extension": extension.pk,
            "approved": approved,
            "old_date": extension.old_date,
            "new_date": extension.new_date,
        }
        if self.cleaned_data["reason"]:
            facts["remark"] = Remark.objects.create(
                opportunity=opportunity,
                transition=self.transition.name,
                text=self.cleaned_data["reason"],
                at=now,
            ).pk
        return facts


class RaiseDisputeForm(ActionForm):
    """The position of whoever raises the dispute."""

    position = long_text(
        _("Your position"),
        max_length=5000,
        help_text=_("What you disagree with, and what would settle it. The other side and the team read it."),
    )

    def record(self, opportunity, by, now):
        side = Extension.Side.CLIENT if Role.CLIENT in opportunity.roles_of(by) else Extension.Side.SUPPLIER
        dispute = Dispute.objects.create(
            opportunity=opportunity, side=side, position=self.cleaned_data["position"], raised_at=now
        )
        return {"dispute": dispute.pk, "side": side}


class AnswerDisputeForm(ActionForm):
    """The client's final answer, which closes the dispute."""

    answer = long_text(
        _("Your final answer"),
        max_length=5000,
        help_text=_("The supplier and the team read it. It closes the dispute, and its record stays."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.dispute = self.opportunity.disputes.open().first()

    def record(self, opportunity, by, now):
        dispute = opportunity.disputes.open().get()
        dispute.answer, dispute.answered_at = self.cleaned_data["answer"], now
        dispute.save(update_fields=["answer", "answered_at"])
        return {"dispute": dispute.pk}


class TerminateDefaultForm(ActionForm):
    """The supplier did not deliver, after notice and a last date. Nothing is paid."""

    notice_given_on = DateField(
        label=_("Notice given on"),
        help_text=_("The day on which the supplier was told in writing that the contract could end."),
    )
    last_date = DateField(
        label=_("Last date given"),
        help_text=_("The last day that the notice gave the supplier to deliver. It must have passed."),
    )
    reason = long_text(_("Reason"), help_text=_("The supplier, the client and the manager read it."))

    def clean(self):
        data, day = super().clean(), today(self.now)
        notice, last = data.get("notice_given_on"), data.get("last_date")
        if notice and notice > day:
            self.add_error("notice_given_on", _("Choose a date that is not in the future."))
        if notice and notice < today(self.opportunity.contract.signed_at):
            self.add_error("notice_given_on", _("Choose a date that is not before the contract was signed."))
        if last and last >= day:
            self.add_error("last_date", _("The last date given to the supplier must have passed."))
        elif last and notice and last <= notice:
            self.add_error("last_date", _("Choose a date after the notice."))
        return data

    def record(self, opportunity, by, now):
        data, contract = self.cleaned_data, opportunity.contract
        contract.ended, contract.ended_at, contract.ended_reason = contract.Ended.DEFAULT, now, data["reason"]
        contract.notice_given_on, contract.last_date = data["notice_given_on"], data["last_date"]
        contract.save(update_fields=["ended", "ended_at", "ended_reason", "notice_given_on", "last_date"])
        return {
            "ended": contract.ended,
            "notice_given_on": contract.notice_given_on,
            "last_date": contract.last_date,
        }


class TerminateConvenienceForm(PreviewForm):
    """Canada no longer needs the work: the share that was done is paid."""

    share_done = PercentField(label=_("Share of the work done, in percent"), max_digits=5, decimal_places=2)
    reason = long_text(_("Reason"), help_text=_("The supplier, the client and the manager read it."))

    def computed(self) -> Decimal | None:
        """The share of the fixed price, before taxes."""
        share = self.cleaned_data.get("share_done")
        return (
            None
            if share is None
            else (self.opportunity.contract.price * share / 100).quantize(Decimal("0.01"))
        )

    def clean(self):
        data = super().clean()
        if self.computed() == 0:
            self.add_error("share_done", _("This share comes to nothing. Enter a larger one."))
        return data

    def record(self, opportunity, by, now):
        data, contract = self.cleaned_data, opportunity.contract
        contract.ended, contract.ended_at, contract.ended_reason = (
            contract.Ended.CONVENIENCE,
            now,
            data["reason"],
        )
        contract.share_done = data["share_done"]
        contract.save(update_fields=["ended", "ended_at", "ended_reason", "share_done"])
        return {"ended": contract.ended, "share_done": contract.share_done, "amount": contract.amount_due}
