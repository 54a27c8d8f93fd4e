"""Asks for pages as browsers would, so many at once, on 127.0.0.1 alone, and keeps the times. Bounded: so many, then done."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

AT_ONCE = 8
TIMEOUT = 60


@dataclass
class Answers:
    """What came back: how many by status, the seconds of each in the order of their end, and the bytes of the last body."""

    statuses: dict[int, int] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def request(method: str, path: str, headers: dict[str, str] | None = None, body: str = "") -> bytes:
    """One HTTP/1.1 request, written out. The site is behind a proxy that ends TLS, so it is told of one."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "X-Forwarded-Proto: https"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if method == "POST":
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body.encode())}"]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


class Connection:
    """One connection, opened again whenever the server closes it, as a synchronous worker does after each answer."""

    def __init__(self, port: int):
        self.port, self.socket = port, None

    def ask(self, asked: bytes) -> tuple[int, dict[str, str], bytes]:
        """Send a written request; gives status, headers (names in small letters) and body."""
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port), TIMEOUT)
        self.socket.sendall(asked)
        got = b""
        while b"\r\n\r\n" not in got:
            piece = self.socket.recv(65536)
            if not piece:
                raise ConnectionError("closed before an answer")
            got += piece
        head, _, body = got.partition(b"\r\n\r\n")
        first, *rest = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
        status = int(first.split()[1])
        length = 0 if status in (204, 304) else int(headers.get("content-length", -1))
        pieces, had = [body], len(body)
        while length < 0 or had < length:
            piece = self.socket.recv(262144)
            if not piece:
                break
            pieces.append(piece)
            had += len(piece)
        if length < 0 or headers.get("connection", "").lower() == "close":
            self.socket.close()
            self.socket = None
        return status, headers, b"".join(pieces)


def ask(port: int, asked: bytes) -> tuple[int, dict[str, str], bytes]:
    """One request on a connection of its own."""
    return Connection(port).ask(asked)


def ask_all(port: int, asked: Sequence[bytes], at_once: int = AT_ONCE) -> Answers:
    """Send every request, `at_once` at a time; gives what came back. The first failure is raised."""
    answers, lock, left = Answers(), threading.Lock(), iter(asked)
    failures: list[BaseException] = []

    def one_client(waiting: Iterator[bytes]) -> None:
        connection = Connection(port)
        try:
            while not failures:
                with lock:
                    mine = next(waiting, None)
                if mine is None:
                    return
                begun = time.perf_counter()
                status, headers, body = connection.ask(mine)
                took = time.perf_counter() - begun
                with lock:
                    answers.statuses[status] = answers.statuses.get(status, 0) + 1
                    answers.seconds.append(took)
                    answers.headers, answers.body = headers, body
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=one_client, args=(left,)) for _ in range(at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return answers
