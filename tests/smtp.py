"""A small SMTP server (RFC 5321) that keeps what it took, and misbehaves when it is told to."""

import email
import socket
import socketserver
import threading
from collections.abc import Callable
from contextlib import contextmanager
from email import policy


class HangUp(Exception):
    """The server drops the connection without a word."""


class Server(socketserver.ThreadingTCPServer):
    """`taken`: each message taken, as (recipient, email.message). `met`: how many connections there were.

    `fault`, when set, is called with the stage and the recipient: "connect", "MAIL", "RCPT", "DATA", "body" (a line of the
    message has come), "taken" (kept, not yet said) and "answered". It may raise HangUp, or give another answer to send.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int = 0):
        super().__init__(("127.0.0.1", port), Session)
        self.port = self.server_address[1]
        self.taken: list[tuple[str, email.message.EmailMessage]] = []
        self.met = 0
        self.fault: Callable[[str, str], str | None] | None = None

    def counts(self) -> dict[str, int]:
        """How many times each message was taken, by Message-ID."""
        ids = [message["Message-ID"] for _recipient, message in self.taken]
        return {name: ids.count(name) for name in ids}

    def handle_error(self, request, client_address):
        """A client that is killed in the middle is what these tests are about."""


class Session(socketserver.StreamRequestHandler):
    recipient = ""

    def handle(self):
        self.server.met += 1
        try:
            self.say("connect", "220 here")
            while line := self.rfile.readline().decode().strip():
                verb = line.split()[0].upper()
                if verb == "RCPT":
                    self.recipient = line.partition("<")[2].partition(">")[0]
                if verb == "DATA":
                    if self.say("DATA", "354 go on").startswith("354"):
                        self.take()
                elif verb == "QUIT":
                    self.wfile.write(b"221 bye\r\n")
                    return
                else:
                    self.say(verb, "250 so be it")
        except HangUp:
            return

    def say(self, stage: str, answer: str) -> str:
        if self.server.fault:
            answer = self.server.fault(stage, self.recipient) or answer
        self.wfile.write(f"{answer}\r\n".encode())
        return answer

    def take(self):
        lines = [self.rfile.readline()]
        if self.server.fault:
            self.server.fault("body", self.recipient)
        while lines[-1] not in (b".\r\n", b""):
            lines.append(self.rfile.readline())
        if not lines[-1]:
            return
        message = email.message_from_bytes(b"".join(lines[:-1]), policy=policy.default)
        self.server.taken.append((self.recipient, message))
        self.say("taken", "250 taken")
        if self.server.fault:
            self.server.fault("answered", self.recipient)


@contextmanager
def serving(port: int = 0):
    """A running server; its `port` is chosen when none is given."""
    server = Server(port)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def mail_goes_by_smtp(settings) -> int:
    """Give the site a port of this machine to send mail to, where nothing answers yet."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        settings.EMAIL_HOST, settings.EMAIL_PORT = unused.getsockname()
    settings.EMAIL_USE_TLS, settings.EMAIL_TIMEOUT = False, 0.3
    settings.POST_OFFICE = settings.POST_OFFICE | {
        "BACKENDS": {"default": "django.core.mail.backends.smtp.EmailBackend"}
    }
    return settings.EMAIL_PORT
