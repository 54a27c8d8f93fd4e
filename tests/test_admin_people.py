"""People in the admin: who grants roles, and that nobody can enter as somebody else."""

import pytest
from django.contrib import admin
from django.urls import reverse

from microacq.models import User


def test_only_superusers_grant_roles(cast, client):
    path = reverse("admin:microacq_user_change", args=[cast.li.pk])
    client.force_login(cast.tess)
    assert client.get(path).status_code == 200
    assert (
        client.post(path, {"name": "Li", "language": "en", "role": "team", "is_active": "on"}).status_code
        == 403
    )
    client.force_login(cast.root)
    assert (
        client.post(path, {"name": "Li", "language": "en", "role": "team", "is_active": "on"}).status_code
        == 302
    )
    cast.li.refresh_from_db()
    assert cast.li.role == "team"
    assert not cast.li.is_superuser


def test_nobody_sees_or_sets_a_password_or_an_address(cast, client):
    path = reverse("admin:microacq_user_change", args=[cast.mona.pk])
    client.force_login(cast.root)
    body = client.get(path).content.decode()
    assert cast.mona.password not in body
    assert "md5$" not in body
    data = {
        "name": "Mona",
        "language": "fr",
        "role": "client",
        "is_active": "on",
        "email": "root@evil.example",
        "password": "x",
    }
    client.post(path, data)
    again = User.objects.get(pk=cast.mona.pk)
    assert (again.email, again.password) == (cast.mona.email, cast.mona.password)
    path = f"/en/admin/microacq/user/{cast.mona.pk}/password/"
    client.post(path, {"password1": "x" * 20, "password2": "x" * 20}, follow=True)
    assert 'name="password1"' not in client.get(path, follow=True).content.decode()
    assert User.objects.get(pk=cast.mona.pk).password == cast.mona.password


def test_the_last_superuser_stays(cast, client):
    client.force_login(cast.root)
    path = reverse("admin:microacq_user_change", args=[cast.root.pk])
    answer = client.post(path, {"name": "Root", "language": "en", "role": "team", "is_active": "on"})
    assert "last superuser" in answer.content.decode()
    cast.root.refresh_from_db()
    assert cast.root.is_superuser


def test_a_new_account_has_no_password_of_anybodys_choosing(cast, client, mailoutbox):
    client.force_login(cast.root)
    data = {"email": "New@hrsdc-rhdcc.gc.ca", "name": "New", "language": "fr", "role": "finance"}
    assert client.post(reverse("admin:microacq_user_add"), data).status_code == 302
    new = User.objects.get(email="new@hrsdc-rhdcc.gc.ca")
    assert (new.role, new.has_usable_password()) == ("finance", False)
    client.logout()
    client.post(reverse("account_reset_password"), {"email": new.email})
    assert mailoutbox[-1].to == [new.email]
    assert "/password/reset/key/" in mailoutbox[-1].body


def test_no_list_holds_secrets_or_what_is_sealed():
    registered = {f"{model._meta.app_label}.{model.__name__}" for model in admin.site._registry}
    sealed = {
        "evaluations.Application",
        "evaluations.Answer",
        "evaluations.Submission",
        "evaluations.CriterionResult",
        "evaluations.Preparation",
    }
    secret = {
        "mfa.Authenticator",
        "socialaccount.SocialToken",
        "socialaccount.SocialApp",
        "post_office.Email",
        "post_office.Attachment",
        "auth.Group",
    }
    assert not registered & (sealed | secret)


# mails


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_mail_has_a_sample_in_both_languages(cast, client, language):
    client.force_login(cast.tess)
    answer = client.get(f"/{language}/admin/opportunities/opportunity/mail-samples/")
    body = answer.content.decode()
    assert answer.status_code == 200
    assert "has no words yet" not in body
    samples = answer.context["mails"]
    assert len(samples) > 60
    for sample in samples:
        assert [words["language"] for words in sample.words] == ["en", "fr"], sample.name
        assert all(words["subject"] and words["text"] for words in sample.words), sample.name
