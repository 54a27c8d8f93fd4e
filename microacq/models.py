"""The person who signs in: email address, name, preferred language, role across the site. Knows no opportunity.

Roles on one opportunity (client, evaluator, manager...) come from the opportunity itself, not from here.
"""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _


class UserManager(BaseUserManager):
    """Makes people; addresses are kept in lower case, so that one person cannot sign up twice."""

    def create_user(self, email, password=None, **fields):
        """Give the email address, password (None: unusable) and other fields; returns the saved user."""
        if not email:
            raise ValueError("A user needs an email address.")
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email, password=None, **fields):
        """As create_user, for someone who may do everything in the admin."""
        return self.create_user(email, password, **{"role": User.Role.TEAM, **fields, "is_superuser": True})

    def get_by_natural_key(self, email):
        return self.get(email__iexact=email)


class User(AbstractBaseUser, PermissionsMixin):
    """Someone who signs in with an email address. Team and finance roles are granted in the admin only."""

    class Role(models.TextChoices):
        SUPPLIER = "supplier", _("Supplier")
        CLIENT = "client", _("Employee of the department")
        TEAM = "team", _("Pilot team")
        FINANCE = "finance", _("Finance officer")

    class Language(models.TextChoices):
        ENGLISH = "en", "English"
        FRENCH = "fr", "Français"

    email = models.EmailField(_("email address"), unique=True, max_length=254)
    name = models.CharField(_("name"), max_length=150, blank=True)
    language = models.CharField(
        _("preferred language"), max_length=2, choices=Language.choices, default=Language.ENGLISH
    )
    role = models.CharField(_("role"), max_length=10, choices=Role.choices, default=Role.SUPPLIER)
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Clear this instead of deleting the account.")
    )
    date_joined = models.DateTimeField(_("date joined"), default=timezone.now, editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True, editable=False)
    factor_changes = models.PositiveIntegerField(_("changes of second factor"), default=0, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []

    objects = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_unique_whatever_case",
                violation_error_message=_("Someone already uses this email address."),
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=["supplier", "client", "team", "finance"]), name="user_role_known"
            ),
        ]

    def __str__(self):
        return self.name or self.email

    def clean(self):
        super().clean()
        self.email = self.email.strip().lower()

    def _get_session_auth_hash(self, secret=None):
        """What a session is bound to, beside the password: it ends when a second factor comes or goes elsewhere."""
        bound = super()._get_session_auth_hash(secret=secret)
        if not self.factor_changes:
            return bound
        return salted_hmac("second factor", f"{bound} {self.factor_changes}", secret=secret).hexdigest()

    def get_full_name(self):
        return str(self)

    def get_short_name(self):
        return str(self)

    @property
    def is_staff(self):
        """May open the admin: the pilot team and superusers. What they may do there is each admin's to say."""
        return self.is_superuser or self.role == self.Role.TEAM

    @property
    def is_esdc(self):
        """Works for the department, whatever their part in it."""
        return self.role in (self.Role.CLIENT, self.Role.TEAM, self.Role.FINANCE)
