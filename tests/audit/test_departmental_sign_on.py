"""Row 28: departmental sign-on by OpenID Connect, against a provider that runs beside the test and is asked over HTTP."""

import re
from urllib.parse import parse_qs, urlsplit

import oidc_provider_mock
import pytest
import requests
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from microacq.models import User
from tests.audit.doors import link, sign_in, sign_up, signed_in

pytestmark = pytest.mark.django_db
EMPLOYEE = "lou@servicecanada.gc.ca"


@pytest.fixture(scope="module")
def provider():
    """The provider's address."""
    with oidc_provider_mock.run_server_in_thread() as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(autouse=True)
def _department(settings, provider):
    settings.EMAIL_BACKEND = "post_office.EmailBackend"
    settings.ESDC_EMAIL_DOMAINS = ["hrsdc-rhdcc.gc.ca", "servicecanada.gc.ca"]
    app = {
        "provider_id": "department",
        "name": "Department",
        "client_id": "microacq",
        "secret": "not-told",
        "settings": {"server_url": provider, "oauth_pkce_enabled": True},
    }
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}


def begin(client, language="en") -> str:
    """Press the button of the sign-in page; gives the provider's address that the browser is sent to."""
    with override(language):
        path = reverse("openid_connect_login", args=["department"])
        assert path in Client().get(reverse("account_login")).text
    assert client.get(path).status_code == 200, "a link alone sends nobody away"
    answer = client.post(path)
    assert answer.status_code == 302
    return answer["Location"]


def agree(provider, address, subject, **claims) -> str:
    """At the provider: be known by these claims, and agree; gives the path that the browser comes back to."""
    assert address.startswith(f"{provider}/oauth2/authorize?")
    requests.put(f"{provider}/users/{subject}", json=claims, timeout=10).raise_for_status()
    answer = requests.post(address, data={"sub": subject}, allow_redirects=False, timeout=10)
    assert answer.status_code == 302
    back = urlsplit(answer.headers["Location"])
    assert back.netloc == "testserver"
    return f"{back.path}?{back.query}"


def sign_on(provider, subject="1", client=None, language="en", **claims):
    """The whole way; gives the visitor and the last answer."""
    client = client or Client()
    back = agree(provider, begin(client, language), subject, **claims)
    return client, client.get(back, follow=True)


def who(client) -> User | None:
    return User.objects.filter(pk=client.session.get("_auth_user_id")).first()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_28_role_from_the_verified_domain(provider, language):
    client, _page = sign_on(
        provider, f"new-{language}", language=language, email=EMPLOYEE, email_verified=True, name="Lou Roy"
    )
    assert signed_in(client)
    user = who(client)
    assert (user.email, user.name, user.role, user.language) == (EMPLOYEE, "Lou Roy", "client", language)
    assert not user.has_usable_password()
    assert not SocialToken.objects.exists(), "what the provider gave is not kept"


def test_28_no_claim_of_the_provider_grants_a_power(provider):
    client, _page = sign_on(
        provider,
        "powers",
        email=EMPLOYEE,
        email_verified=True,
        role="team",
        is_superuser=True,
        is_staff=True,
        groups=["finance"],
        roles=["finance"],
    )
    assert (who(client).role, who(client).is_superuser) == ("client", False)


def test_28_granted_roles_stay_and_the_second_factor_is_asked_for_too(provider, cast, settings):
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    settings.SECOND_FACTOR_REQUIRED = True
    client, _page = sign_on(provider, "tess", email=cast.tess.email, email_verified=True)
    assert who(client) == cast.tess
    assert not signed_in(client), "no factor yet: set one up first"
    TOTP.activate(cast.tess, generate_totp_secret())
    client, page = sign_on(provider, "tess", email=cast.tess.email, email_verified=True)
    assert page.redirect_chain[-1][0] == reverse("mfa_authenticate")
    assert who(client) is None
    cast.tess.refresh_from_db()
    assert cast.tess.role == "team"


@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": False},
        {"email_verified": "false"},
        {"email_verified": 0},
        {"email_verified": None},
        {},
    ],
    ids=["false", "word", "zero", "none", "silent"],
)
def test_28_no_account_taken_over_or_made_by_an_unverified_address(provider, cast, claims):
    for number, email in enumerate((cast.tess.email, cast.amara.email, EMPLOYEE)):
        client, page = sign_on(provider, f"evil-{number}", email=email, **claims)
        assert who(client) is None, email
        assert page.status_code == 200
    assert not SocialAccount.objects.exists()
    assert not User.objects.filter(email=EMPLOYEE).exists()


