"""The records of the buying side as read-only lists: questions, amendments, money, contract, deliveries."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from microacq.templatetags import gc

from .admin_base import RecordAdmin
from .admin_filters import QuestionStatusFilter, TransitionFilter
from .facts import CODES, LABELS
from .models import (
    Amendment,
    Certification,
    Commitment,
    Contract,
    Delivery,
    Dispute,
    Event,
    Extension,
    Invoice,
    Payment,
    Question,
    RegistryEntry,
    Reservation,
)


def money(field: str, label):
    """A column of dollars."""

    @admin.display(description=label, ordering=field)
    def column(record):
        return gc.money(getattr(record, field)) or "–"

    return column


def moment(field: str, label):
    """A column of a moment, in Eastern time."""

    @admin.display(description=label, ordering=field)
    def column(record):
        return gc.eastern(getattr(record, field)) or "–"

    return column


def code(field: str):
    """A column that keeps a word of the lifecycle's table, as it is read."""

    @admin.display(description=LABELS[field], ordering=field)
    def column(record):
        return CODES[field](getattr(record, field)) or "–"

    return column


class OfOpportunityAdmin(RecordAdmin):
    list_select_related = ("opportunity",)
    search_fields = ("opportunity__reference",)
    ordering = ("-pk",)


@admin.register(Question)
class QuestionAdmin(OfOpportunityAdmin):
    list_display = (
        "__str__",
        "opportunity",
        "asker",
        moment("asked_at", _("asked")),
        moment("published_at", _("published")),
    )
    list_filter = (QuestionStatusFilter,)
    list_select_related = ("opportunity", "asker")
    fields = (
        "opportunity", "asker", moment("asked_at", _("asked")), "text", "public_question_en", "public_question_fr", "answer_en",
        "answer_fr", moment("published_at", _("published")), moment("set_aside_at", _("set aside")), "set_aside_reason",
    )  # fmt: skip
    ordering = ("asked_at", "pk")


@admin.register(Amendment)
class AmendmentAdmin(OfOpportunityAdmin):
    list_display = ("number", "opportunity", "kind", "material", moment("amended_at", _("when")))
    list_filter = ("kind",)
    fields = (
        "opportunity",
        "number",
        "kind",
        "material",
        "reason_en",
        "reason_fr",
        moment("amended_at", _("when")),
    )


@admin.register(Commitment)
class CommitmentAdmin(OfOpportunityAdmin):
    list_display = (
        "opportunity",
        money("amount", _("amount committed, taxes included")),
        "source",
        "pif_number",
        "committed_by",
        moment("committed_at", _("committed")),
    )
    list_select_related = ("opportunity", "committed_by")


@admin.register(Reservation)
class ReservationAdmin(OfOpportunityAdmin):
    list_display = (
        "number",
        "opportunity",
        money("amount", _("amount reserved, taxes included")),
        "reserved_by",
        moment("reserved_at", _("reserved")),
    )
    list_select_related = ("opportunity", "reserved_by")
    search_fields = ("opportunity__reference", "number")


@admin.register(Contract)
class ContractAdmin(OfOpportunityAdmin):
    list_display = (
        "opportunity",
        "supplier_name",
        money("price", _("fixed price, before taxes")),
        "delivery_date",
        moment("signed_at", _("signed")),
        "ended",
    )
    list_filter = ("ended",)
    fields = (
        "opportunity", "supplier", "supplier_name", money("price", _("fixed price, before taxes")), "delivery_date", "terms_version",
        "terms_en", "terms_fr", "terms_sha256", "signed_language", "signed_name", moment("signed_at", _("signed")),
        "countersigned_by", moment("countersigned_at", _("countersigned for Canada")),
        moment("started_at", _("work started")), "repository", "ended", moment("ended_at", _("ended")), "ended_reason",
        "notice_given_on", "last_date", "share_done",
    )  # fmt: skip


@admin.register(Extension)
class ExtensionAdmin(OfOpportunityAdmin):
    list_display = (
        "opportunity",
        "side",
        "old_date",
        "new_date",
        moment("asked_at", _("asked")),
        moment("settled_at", _("settled")),
        "approved",
    )
    fields = (
        "opportunity",
        "side",
        "old_date",
        "new_date",
        "reason",
        moment("asked_at", _("asked")),
        moment("agreed_at", _("agreed")),
        moment("settled_at", _("settled")),
        "approved",
    )


