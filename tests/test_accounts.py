"""Who signs in, as what: self sign-up, departmental addresses, the departmental sign-on, the second factor."""

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.db import IntegrityError, transaction
from django.urls import reverse
from post_office.models import Email

from microacq.accounts import in_department, mark_verified
from microacq.models import User

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _site(settings):
    settings.ESDC_EMAIL_DOMAINS = ["hrsdc-rhdcc.gc.ca", "servicecanada.gc.ca"]
    settings.EMAIL_BACKEND = "microacq.outbox.QueueBackend"


def sign_up(client, email, **more):
    data = {
        "email": email,
        "name": "Li",
        "language": "fr",
        "password1": PASSWORD,
        "password2": PASSWORD,
        **more,
    }
    return client.post(reverse("account_signup"), data)


def confirm(client, email):
    """Follow the address in the message that was queued, as its reader does."""
    message = Email.objects.filter(to=[email]).latest("pk")
    address = re.search(r"https?://[^/\s]+(/\S+confirm\S*/)", message.message)[1]
    assert client.get(address).status_code == 200
    return client.post(address)


def sign_in(client, email, password=PASSWORD):
    return client.post(reverse("account_login"), {"login": email, "password": password})


def signed_in(client):
    return "_auth_user_id" in client.session


def test_signing_up_makes_a_supplier_once_the_address_is_verified(client):
    sign_up(client, "Li@Supplier.example", role="team", is_superuser="on")
    user = User.objects.get()
    assert (user.email, user.name, user.language, user.role) == (
        "li@supplier.example",
        "Li",
        "fr",
        "supplier",
    )
    assert not user.is_staff
    assert not user.is_superuser
    sign_in(client, "li@supplier.example")
    assert not signed_in(client)
    confirm(client, "li@supplier.example")
    sign_in(client, "LI@supplier.example")
    assert signed_in(client)
    user.refresh_from_db()
    assert user.role == User.Role.SUPPLIER


def test_a_departmental_address_makes_a_client_only_once_it_is_verified(client):
    sign_up(client, "amara@servicecanada.gc.ca")
    assert User.objects.get().role == User.Role.SUPPLIER
    confirm(client, "amara@servicecanada.gc.ca")
    assert User.objects.get().role == User.Role.CLIENT
    assert User.objects.get().is_esdc


def test_a_departmental_address_added_later_counts_too(client):
    user = User.objects.create_user("amara@home.example", PASSWORD)
    mark_verified(user)
    EmailAddress.objects.create(user=user, email="amara@servicecanada.gc.ca", verified=False)
    sign_in(client, user.email)
    user.refresh_from_db()
    assert user.role == User.Role.SUPPLIER
    EmailAddress.objects.filter(email="amara@servicecanada.gc.ca").update(verified=True)
    client.logout()
    sign_in(client, user.email)
    user.refresh_from_db()
    assert user.role == User.Role.CLIENT


@pytest.mark.parametrize("role", ["team", "finance", "client"])
def test_roles_that_were_granted_stay(client, role):
    user = User.objects.create_user("tia@servicecanada.gc.ca", PASSWORD, role=role)
    mark_verified(user)
    sign_in(client, user.email)
    user.refresh_from_db()
    assert user.role == role


@pytest.mark.parametrize(
    ("email", "is_in"),
    [
        ("a@servicecanada.gc.ca", True),
        ("A@ServiceCanada.GC.CA", True),
        ("a@x.servicecanada.gc.ca", False),
        ("a@notservicecanada.gc.ca", False),
        ("a@servicecanada.gc.ca.example", False),
        ('"a@servicecanada.gc.ca"@evil.example', False),
        ("servicecanada.gc.ca@evil.example", False),
        ("", False),
    ],
)
def test_departmental_domains_match_exactly(email, is_in):
    assert in_department(email) is is_in


def test_one_address_one_account_whatever_its_case():
    User.objects.create_user("Li@Supplier.example")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(email="LI@SUPPLIER.EXAMPLE")
    with pytest.raises(ValueError, match="address"):
        User.objects.create_user("")


def test_signing_up_does_not_tell_who_has_an_account(client):
    mark_verified(User.objects.create_user("li@supplier.example", PASSWORD))
    taken, free = sign_up(client, "li@supplier.example"), sign_up(client, "new@supplier.example")
    assert (taken.status_code, taken["Location"]) == (free.status_code, free["Location"])


def test_too_many_wrong_passwords_close_the_door_for_a_while(client):
    mark_verified(User.objects.create_user("li@supplier.example", PASSWORD))
    for _ in range(11):
        sign_in(client, "li@supplier.example", "wrong")
    sign_in(client, "li@supplier.example")
    assert not signed_in(client)


# --- The departmental sign-on -----------------------------------------------------------------------------------


