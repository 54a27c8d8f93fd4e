"""People in the admin: where superusers grant the team and finance roles."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _

from microacq.models import User

admin.site.unregister(Group)  # roles say everything; groups would be a second way to say it


class NewUserForm(AdminUserCreationForm):
    """A new account; an unusable password leaves only the departmental sign-on or a password reset."""

    class Meta:
        model = User
        fields = ("email", "name", "language", "role")
        field_classes: dict = {}


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    add_form = NewUserForm
    ordering = ("email",)
    list_display = ("email", "name", "role", "language", "is_active", "is_superuser")
    list_filter = ("role", "is_active", "is_superuser", "language")
    search_fields = ("email", "name")
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("email", "password", "name", "language")}),
        (_("Role"), {"fields": ("role", "is_active", "is_superuser")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("email", "name", "language", "role", "usable_password", "password1", "password2"),
            },
        ),
    )

    def has_delete_permission(self, request, obj=None):
        """Records name people: an account is made inactive, never removed."""
        return False
