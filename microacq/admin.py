"""People in the admin: where superusers grant the team and finance roles, and nothing else is done to an account.

Knows no opportunity. Passwords, second factors and sign-on tokens are their owner's: none is shown or set here, so
that nobody can enter as somebody else.
"""

import allauth.account.admin
import allauth.mfa.admin
import allauth.socialaccount.admin  # noqa: F401
import django.contrib.auth.admin  # noqa: F401 - these are registered first, to be taken away below
import post_office.admin  # noqa: F401 - the team's list of mails is in opportunities/admin_records.py
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from post_office.models import Attachment, Email, EmailTemplate, Log

from microacq import clock
from microacq.accounts import mark_verified
from microacq.forms import GCModelForm
from microacq.listed_filters import ListedFiltersOnly
from microacq.models import User

admin.site.enable_nav_sidebar = False  # the front page has the same links, and lists need the width

# Roles say everything, so groups would be a second way to say it; the others hold secrets or are not used.
admin.site.unregister(
    [
        Group,
        EmailAddress,
        Authenticator,
        SocialAccount,
        SocialApp,
        SocialToken,
        Attachment,
        Email,
        EmailTemplate,
        Log,
    ]
)


class UserForm(GCModelForm):
    """The role, and whether the account is open. At least one superuser stays."""

    def clean(self):
        data = super().clean()
        stays = data.get("is_superuser", self.instance.is_superuser) and data.get(
            "is_active", self.instance.is_active
        )
        was = (
            self.instance.pk
            and User.objects.filter(pk=self.instance.pk, is_superuser=True, is_active=True).exists()
        )
        if (
            was
            and not stays
            and not User.objects.filter(is_superuser=True, is_active=True)
            .exclude(pk=self.instance.pk)
            .exists()
        ):
            raise ValidationError(_("This is the last superuser. Name another one first."))
        return data


@admin.register(User)
class UserAdmin(ListedFiltersOnly):
    """The team reads; a superuser adds people, grants roles and closes accounts."""

    form = UserForm
    actions = None
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    ordering = ("email",)
    list_display = ("email", "name", "role", "language", "is_active", "is_superuser")
    list_filter = ("role", "is_active", "is_superuser", "language")
    search_fields = ("email", "name")
    fieldsets = (
        (None, {"fields": ("email", "name", "language")}),
        (_("Role"), {"fields": ("role", "is_active", "is_superuser")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "fields": ("email", "name", "language", "role"),
                "description": _(
                    "The person chooses a password with “Forgot your password?”, or signs on through the department."
                ),
            },
        ),
    )

    def get_fieldsets(self, request, obj=None):
        return self.fieldsets if obj else self.add_fieldsets

    def get_readonly_fields(self, request, obj=None):
        """The address is the sign-in: its owner changes it, and proves the new one."""
        return ("email", "last_login", "date_joined") if obj else ()

    def has_module_permission(self, request):
        return self.has_view_permission(request)

    def has_view_permission(self, request, obj=None):
        return request.user.is_active and request.user.is_staff

    def has_add_permission(self, request):
        return request.user.is_active and request.user.is_superuser

    def has_change_permission(self, request, obj=None):
        return request.user.is_active and request.user.is_superuser

    def has_delete_permission(self, request, obj=None):
        """Records name people: an account is made inactive, never removed."""
        return False

    def save_model(self, request, obj, form, change):
        if not change:
            obj.set_unusable_password()
        obj.closed_at = None if obj.is_active else obj.closed_at or clock.now()
        super().save_model(request, obj, form, change)
        if not change:
            mark_verified(obj)
