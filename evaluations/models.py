"""The choosing side's records: applications, marks, the pool, the draw and the offers.

An application has two locks: it is submitted, and the opportunity has closed. Before that only its supplier reads it.
"""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from microacq import clock
from opportunities.models import EvaluationCriterion, Opportunity
from opportunities.models.records import append_only, erased_only, never_deleted, written_once

from .querysets import ApplicationQuerySet
from .supplier_models import SupplierProfile, Upload  # noqa: F401 - Django finds models here
from .survey_models import SurveyAnswer, SurveyInvitation  # noqa: F401 - Django finds models here

ANNOUNCE_BEFORE = timedelta(minutes=30)


def random_name(application, name: str) -> str:
    """Where an upload is kept: a random name, no trace of the original or of the person."""
    return uuid.uuid4().hex


class Application(models.Model):
    """A supplier's expression of interest in an opportunity."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        SUBMITTED = "submitted", _("submitted")
        WITHDRAWN = "withdrawn", _("withdrawn")

    class Standing(models.TextChoices):
        CANADA = "canada", _("I am Canadian, First Nations, Métis, Inuit or a permanent resident of Canada")
        PERMIT = "permit", _("I am a foreign worker or student with the permits to work in Canada")
        NEITHER = "neither", _("Neither")

    class Means(models.TextChoices):
        VISA = "visa", _("Visa")
        PAYPAL = "paypal", _("PayPal")

    opportunity = models.ForeignKey(Opportunity, models.PROTECT, related_name="applications")
    supplier = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="applications")
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.DRAFT)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    saved_at = models.DateTimeField(default=clock.now)
    working = models.JSONField(default=dict, blank=True, editable=False)
    """What the supplier is writing. The columns below hold what was last submitted, and nothing before that."""

    legal_name = models.CharField(_("your full name"), max_length=200, blank=True)
    business_name = models.CharField(_("business name, if you have one"), max_length=200, blank=True)
    province = models.CharField(_("province or territory"), max_length=2, blank=True)
    code_account = models.URLField(_("address of your public repository account"), max_length=300, blank=True)
    of_age = models.BooleanField(
        _("I have reached the age of majority and am able to contract."), default=False
    )
    standing = models.CharField(
        _("your standing in Canada"), max_length=8, choices=Standing.choices, blank=True
    )
    uses_git = models.BooleanField(_("I can use Git and have a public repository account."), default=False)
    means = models.CharField(_("how you can be paid"), max_length=8, choices=Means.choices, blank=True)
    needs_sign_off = models.BooleanField(
        _("I work for the Government of Canada, so I need my Director General's written sign-off."),
        default=False,
    )
    sign_off = models.FileField(_("Director General's sign-off"), upload_to=random_name, blank=True)
    sign_off_name = models.CharField(max_length=150, blank=True, editable=False)
    sign_off_accepted_at = models.DateTimeField(null=True, editable=False)

    submitted_at = models.DateTimeField(_("submitted"), null=True)
    receipt = models.CharField(_("receipt"), max_length=32, unique=True, null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    label = models.CharField(_("label"), max_length=3, blank=True)
    checked_at = models.DateTimeField(null=True)
    set_aside_at = models.DateTimeField(null=True)
    set_aside_reason = models.TextField(_("reason, which the supplier reads"), blank=True)
    set_aside_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    passed = models.BooleanField(null=True)
    erased_at = models.DateTimeField(null=True, editable=False)
    """When what it said, and of whom, was disposed of. That it was sent, when, and what became of it stays."""

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("application"), _("applications")
        constraints = [
            models.UniqueConstraint(fields=["opportunity", "supplier"], name="one_application_a_supplier"),
            models.UniqueConstraint(
                fields=["opportunity", "label"], condition=~Q(label=""), name="one_label_an_application"
            ),
            models.CheckConstraint(
                condition=Q(status="draft") | Q(receipt__isnull=False), name="submitted_has_receipt"
            ),
        ]
        indexes = [models.Index(fields=["supplier", "status"])]

    def __str__(self) -> str:
        return f"{self.opportunity_id}/{self.label or self.pk}"

    @property
    def sign_off_held_back(self):
        """Why the sign-off that was sent may not be opened yet, as a sentence; "" when it may."""
        upload = Upload.objects.filter(name=self.sign_off.name).first() if self.sign_off else None
        return upload.held_back if upload else ""

    @property
    def public_name(self) -> str:
        """The supplier as the public reads it once selected."""
        return self.business_name or self.legal_name


class Answer(models.Model):
    """The supplier's answer to one evaluation criterion: as written, and as the evaluators read it."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="answers")
    criterion = models.ForeignKey(EvaluationCriterion, models.PROTECT, related_name="answers")
    text = models.TextField(_("answer"), blank=True)
    masked = models.TextField(_("as the evaluators read it"), blank=True)

    class Meta:
        ordering = ["criterion__order", "criterion_id"]
        constraints = [
            models.UniqueConstraint(fields=["application", "criterion"], name="one_answer_a_criterion")
        ]

    @property
    def released(self) -> str:
        """What evaluators read."""
        return self.masked or self.text


