"""More than one machine: what the settings make of it, and which read goes to which database."""

import pytest
from django.core.files.base import ContentFile
from django.db import DatabaseError, connection
from django.test.utils import override_settings
from django.utils.connection import ConnectionDoesNotExist

from microacq import clock, machines, replica
from microacq.models import User
from microacq.stores import S3
from opportunities.models import Opportunity
from tests.factories import at
from tests.test_settings import GOOD, manage

STORE = {
    "UPLOAD_S3_BUCKET": "uploads",
    "UPLOAD_S3_ENDPOINT": "https://store.example.ca",
    "UPLOAD_S3_ACCESS_KEY": "key",
    "UPLOAD_S3_SECRET_KEY": "secret",
}
MACHINES = {
    "DATABASE_POOLED": "1",
    "DATABASE_REPLICA_URL": "postgresql://site@replica/site",
    "CACHE_URL": "redis://cache/0",
    "STATIC_URL": "https://cdn.example.ca/static/",
    **STORE,
}


def test_the_settings_of_many_machines_are_clean():
    done = manage({**GOOD, **MACHINES}, "check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr


def test_each_setting_that_cannot_be_is_told_at_once():
    wrong = {
        "DATABASE_POOLED": "1",
        "DATABASE_URL": GOOD["DATABASE_URL"] + "?options=-c%20role%3Dapp",
        "DATABASE_REPLICA_URL": "replica",
        "STATIC_URL": "http://cdn.example.ca/static",
        "UPLOAD_S3_BUCKET": "My Bucket",
        "UPLOAD_S3_ENDPOINT": "http://store.example.ca",
    }
    done = manage({**GOOD, **wrong}, "check")
    assert done.returncode != 0
    for sentence in (
        "a pooler in transaction mode keeps no session",
        "DATABASE_REPLICA_URL cannot be read",
        "STATIC_URL cannot be read",
        "UPLOAD_S3_BUCKET is not the name of a bucket",
        "UPLOAD_S3_ENDPOINT is unsafe",
        "UPLOAD_S3_ACCESS_KEY is not set",
        "UPLOAD_S3_SECRET_KEY is not set",
    ):
        assert sentence in done.stderr


def test_a_pooled_database_keeps_nothing_in_its_session():
    problems = []
    assert machines.pooled({"NAME": "site"}, problems)["DISABLE_SERVER_SIDE_CURSORS"] is True
    assert not problems


def test_a_replica_is_another_server_and_is_not_waited_for():
    problems = []
    primary = {"HOST": "one", "PORT": 5432, "NAME": "site"}
    assert machines.replica({**primary, "HOST": "two"}, primary, problems)["OPTIONS"] == {
        "connect_timeout": 2
    }
    assert not problems
    machines.replica(dict(primary), primary, problems)
    assert problems == ["DATABASE_REPLICA_URL names the same database as DATABASE_URL: unset it."]


def test_a_store_is_private_and_whole():
    problems = []
    assert machines.s3({}, problems) is None
    found = machines.s3(STORE, problems)["OPTIONS"]
    assert (found["bucket_name"], found["addressing_style"], found["default_acl"]) == (
        "uploads",
        "path",
        None,
    )
    assert found["file_overwrite"] is False
    amazon = machines.s3({**STORE, "UPLOAD_S3_ENDPOINT": ""}, problems)["OPTIONS"]
    assert (amazon["addressing_style"], amazon["endpoint_url"]) == ("virtual", None)
    assert not problems


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("", ("/static/", [])),
        ("/files/", ("/files/", [])),
        (
            "https://cdn.example.ca/static/",
            ("https://cdn.example.ca/static/", ["https://cdn.example.ca"]),
        ),
    ],
)
def test_static_files_come_from_here_or_from_a_named_origin(given, found):
    problems = []
    assert machines.static_url(given, problems) == found
    assert not problems


@pytest.mark.parametrize(
    "given", ["/", "static", "https://cdn.example.ca/static", "http://cdn.example.ca/s/", "//cdn/s/"]
)
def test_static_files_come_from_nowhere_else(given):
    problems = []
    machines.static_url(given, problems)
    assert len(problems) == 1


def test_a_store_that_is_away_is_like_a_disk_that_is():
    closed = "http://127.0.0.1:9"  # the port of `discard`: nobody listens
    store = S3(**machines.s3({**STORE, "UPLOAD_S3_ENDPOINT": closed}, [])["OPTIONS"])
    for ask in (
        lambda: store.save("name", ContentFile(b"content")),
        lambda: store.open("name"),
        lambda: store.exists("name"),
        lambda: store.delete("name"),
    ):
        with pytest.raises(OSError, match="the store of files"):
            ask()


def test_only_what_is_read_inside_goes_to_the_replica():
    router = replica.Router()
    assert router.db_for_read(Opportunity) == "default"
    with replica.reads():
        assert router.db_for_read(Opportunity) == "replica"
        assert router.db_for_write(Opportunity, instance=Opportunity()) == "default"
        assert User.objects.all().select_for_update().db == "default"
    assert router.db_for_read(Opportunity) == "default"
    made = replica.pieces(router.db_for_read(Opportunity) for _ in range(2))
    assert [(piece, router.db_for_read(Opportunity)) for piece in made] == [("replica", "default")] * 2
    assert router.allow_migrate("default", "opportunities") and not router.allow_migrate(
        "replica", "opportunities"
    )


def test_a_replica_is_asked_only_when_it_has_everything(monkeypatch):
    monkeypatch.setattr(replica, "_away_until", 0.0)
    marks = {"default": "2", "replica": "2"}
    assert not replica.up_to_date(marks.__getitem__)  # there is none
    with override_settings(DATABASES={"default": {}, "replica": {}}):
        assert replica.up_to_date(marks.__getitem__)
        marks["replica"] = "1"
        assert not replica.up_to_date(marks.__getitem__)
        asked = []

        def away(database):
            asked.append(database)
            raise DatabaseError

        assert not replica.up_to_date(away)
        assert not replica.up_to_date(away)  # for a while it is not even asked
        assert asked == ["replica"]


def test_documents_come_from_the_replica_and_pages_never(client, cast, monkeypatch):
    opportunity = at("posted", cast, now=clock.now())
    monkeypatch.setattr(replica, "up_to_date", lambda mark: True)
    for document in ("opportunities.json", "opportunities.csv", f"{opportunity.reference}/opportunity.json"):
        with pytest.raises(ConnectionDoesNotExist):  # there is no replica here: so it was asked
            b"".join(client.get(f"/en/opportunities/{document}"))
    client.force_login(cast.li)
    for page in ("", f"{opportunity.reference}/", f"{opportunity.reference}/apply/"):
        assert client.get(f"/en/opportunities/{page}").status_code == 200
    assert connection.alias == "default"
