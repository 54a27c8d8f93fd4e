"""The opportunity: the need as the client told it, then the statement as the public reads it.

Knows its own words, dates, price and people, what is missing from them, and who may see it.
Its state is written by `lifecycle.perform()` alone, through `enter()`.
"""

from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import connection, models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from microacq import business_days, clock
from microacq.prepared import Prepared

from ..states import STATES, STEPS, Role, State
from .criterion import Skill
from .event import Event

LANGUAGES = ("en", "fr")
DEPARTMENT = "Employment and Social Development Canada"
"""Whose needs these are, unless the client names another department."""
DEPARTMENTS_FR = {DEPARTMENT: "Emploi et Développement social Canada"}
RESULT_DAYS = 2
"""Business days after closing in which suppliers were to hear (client guide, step 6)."""
ADMINISTRATION_HOURS = 10
"""Hours of administration that the pilot added to an estimate."""


def _parts(key: int, user_key: int):
    found = Opportunity.objects.filter(pk=key).order_by().with_parts_of(get_user_model()(pk=user_key))
    return found.values("evaluates", "applied", "supplies")


PARTS = Prepared(_parts, keys=2)


class OpportunityQuerySet(models.QuerySet):
    def public(self):
        """What anybody may read: everything that was ever posted."""
        return self.filter(posted_at__isnull=False)

    def visible_to(self, user):
        """What this user may see: the public ones, those where they have a part, and all for the team."""
        if not user.is_authenticated:
            return self.public()
        if user.role == user.Role.TEAM:
            return self
        seen = Q(posted_at__isnull=False) | self.part_of(user)
        if user.role == user.Role.FINANCE:
            from .funds import Commitment

            seen |= Q(Exists(Commitment.objects.filter(opportunity=OuterRef("pk"))))
        return self.filter(seen)

    @staticmethod
    def part_of(user) -> Q:
        """Where the user is client, manager or evaluator. The manager sees it from the commitment on."""
        evaluators = Opportunity.evaluators.through.objects.filter(opportunity=OuterRef("pk"), user=user)
        return (
            Q(client=user)
            | Q(manager=user) & ~Q(state__in=("draft", "screening", "waitlisted"))
            | Exists(evaluators)
        )

    def with_parts_of(self, user):
        """Each with what this user is there besides client and manager: `evaluates`, `applied` and `supplies`."""
        here = {"opportunity": OuterRef("pk")}
        holds = Exists(user.offers.held_by(user).filter(**here))
        return self.annotate(
            evaluates=Exists(Opportunity.evaluators.through.objects.filter(user=user, **here)),
            applied=Exists(user.applications.of(user).filter(**here)),
            supplies=holds | Exists(user.contracts.filter(**here)),
        )

    def held_still(self, key: int) -> "Opportunity":
        """One row as it stays until the transaction ends. Unlike `Opportunity.locked()` many may hold it at once, for what
        they write beside it; who would change it waits for them all."""
        return self.raw("SELECT * FROM opportunities_opportunity WHERE id = %s FOR SHARE", [key])[0]

    def with_people(self):
        """With what cards and pages show, in a constant number of queries."""
        return self.select_related("client", "manager").prefetch_related("skills")