class Submission(models.Model):
    """The immutable copy of an application, made each time it is submitted."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="submissions")
    number = models.PositiveSmallIntegerField()
    submitted_at = models.DateTimeField()
    content = models.TextField()
    """Canonical JSON: what `sha256` is computed from, byte for byte."""
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["application", "number"], name="one_submission_a_number")
        ]
        triggers = [
            never_deleted(),
            written_once("application_id", "number", "submitted_at", "sha256"),
            erased_only(content="''"),
        ]


class PreparationQuerySet(models.QuerySet):
    def current(self):
        """Who prepares the release now: the latest, or None."""
        return self.last()

    def by(self, user) -> bool:
        """Whether this person ever prepared the release, and so saw names."""
        return user is not None and self.filter(prepared_by_id=getattr(user, "pk", None)).exists()


class Preparation(models.Model):
    """The one team member who, on record, opens the applications with names to prepare their release.

    When that one leaves, another takes over, with a reason: a further row. The latest prepares; all of them saw names.
    """

    opportunity = models.ForeignKey(Opportunity, models.PROTECT, related_name="preparations")
    prepared_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    reason = models.TextField(_("why it was taken over"), blank=True)

    objects = PreparationQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["opportunity"], condition=Q(reason=""), name="one_first_preparation"
            ),
        ]
        triggers = [append_only()]


class Sheet(models.Model):
    """One evaluator's part in one evaluation: the declaration, and the moment all marks were handed in."""

    opportunity = models.ForeignKey(Opportunity, models.PROTECT, related_name="sheets")
    evaluator = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="sheets")
    declared_at = models.DateTimeField(_("declared no conflict of interest"), null=True)
    withdrawn_at = models.DateTimeField(_("withdrew"), null=True)
    submitted_at = models.DateTimeField(_("marks handed in"), null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["opportunity", "evaluator"], name="one_sheet_an_evaluator")
        ]
        triggers = [never_deleted()]


class CriterionResult(models.Model):
    """One evaluator's mark on one criterion of one application: pass or fail, with a rationale."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="marks")
    criterion = models.ForeignKey(EvaluationCriterion, models.PROTECT, related_name="+")
    evaluator = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    passed = models.BooleanField(_("mark"))
    rationale = models.TextField(_("rationale"))
    marked_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "criterion", "evaluator"], name="one_mark_each")
        ]
        triggers = [never_deleted()]


class Consensus(models.Model):
    """The client's decision where the evaluators' marks differ, with its reason."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="consensus")
    criterion = models.ForeignKey(EvaluationCriterion, models.PROTECT, related_name="+")
    passed = models.BooleanField(_("decision"))
    rationale = models.TextField(_("reason"))
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "criterion"], name="one_consensus_a_criterion")
        ]
        triggers = [never_deleted()]


class EvaluationRecord(models.Model):
    """Every mark and reason as they stood each time the evaluation was completed. Kept when it is returned."""

    opportunity = models.ForeignKey(Opportunity, models.PROTECT, related_name="evaluation_records")
    number = models.PositiveSmallIntegerField()
    content = models.JSONField()
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["opportunity", "number"], name="one_record_a_number")]
        triggers = [
            never_deleted(),
            written_once("opportunity_id", "number", "recorded_at"),
            erased_only(content="'{}'::jsonb"),
        ]


class PoolQuerySet(models.QuerySet):
    def proposed(self):
        return self.filter(frozen_at=None, voided_at=None)

    def frozen(self):
        return self.filter(frozen_at__isnull=False, voided_at=None)