@pytest.fixture
def sign_on(rf, settings):
    """Come back from the departmental provider, which says who one is; gives the response and who is signed in."""
    from allauth.core import context
    from allauth.socialaccount.adapter import get_adapter
    from allauth.socialaccount.helpers import complete_social_login
    from django.contrib.auth.models import AnonymousUser
    from django.contrib.messages.storage.fallback import FallbackStorage
    from django.contrib.sessions.backends.db import SessionStore

    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "APPS": [
                {
                    "provider_id": "department",
                    "name": "Department",
                    "client_id": "x",
                    "secret": "y",
                    "settings": {"server_url": "https://sign-on.example"},
                }
            ]
        }
    }

    def come_back(**claims):
        request = rf.get("/en/accounts/")
        request.session = SessionStore()
        request.user = AnonymousUser()
        request.LANGUAGE_CODE = "en"
        request._messages = FallbackStorage(request)
        request.allauth = type("Cached", (), {})()
        with context.request_context(request):
            provider = get_adapter().get_provider(request, "department")
            login = provider.sociallogin_from_response(request, {"userinfo": claims})
            login.state = {"process": "login"}
            complete_social_login(request, login)
        return User.objects.filter(pk=request.session.get("_auth_user_id")).first()

    return come_back


def test_the_departments_word_makes_a_client(sign_on):
    user = sign_on(sub="1", email="amara@servicecanada.gc.ca", email_verified=True, name="Amara Diallo")
    assert (user.email, user.role) == ("amara@servicecanada.gc.ca", User.Role.CLIENT)


def test_the_departments_word_opens_the_account_that_is_there(sign_on):
    there = User.objects.create_user("amara@servicecanada.gc.ca", PASSWORD, role="client")
    mark_verified(there)
    assert sign_on(sub="1", email="amara@servicecanada.gc.ca", email_verified=True) == there
    there.refresh_from_db()
    assert there.check_password(PASSWORD)


def test_whoever_squats_on_an_address_is_locked_out_when_its_owner_comes(sign_on):
    squatter = User.objects.create_user("amara@servicecanada.gc.ca", PASSWORD)
    EmailAddress.objects.create(user=squatter, email=squatter.email, verified=False, primary=True)
    user = sign_on(sub="1", email="amara@servicecanada.gc.ca", email_verified=True)
    if user is not None:
        user.refresh_from_db()
        assert not user.check_password(PASSWORD)


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "amara@servicecanada.gc.ca", "email_verified": False},
        {"email": "amara@servicecanada.gc.ca"},
        {"email": "li@supplier.example", "email_verified": True},
    ],
)
def test_no_account_is_taken_over(sign_on, claims):
    there = User.objects.create_user(claims["email"], PASSWORD, role="team")
    mark_verified(there)
    assert sign_on(sub="9", **claims) is None
    assert not SocialAccount.objects.filter(user=there).exists()


def test_an_address_the_provider_did_not_verify_makes_no_client(sign_on):
    assert sign_on(sub="1", email="amara@servicecanada.gc.ca", email_verified=False) is None
    assert not User.objects.filter(role=User.Role.CLIENT).exists()


# --- The second factor ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "needed"),
    [
        ({"role": "team"}, True),
        ({"role": "finance"}, True),
        ({"role": "supplier", "is_superuser": True}, True),
        ({"role": "client"}, False),
        ({"role": "supplier"}, False),
    ],
)
def test_who_must_show_a_second_factor(client, settings, fields, needed):
    settings.SECOND_FACTOR_REQUIRED = True
    user = User.objects.create_user("tia@servicecanada.gc.ca", PASSWORD, **fields)
    mark_verified(user)
    client.force_login(user)
    for address in ("/en/admin/", reverse("account_email"), reverse("account_change_password")):
        response = client.get(address)
        sent = response.status_code == 302 and response["Location"] == reverse("mfa_index")
        assert sent is needed
    assert client.post(reverse("account_logout")).status_code == 302


def test_the_second_factor_opens_the_door(client, settings):
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    settings.SECOND_FACTOR_REQUIRED = True
    user = User.objects.create_user("tia@servicecanada.gc.ca", PASSWORD, role="team")
    mark_verified(user)
    TOTP.activate(user, generate_totp_secret())
    client.force_login(user)
    assert client.get("/en/admin/").status_code == 200
    client.logout()
    response = sign_in(client, user.email)
    assert response["Location"] == reverse("mfa_authenticate")
    assert not signed_in(client)


def test_the_admins_own_sign_in_goes_through_the_same_door(client):
    response = client.get("/en/admin/login/?next=/en/admin/")
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


# --- People in the admin ----------------------------------------------------------------------------------------


def test_only_a_superuser_grants_roles(client):
    team = User.objects.create_user("tia@servicecanada.gc.ca", PASSWORD, role="team")
    somebody = User.objects.create_user("fin@servicecanada.gc.ca", PASSWORD, role="client")
    address = reverse("admin:microacq_user_change", args=[somebody.pk])
    data = {"email": somebody.email, "name": "Fin", "language": "fr", "role": "finance", "is_active": "on"}
    client.force_login(team)
    assert client.post(address, data).status_code == 403
    client.force_login(User.objects.create_superuser("root@servicecanada.gc.ca", PASSWORD))
    assert client.get(reverse("admin:microacq_user_add")).status_code == 200
    assert client.post(address, data).status_code == 302
    somebody.refresh_from_db()
    assert somebody.role == User.Role.FINANCE
    assert client.get(reverse("admin:microacq_user_delete", args=[somebody.pk])).status_code == 403