class Opportunity(models.Model):
    """One micro-acquisition, from the first question to the registry entry."""

    reference = models.CharField(_("reference"), max_length=20, unique=True, editable=False)
    state = models.CharField(
        _("state"),
        max_length=20,
        default="draft",
        editable=False,
        choices=[(s.name, s.label) for s in STATES.values()],
    )
    state_since = models.DateTimeField(_("since"), default=clock.now, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    modified_at = models.DateTimeField(_("modified"), default=clock.now, editable=False)
    rerun_of = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="reruns",
        verbose_name=_("run again from"),
    )

    # people
    client = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="opportunities_as_client",
        verbose_name=_("client"),
    )
    manager = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="opportunities_as_manager",
        verbose_name=_("manager with delegated financial authority"),
    )
    evaluators = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="opportunities_as_evaluator",
        verbose_name=_("evaluators"),
    )
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, editable=False, related_name="opportunities_owned", verbose_name=_("owner in the team"))  # fmt: skip
    entered_by_team = models.BooleanField(_("entered by the team, from an email"), default=False)

    # the inquiry
    title = models.CharField(_("title"), max_length=100, blank=True)
    need = models.TextField(_("what is needed"), blank=True)
    reason = models.TextField(_("why it is needed"), blank=True)
    repository = models.URLField(_("repository"), blank=True, max_length=300)
    department = models.CharField(_("department"), max_length=200, blank=True, default=DEPARTMENT)
    branch = models.CharField(_("branch"), max_length=200, blank=True)
    team_name = models.CharField(_("team"), max_length=200, blank=True)
    budget = models.DecimalField(
        _("budget thought of"), max_digits=9, decimal_places=2, null=True, blank=True
    )
    wanted_date = models.DateField(_("wanted by"), null=True, blank=True)
    heard_from = models.CharField(_("how you heard of micro-acquisition"), max_length=200, blank=True)

    # the statement
    short_description = models.TextField(_("short description"), max_length=500, blank=True)
    background = models.TextField(_("background"), blank=True)
    work = models.TextField(_("the work"), blank=True)
    deliverables = models.TextField(_("deliverables"), blank=True)
    skills = models.ManyToManyField(Skill, blank=True, verbose_name=_("skills"))
    licence = models.CharField(_("licence (SPDX identifier)"), max_length=60, blank=True, default="MIT")
    fixed_price = models.DecimalField(
        _("fixed price, before taxes"), max_digits=9, decimal_places=2, null=True, blank=True
    )
    hourly_rate = models.DecimalField(_("hourly rate"), max_digits=6, decimal_places=2, null=True, blank=True)
    estimated_hours = models.DecimalField(
        _("estimated hours"), max_digits=5, decimal_places=1, null=True, blank=True
    )
    weekly_hours = models.DecimalField(
        _("hours a week"),
        max_digits=3,
        decimal_places=1,
        default=Decimal("37.5"),
        validators=[MinValueValidator(Decimal("1")), MaxValueValidator(Decimal("37.5"))],
    )
    closing_at = models.DateTimeField(_("closes"), null=True, blank=True)
    original_closing_at = models.DateTimeField(null=True, editable=False)
    selection_date = models.DateField(_("anticipated supplier selection date"), null=True, blank=True)
    delivery_date = models.DateField(_("work delivery date"), null=True, blank=True)
    original_delivery_date = models.DateField(null=True, editable=False)
    unclassified = models.BooleanField(_("Everything about this work is unclassified."), default=False)
    stand_alone = models.BooleanField(
        _("It is a stand-alone piece of work, not part of a larger one."), default=False
    )
    no_internal_capacity = models.BooleanField(_("Nobody inside has the capacity to do it."), default=False)
    remote_and_open = models.BooleanField(
        _("It is done remotely, in an open repository, under an open source licence."), default=False
    )
    imported_ref = models.CharField(max_length=200, blank=True, editable=False, db_index=True)

    # posted
    posted_at = models.DateTimeField(_("posted"), null=True, blank=True, editable=False)
    amended_at = models.DateTimeField(_("updated"), null=True, blank=True, editable=False)
    ending_reason = models.TextField(_("public reason"), blank=True)

    objects = OpportunityQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("opportunity"), _("opportunities")
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["state", "state_since"]),
            models.Index(fields=["closing_at"], condition=Q(state="posted"), name="open_by_closing"),
            models.Index(fields=["-posted_at"], condition=Q(posted_at__isnull=False), name="posted_newest"),
            # What the public list counts, sorts and narrows, so that it need not read the texts.
            models.Index(
                fields=["closing_at", "id"],
                include=["state", "fixed_price", "posted_at", "modified_at"],
                condition=Q(posted_at__isnull=False),
                name="public_facts",
            ),
            models.Index(
                fields=["modified_at"], condition=Q(posted_at__isnull=False), name="public_modified"
            ),
            models.Index(
                Coalesce("amended_at", "posted_at").desc(),
                condition=Q(posted_at__isnull=False),
                name="news_first",
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=list(STATES)), name="state_known"),
            models.CheckConstraint(
                condition=Q(manager__isnull=True) | ~Q(manager=models.F("client")),
                name="manager_is_not_client",
            ),
            models.CheckConstraint(
                condition=Q(posted_at__isnull=True)
                | Q(fixed_price__gt=0, fixed_price__lte=Decimal("8695.65")),
                name="posted_price_within_ceiling",
            ),
            models.UniqueConstraint(fields=["rerun_of"], name="run_again_once"),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.title}".strip()

    def save(self, *args, **kwargs):
        if not self.reference:
            with connection.cursor() as cursor:
                cursor.execute("SELECT nextval(pg_get_serial_sequence('opportunities_opportunity', 'id'))")
                self.pk = cursor.fetchone()[0]
            self.reference = f"MA-{self.created_at.astimezone(clock.EASTERN):%Y}-{self.pk:04d}"
            kwargs["force_insert"] = True
        super().save(*args, **kwargs)

    def refresh_from_db(self, *args, **kwargs):
        super().refresh_from_db(*args, **kwargs)
        self.__dict__.pop("_contract", None)

    # what the lifecycle asks

    def locked(self) -> "Opportunity":
        """This row again, locked until the transaction ends."""
        return Opportunity.objects.select_for_update(of=("self",)).get(pk=self.pk)

    def enter(self, state: str, now: datetime) -> None:
        """Written by `lifecycle.perform()` alone: the state, with its version."""
        if state != self.state:
            self.state, self.state_since = state, now
        self.version += 1
        self.modified_at = now
        self.save()

    def log(self, transition, source, actor, role, now, data) -> Event:
        """Append the event to this opportunity's chain. Called by `perform()` with the row locked."""
        return Event.append(self, transition, source, actor, role, now, data)

    def own_roles_of(self, user, evaluates: bool | None = None) -> set[Role]:
        """The user's roles in the buying of it; `evaluates` when it is known whether they are one of its evaluators.
        Who has a part in the need acts as that, not as team or finance."""
        roles = {Role.PUBLIC}
        if not user.is_authenticated or not user.is_active:
            return roles
        if user.pk == self.client_id:
            roles.add(Role.CLIENT)
        if user.pk == self.manager_id:
            roles.add(Role.MANAGER)
        if evaluates is None:
            evaluates = any(user.pk == evaluator.pk for evaluator in self.evaluators.all())
        if evaluates:
            roles.add(Role.EVALUATOR)
        if roles == {Role.PUBLIC} and user.role in (Role.TEAM, Role.FINANCE):
            roles.add(Role(user.role))
        return roles

    def roles_of(self, user) -> set[Role]:
        """All the user's roles here. Who applied and was made one of the team or of finance since is not that here."""
        if not (self.posted_at and user.is_authenticated and user.is_active):
            return self.own_roles_of(user)
        parts = PARTS.first(self.pk, user.pk)
        roles = self.own_roles_of(user, parts["evaluates"])
        if parts["applied"]:
            roles.add(Role.APPLICANT)
        if parts["supplies"]:
            roles.add(Role.SUPPLIER)
        if parts["applied"] or parts["supplies"]:
            roles -= {Role.TEAM, Role.FINANCE}
        return roles

    # where it stands

    @property
    def status(self) -> State:
        """The declared state: label, meaning, who it waits for."""
        return STATES[self.state]

    @property
    def step_label(self):
        return STEPS[self.status.step]

    def is_open(self, now: datetime) -> bool:
        """Whether suppliers can apply at this moment: decided by the time, not by whether a job has run."""
        return self.state == "posted" and now < self.closing_at

    def has_closed(self, now: datetime) -> bool:
        """Whether sealed applications may be opened."""
        return self.posted_at is not None and (self.state != "posted" or now >= self.closing_at)

    @property
    def questions_until(self) -> datetime:
        """Two business days before closing, at the closing time (client guide, step 4)."""
        local = self.closing_at.astimezone(clock.EASTERN)
        day = business_days.add(local.date(), -2)
        return local.replace(year=day.year, month=day.month, day=day.day)

    @property
    def result_expected_by(self):
        """Two business days after closing: when suppliers were to hear (client guide, step 6)."""
        return business_days.add(self.closing_at.astimezone(clock.EASTERN).date(), RESULT_DAYS)

    def days_after_closing(self, moment: datetime) -> int:
        """Business days from the day of closing to the day of a moment, in Eastern time."""
        closing, day = (value.astimezone(clock.EASTERN).date() for value in (self.closing_at, moment))
        return business_days.between(closing, day)

    @property
    def estimate(self) -> Decimal | None:
        """Rate x (hours + administration), in dollars before taxes; None without both figures."""
        if self.hourly_rate is None or self.estimated_hours is None:
            return None
        return (self.hourly_rate * (self.estimated_hours + ADMINISTRATION_HOURS)).quantize(Decimal("0.01"))

    def department_in(self, language: str) -> str:
        """The department's name in a language; as it was written where we know no other."""
        return DEPARTMENTS_FR.get(self.department, self.department) if language == "fr" else self.department

    @property
    def department_name(self) -> str:
        """The department's name in the reader's language."""
        return self.department_in((get_language() or "en")[:2])

    # records, latest first

    @property
    def reservation(self):
        """The reservation in force: the latest."""
        return self.reservations.order_by("pk").last()

    @property
    def contract(self):
        """The signed contract, or None. Kept once found: there is never another."""
        if not self.__dict__.get("_contract"):
            self._contract = self.contracts.first()
        return self._contract

    @property
    def delivery(self):
        """The latest delivery, or None."""
        return self.deliveries.order_by("number").last()

    @property
    def latest_invoice(self):
        return self.invoices.order_by("version").last()

    @property
    def certification(self):
        """The section 34 certification of the latest invoice, or None."""
        invoice = self.latest_invoice
        return getattr(invoice, "certification", None) if invoice else None

    @property
    def payment(self):
        return self.payments.first()

    def waiting_days(self, now: datetime) -> int:
        """Business days since the present state began."""
        start = self.state_since.astimezone(clock.EASTERN).date()
        return business_days.between(start, now.astimezone(clock.EASTERN).date())

    def is_late(self, now: datetime) -> bool:
        """Whether the present state is past its target."""
        return self.status.days is not None and self.waiting_days(now) > self.status.days