class Pool(models.Model):
    """The receipts that enter a draw, frozen in a public text file (docs/draw.md)."""

    opportunity = models.ForeignKey(Opportunity, models.PROTECT, related_name="pools")
    number = models.PositiveSmallIntegerField()
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    frozen_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    frozen_at = models.DateTimeField(null=True)
    chain_hash = models.CharField(max_length=64, blank=True)
    round = models.PositiveBigIntegerField(null=True)
    round_at = models.DateTimeField(null=True)
    text = models.TextField(blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    announced_at = models.DateTimeField(null=True)
    """When the mail server had accepted the notice to every applicant."""
    voided_at = models.DateTimeField(null=True)
    void_reason = models.TextField(_("public reason"), blank=True)

    objects = PoolQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("pool"), _("pools")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["opportunity", "number"], name="one_pool_a_number"),
            models.UniqueConstraint(
                fields=["opportunity"], condition=Q(voided_at=None), name="one_pool_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(frozen_by=None) | ~Q(frozen_by=models.F("proposed_by")), name="two_people_freeze"
            ),
        ]
        triggers = [never_deleted(), written_once("opportunity_id", "proposed_by_id", "proposed_at")]

    def announced_too_late(self, now) -> bool:
        """Whether the notices were not all accepted 30 minutes before the round, so that the freeze is void."""
        return (self.announced_at or now) > self.announce_by

    @property
    def announce_by(self):
        """The last moment for every applicant's notice to be accepted by the mail server."""
        return self.round_at - ANNOUNCE_BEFORE


class Draw(models.Model):
    """The order that the public random value gave. One a pool."""

    pool = models.OneToOneField(Pool, models.PROTECT, related_name="draw")
    signature = models.CharField(max_length=96)
    randomness = models.CharField(max_length=64)
    seed = models.CharField(max_length=64)
    order = models.JSONField()
    """Receipts, first to last."""
    drawn_at = models.DateTimeField()

    class Meta:
        verbose_name, verbose_name_plural = _("draw"), _("draws")
        triggers = [append_only()]


class OfferQuerySet(models.QuerySet):
    def open(self):
        return self.filter(status=Offer.Status.OPEN)

    def held_by(self, user):
        """Open or signed offers of this user."""
        return self.filter(supplier=user, status__in=(Offer.Status.OPEN, Offer.Status.SIGNED))


class Offer(models.Model):
    """The contract, offered to one supplier, to be answered by a time. One open at a time."""

    class Status(models.TextChoices):
        OPEN = "open", _("waiting for an answer")
        SIGNED = "signed", _("signed")
        DECLINED = "declined", _("declined")
        EXPIRED = "expired", _("expired")
        CANCELLED = "cancelled", _("cancelled")

    opportunity = models.ForeignKey(Opportunity, models.PROTECT, related_name="offers")
    application = models.OneToOneField(Application, models.PROTECT, related_name="offer")
    supplier = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="offers")
    position = models.PositiveSmallIntegerField()
    made_at = models.DateTimeField()
    respond_by = models.DateTimeField(_("answer by"))
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    answered_at = models.DateTimeField(null=True)
    reason = models.TextField(_("reason"), blank=True)

    objects = OfferQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("offer"), _("offers")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["opportunity"], condition=Q(status="open"), name="one_offer_open"
            ),
            models.UniqueConstraint(
                fields=["opportunity"], condition=Q(status="signed"), name="one_offer_signed"
            ),
        ]
        triggers = [
            never_deleted(),
            written_once("opportunity_id", "application_id", "supplier_id", "position", "made_at"),
        ]


class Debrief(models.Model):
    """A supplier asked why; the team sent the reasons for the marks of their own application, and of no other."""

    application = models.OneToOneField(Application, models.PROTECT, related_name="debrief")
    question = models.TextField(_("what you would like to know"), blank=True)
    asked_at = models.DateTimeField(_("asked"))
    sent_at = models.DateTimeField(_("sent"), null=True)
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    note = models.TextField(_("note of the team"), blank=True)
    content = models.JSONField(default=list)
    """As sent: a list of {"en", "fr" (the criterion), "passed", "reasons": [{"passed", "rationale"}], "decision"}."""

    class Meta:
        verbose_name, verbose_name_plural = _("debrief"), _("debriefs")
        ordering = ["asked_at", "pk"]
        triggers = [
            never_deleted(),
            written_once("application_id", "asked_at"),
            erased_only(question="''"),
        ]

    def __str__(self) -> str:
        return str(self.application)
