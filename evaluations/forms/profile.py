"""A supplier's profile, and the closing of an account."""

from django import forms
from django.utils.translation import gettext_lazy as _

from microacq.forms import GCForm
from microacq.models import User

from ..models import SupplierProfile
from .application import AboutForm, province_choices

KEPT = ("business_name", "province", "code_account")


class ProfileForm(GCForm):
    """What fills in the next application. All but the name may stay empty."""

    name = forms.CharField(
        label=_("Your full name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    business_name = AboutForm.base_fields["business_name"]
    province = forms.ChoiceField(label=_("Province or territory where you live"), choices=(), required=False)
    code_account = forms.URLField(
        label=_("Address of your public repository account"),
        max_length=300,
        required=False,
        assume_scheme="https",
        widget=forms.URLInput(attrs={"autocomplete": "url"}),
    )
    language = forms.ChoiceField(
        label=_("Language for our emails"), choices=User.Language.choices, widget=forms.RadioSelect
    )

    def __init__(self, *args, user, **kwargs):
        self.user = user
        profile = SupplierProfile.objects.filter(user=user).first()
        start = {name: getattr(profile, name) for name in KEPT} if profile else {}
        super().__init__(*args, initial={"name": user.name, "language": user.language, **start}, **kwargs)
        self.fields["province"].choices = [("", _("Choose one")), *province_choices()]

    def save(self, now) -> SupplierProfile:
        """Keep it on the account and in the profile."""
        given = self.cleaned_data
        self.user.name, self.user.language = given["name"], given["language"]
        self.user.save(update_fields=["name", "language"])
        wanted = {name: given[name] for name in KEPT} | {"saved_at": now}
        return SupplierProfile.objects.update_or_create(user=self.user, defaults=wanted)[0]


class CloseAccountForm(GCForm):
    """The password once more."""

    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self):
        if not self.user.check_password(self.cleaned_data["password"]):
            raise forms.ValidationError(_("This is not your password."), code="password")
        return self.cleaned_data["password"]