@admin.register(Dispute)
class DisputeAdmin(OfOpportunityAdmin):
    list_display = (
        "opportunity",
        "side",
        moment("raised_at", _("raised")),
        moment("answered_at", _("answered")),
    )
    fields = (
        "opportunity",
        "side",
        "position",
        moment("raised_at", _("raised")),
        "answer",
        moment("answered_at", _("answered")),
    )


@admin.register(Delivery)
class DeliveryAdmin(OfOpportunityAdmin):
    list_display = (
        "number",
        "opportunity",
        "url",
        "revision",
        moment("delivered_at", _("delivered")),
        "judged",
    )
    list_select_related = ("opportunity", "assessment")
    fields = (
        "opportunity",
        "number",
        "url",
        "revision",
        "licence",
        "notes",
        moment("delivered_at", _("delivered")),
        "judged",
        "missing",
    )

    @admin.display(description=_("assessment"))
    def judged(self, delivery):
        assessment = getattr(delivery, "assessment", None)
        if assessment is None:
            return _("not assessed yet")
        return _("accepted") if assessment.accepted else _("to be revised")

    @admin.display(description=_("what is missing"))
    def missing(self, delivery):
        assessment = getattr(delivery, "assessment", None)
        return (assessment.missing if assessment else "") or "–"


@admin.register(Invoice)
class InvoiceAdmin(OfOpportunityAdmin):
    list_display = (
        "number",
        "version",
        "opportunity",
        "supplier_name",
        money("total", _("total, taxes included")),
        moment("sent_at", _("sent")),
    )
    search_fields = ("opportunity__reference", "number", "supplier_name")
    fields = (
        "opportunity", "version", "number", "supplier_name", "supplier_address", "province", "fund_reservation_number",
        money("amount", _("amount before taxes")), "gst_number", "pst_number", money("total", _("total, taxes included")),
        "file_name", moment("sent_at", _("sent")),
    )  # fmt: skip


@admin.register(Certification)
class CertificationAdmin(RecordAdmin):
    to_opportunity = "invoice__opportunity"
    list_display = ("opportunity", "invoice_number", "certified_by", moment("certified_at", _("certified")))
    list_select_related = ("invoice__opportunity", "certified_by")
    list_filter = (("invoice__opportunity", admin.RelatedOnlyFieldListFilter),)
    search_fields = ("invoice__opportunity__reference",)
    fields = ("opportunity", "invoice_number", "note", "certified_by", moment("certified_at", _("certified")))

    @admin.display(description=_("opportunity"))
    def opportunity(self, certification):
        return certification.invoice.opportunity

    @admin.display(description=_("invoice number"))
    def invoice_number(self, certification):
        return certification.invoice.number


@admin.register(Payment)
class PaymentAdmin(OfOpportunityAdmin):
    list_display = (
        "opportunity",
        money("amount", _("amount paid")),
        "means",
        "document_number",
        "paid_on",
        "paid_by",
    )
    list_filter = ("means",)
    list_select_related = ("opportunity", "paid_by")
    search_fields = ("opportunity__reference", "document_number")
    fields = (
        "opportunity",
        money("amount", _("amount paid")),
        "means",
        "justification",
        "document_number",
        "transaction_reference",
        "paid_on",
        "paid_by",
        moment("recorded_at", _("recorded")),
        "confirmed",
    )

    @admin.display(description=_("receipt confirmed by the supplier"))
    def confirmed(self, payment):
        confirmation = getattr(payment, "confirmation", None)
        return gc.eastern(confirmation.confirmed_at) if confirmation else _("not yet")


@admin.register(RegistryEntry)
class RegistryEntryAdmin(OfOpportunityAdmin):
    list_display = ("name", "opportunity", "repository_url", "pull_request_url", "merged_on")


@admin.register(Event)
class EventAdmin(OfOpportunityAdmin):
    list_display = ("number", "opportunity", code("transition"), code("role"), moment("at", _("when")))
    list_filter = (TransitionFilter,)
    ordering = ("-at", "-pk")
    fields = (
        "opportunity",
        "number",
        code("transition"),
        code("source"),
        code("target"),
        code("role"),
        moment("at", _("when")),
        "data",
        "previous",
        "hash",
    )