def test_28_whoever_came_first_with_an_unproven_address_gains_nothing_when_its_owner_comes(provider):
    """An account made beforehand under somebody's address, by password or by the provider, is not a way into theirs."""
    sign_on(provider, "squatter", email=EMPLOYEE, email_verified=False)
    sign_up(Client(), EMPLOYEE)
    owner, _page = sign_on(provider, "owner", email=EMPLOYEE, email_verified=True)
    assert who(owner) is None, "the account was somebody else's: its address is proved first"
    owner.post(link(EMPLOYEE, "confirm"))
    owner, _page = sign_on(provider, "owner", email=EMPLOYEE, email_verified=True)
    assert signed_in(owner)
    assert not who(owner).has_usable_password()
    squatter = Client()
    sign_in(squatter, EMPLOYEE)
    assert who(squatter) is None
    squatter, _page = sign_on(provider, "squatter", email=EMPLOYEE, email_verified=False)
    assert who(squatter) is None
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    "email",
    [
        "li@studio.example",
        "lou@x.servicecanada.gc.ca",
        "lou@servicecanada.gc.ca.example",
        "not an address",
        "",
    ],
)
def test_28_other_domain_refused(provider, cast, email):
    for verified in (True, False):
        client, page = sign_on(provider, "outside", email=email, email_verified=verified)
        assert who(client) is None
        assert page.status_code == 200
    assert not SocialAccount.objects.exists()
    assert not EmailAddress.objects.filter(email=EMPLOYEE).exists()


def test_28_a_known_subject_keeps_its_account_whatever_address_it_says_next(provider, cast):
    client, _page = sign_on(provider, "moves", email=EMPLOYEE, email_verified=True)
    lou = who(client)
    client, _page = sign_on(provider, "moves", email=cast.tess.email, email_verified=True)
    assert who(client) in (lou, None)
    assert SocialAccount.objects.get().user == lou


def test_28_replayed_and_foreign_state_refused(provider):
    client = Client()
    back = agree(provider, begin(client), "replay", email=EMPLOYEE, email_verified=True)
    assert who(client) is None
    victim = Client()
    victim.get(back)
    assert who(victim) is None, "a link that signs on as somebody else"
    begin(victim)
    victim.get(back)
    assert who(victim) is None, "even for who is on the way to the provider"
    for spoilt in (
        re.sub(r"state=[^&]+", "state=made-up", back),
        re.sub(r"&?state=[^&]+", "", back),
        re.sub(r"code=[^&]+", "code=made-up", back),
    ):
        other = Client()
        begin(other)
        assert other.get(spoilt, follow=True).status_code in (200, 401)
        assert who(other) is None
    client.get(back)
    assert signed_in(client)
    client.post(reverse("account_logout"))
    client.get(back)
    assert who(client) is None, "used"


def test_28_the_request_proves_itself_and_leads_back_only_here(provider):
    client = Client()
    asked = parse_qs(urlsplit(begin(client)).query)
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["state"][0]) >= 16
    assert "not-told" not in str(asked)
    path = reverse("openid_connect_login", args=["department"])
    answer = Client().post(f"{path}?next=https://evil.example/")
    back = agree(provider, answer["Location"], "next", email=EMPLOYEE, email_verified=True)
    assert "evil.example" not in back


def test_28_the_session_is_new_and_somebody_elses_is_not_joined(provider, cast):
    client = Client()
    client.force_login(cast.li)
    before = client.session.session_key
    client, _page = sign_on(provider, "joins", client=client, email=EMPLOYEE, email_verified=True)
    assert client.session.session_key != before
    assert who(client).email == EMPLOYEE
    assert not SocialAccount.objects.filter(user=cast.li).exists()


def test_28_a_provider_that_is_away_is_a_page_and_not_an_error(settings):
    app = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]
    app["settings"]["server_url"] = "http://127.0.0.1:9"
    for language, words in (("en", "The sign-on did not work"), ("fr", "<h1>")):
        with override(language):
            answer = Client().post(reverse("openid_connect_login", args=["department"]))
        assert answer.status_code == 503
        assert words in answer.text
        assert f'<html lang="{language}"' in answer.text
