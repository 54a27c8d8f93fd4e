"""Asking relays for the beacon's signature: a real https server that behaves, misbehaves, or is not there."""

import json
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from evaluations import beacon, draw

ROUND = 657413
SIGNATURE = "b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be41076862b98fad56e91a6b85b89cd97b"
PATH = f"/{draw.QUICKNET.chain_hash}/public/{ROUND}"


def answer(**changes) -> bytes:
    return json.dumps({"round": ROUND, "randomness": "00", "signature": SIGNATURE} | changes).encode()


class Relay(ThreadingHTTPServer):
    """Answers every request with `body` and `status`; remembers the paths asked."""

    daemon_threads = True
    status, body, headers = 200, b"", {}

    def __init__(self, certificate):
        self.asked = []
        super().__init__(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.address = f"https://127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address):
        """A client that hangs up is what some tests are about."""


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *args):
        """Quiet."""


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A file with a key and a certificate for 127.0.0.1, made now and good for an hour."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "relay of the tests")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path_factory.mktemp("relay") / "relay.pem"
    path.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def make_relay(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setenv("NO_PROXY", "*")
    started = []

    def make(body=b"", status=200, headers=None):
        relay = Relay(certificate)
        relay.body, relay.status, relay.headers = body, status, headers or {}
        threading.Thread(target=relay.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        started.append(relay)
        return relay

    yield make
    for relay in started:
        relay.shutdown()
        relay.server_close()


def fetch(*relays) -> str | None:
    return beacon.fetch([relay.address for relay in relays], draw.QUICKNET, ROUND)


def test_the_signature_comes_from_the_first_relay_that_has_it(make_relay):
    away, good, spare = make_relay(status=404), make_relay(answer()), make_relay(answer())
    assert fetch(away, good, spare) == SIGNATURE
    assert (away.asked, good.asked, spare.asked) == ([PATH], [PATH], [])


def test_a_relay_is_asked_at_one_address_however_it_is_written(make_relay):
    good = make_relay(answer(signature=SIGNATURE.upper()))
    assert beacon.fetch([good.address + "/"], draw.QUICKNET, ROUND) == SIGNATURE
    assert good.asked == [PATH]


BAD_ANSWERS = {
    "nothing": b"",
    "no JSON": b"<html>",
    "no UTF-8": b"\xff\xfe\xfd",
    "a list": b"[]",
    "null": b"null",
    "deep": b"[" * 4000,
    "a huge number": b'{"round": ' + b"9" * 4000 + b"}",
    "another round": answer(round=ROUND + 1),
    "the round as text": answer(round=str(ROUND)),
    "no round": json.dumps({"signature": SIGNATURE}).encode(),
    "no signature": json.dumps({"round": ROUND}).encode(),
    "a signature that is no text": answer(signature=[SIGNATURE]),
    "garbage": answer(signature="garbage"),
    "another signature": answer(signature=draw.demonstration_signature(ROUND)),
    "too large": answer(previous="x" * 5000),
}


@pytest.mark.parametrize("body", BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_what_a_relay_says_is_not_believed_and_the_next_is_asked(body, make_relay):
    bad = make_relay(body)
    assert fetch(bad) is None
    assert fetch(bad, make_relay(answer())) == SIGNATURE


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(status, make_relay):
    target = make_relay(answer())
    assert fetch(make_relay(status=status, headers={"Location": target.address + PATH})) is None
    assert target.asked == []


@pytest.mark.parametrize("status", [204, 403, 404, 429, 500, 503])
def test_a_relay_that_has_no_answer(status, make_relay):
    assert fetch(make_relay(status=status)) is None


def test_an_unknown_certificate_is_refused(make_relay, monkeypatch):
    relay = make_relay(answer())
    monkeypatch.delenv("SSL_CERT_FILE")
    assert fetch(relay) is None
    assert relay.asked == []


def test_an_answer_that_comes_too_slowly_is_given_up(make_relay, monkeypatch):
    monkeypatch.setattr(beacon, "DEADLINE", -1.0)
    assert fetch(make_relay(answer())) is None


def test_a_relay_that_never_answers_is_given_up(monkeypatch):
    monkeypatch.setattr(beacon, "TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"https://127.0.0.1:{silent.getsockname()[1]}"
        assert beacon.fetch([address], draw.QUICKNET, ROUND) is None


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:9",
        "file:///etc/passwd",
        "ftp://127.0.0.1",
        "127.0.0.1",
        "",
        "https://",
        "https://127.0.0.1:port",
        "https://[",
        "https://a b",
        "https://" + "a" * 300 + ".example",
    ],
)
def test_an_address_that_is_not_https_is_never_asked(address):
    assert beacon.fetch([address], draw.QUICKNET, ROUND) is None


def test_without_relays_there_is_no_signature():
    assert beacon.fetch([], draw.QUICKNET, ROUND) is None


def test_the_demonstration_chain_needs_no_relay():
    signature = beacon.fetch([], draw.DEMONSTRATION, ROUND)
    assert signature == draw.demonstration_signature(ROUND)
