"""The addresses without a language: is the site alive, and where / leads."""

import pytest
from django.db import OperationalError, connection


@pytest.mark.django_db
def test_alive_with_its_database(client):
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "database": "ok"}
    assert "no-store" in response["Cache-Control"]


def test_503_when_the_database_cannot_be_reached(client, monkeypatch):
    def refuse():
        raise OperationalError("connection refused")

    monkeypatch.setattr(connection, "cursor", refuse)
    response = client.get("/healthz")
    assert response.status_code == 503
    assert response.json() == {"status": "failing", "database": "unreachable"}


@pytest.mark.parametrize(
    ("accepts", "leads"),
    [
        ("", "/en/"),
        ("fr-CA,fr;q=0.9,en;q=0.8", "/fr/"),
        ("en-CA,fr;q=0.9", "/en/"),
        ("de,fr;q=0.5,en;q=0.4", "/fr/"),
        ("de", "/en/"),
        ("en;q=0.1,fr;q=0.9", "/fr/"),
        ("nonsense;;q=x", "/en/"),
    ],
)
def test_the_root_follows_the_browsers_language_without_cookies(client, accepts, leads):
    client.cookies.clear()
    response = client.get("/", headers={"accept-language": accepts})
    assert response.status_code == 302
    assert response["Location"] == leads
    assert "Accept-Language" in response["Vary"]
    assert not response.cookies


@pytest.mark.django_db
def test_security_headers_are_on_every_response(client):
    response = client.get("/healthz")
    policy = response["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "object-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "unsafe" not in policy
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in response["Permissions-Policy"]
