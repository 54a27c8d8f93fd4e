"""A crowd of suppliers who write and send an application as it closes: what each of them does and is told, over HTTP alone.

Knows pages as a browser does, by their addresses, forms and words; knows no Django and no database. Bounded: everybody
acts once, tries again so often, and is done. Only ever asks 127.0.0.1.
"""

import json
import random
import re
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from . import client
from .servers import ROOT

AUCTIONS = ROOT / "evaluations" / "demo" / "auctions-18f.json"
"""20 auctions of 18F's micro-purchase platform with the times of their 173 bids; source in the README.md beside it."""
RUSH = 60
"""Seconds that an auction is pressed into."""
PAST = 5
"""Seconds after closing in which those come who are late for certain."""
LATE_SHARE, DOUBLE_SHARE, AGAIN_SHARE, SECOND_THOUGHTS = 0.1, 0.3, 0.1, 0.1
"""How many of the crowd come past closing, click twice, send once more after the answer, and change what they sent."""
TRIES, PAUSE = 60, 0.5
"""How often, and after how many seconds, somebody tries again who got no answer or one of a server in trouble."""
SHOWN = re.compile(r'name="shown" value="([0-9a-f]+)"')
RECEIPT = re.compile(r'<code class="gc-wrap">([0-9a-f]{32})</code>')
SENTENCE = re.compile(r"Closing was on .+\d\d:\d\d:\d\d.+reached us on .+\d\d:\d\d:\d\d")
STANDS = "stands, as it was"


def pace(path: Path = AUCTIONS) -> list[float]:
    """When each real bid came, as a share of its auction's length: 0 at its beginning, 1 at its end; sorted."""
    found = []
    for auction in json.loads(path.read_text(encoding="utf-8")):
        begin, end = (datetime.fromisoformat(auction[name]) for name in ("started_at", "ended_at"))
        found += [(datetime.fromisoformat(moment) - begin) / (end - begin) for moment in auction["bid_times"]]
    return sorted(found)


def moments(number: int, chance: random.Random) -> list[float]:
    """Seconds after the rush's beginning at which each of so many suppliers sends: as the bids came, a tenth past closing."""
    shares = pace()
    late = int(number * LATE_SHARE)
    found = [RUSH * shares[n * len(shares) // (number - late)] for n in range(number - late)]
    return found + [RUSH + chance.uniform(0.05, PAST) for _ in range(late)]


@dataclass
class Told:
    """What became of one supplier: the receipt and the text it stands for, or that it was too late."""

    email: str
    receipt: str = ""
    text: str = ""
    late: bool = False
    stands_said: bool = False
    first_click: float = 0.0
    accepted_click: float = 0.0
    double: bool = False
    problem: str = ""
    sends: list[float] = field(default_factory=list)


class Crowd:
    """Everybody at once. `about` is what `rush_site prepare` printed; `closing` a moment of time.time()."""

    def __init__(self, port: int, about: dict[str, Any], closing: float):
        self.port, self.about, self.closing = port, about, closing
        self.statuses: Counter[str] = Counter()
        self.seconds: list[float] = []
        self.ends: list[float] = []
        self.retries = 0
        self.lock = threading.Lock()

    def run(self) -> list[Told]:
        """Let them all act; gives what each was told, when the last has been."""
        chance = random.Random(18)  # noqa: S311 - the same crowd each time
        people = self.about["people"]
        told = [Told(one["email"]) for one in people]
        threading.stack_size(256 * 1024)
        threads = []
        begin = self.closing - RUSH
        for one, outcome, moment in zip(people, told, moments(len(people), chance), strict=True):
            habits = [chance.random() for _ in range(4)]
            threads.append(threading.Thread(target=self.act, args=(one, outcome, begin + moment, habits)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return told

    def act(self, one: dict[str, Any], told: Told, click: float, habits: list[float]) -> None:
        try:
            self.write_and_send(one, told, click, *habits)
        except Exception as failure:
            told.problem = f"{type(failure).__name__}: {failure}"

    def write_and_send(self, one, told: Told, click: float, think, double, again, second) -> None:
        sleep_until(max(click - 2 - 6 * think, self.closing - RUSH + 4 * think))
        text = f"I am {told.email.partition('@')[0]} and I kept such code for years, with tests. " * 10
        if not (shown := self.write(one, told, text.strip())):
            return
        sleep_until(click)
        told.double = double < DOUBLE_SHARE
        self.send(one, told, text.strip(), shown, 2 if told.double else 1)
        if told.receipt and again < AGAIN_SHARE:
            self.send(one, told, text.strip(), shown, 1)
        if told.receipt and second < SECOND_THOUGHTS:
            better = "On second thoughts: " + text.strip()
            if shown := self.write(one, told, better):
                self.send(one, told, better, shown, 1)

    def write(self, one, told: Told, text: str) -> str:
        """Save the answers and open the page to send; gives what that page shows, "" when it is too late."""
        words = urlencode(dict.fromkeys(self.about["fields"], text))
        status, _headers, body = self.ask("POST", self.about["answers"], one, words)
        if status == 302:
            status, _headers, body = self.ask("GET", self.about["check"], one)
        if status == 200 and (found := SHOWN.search(body)):
            return found[1]
        self.too_late(told, status, body)
        return ""

    def send(self, one, told: Told, text: str, shown: str, clicks: int) -> None:
        """Click, perhaps twice at once; remember the receipt, or that it was too late."""
        began = time.time()
        told.first_click = told.first_click or began
        answers: list[tuple[int, dict[str, str], str]] = []

        def once() -> None:
            answers.append(self.ask("POST", self.about["check"], one, f"shown={shown}"))

        others = [threading.Thread(target=once) for _ in range(clicks - 1)]
        for other in others:
            other.start()
        once()
        for other in others:
            other.join()
        told.sends.append(time.time() - began)
        if any(status == 302 for status, _headers, _body in answers):
            told.text, told.accepted_click = text, began
            status, _headers, body = self.ask("GET", self.about["receipt"], one)
            found = RECEIPT.search(body)
            if status != 200 or not found:
                told.problem = f"no receipt: {status}"
            elif told.receipt and told.receipt != found[1]:
                told.problem = "another receipt than before"
            else:
                told.receipt = found[1]
        for status, _headers, body in answers:
            if status != 302:
                self.too_late(told, status, body)

    def too_late(self, told: Told, status: int, body: str) -> None:
        if status != 409 or not SENTENCE.search(body):
            told.problem = f"neither a receipt nor the sentence: {status}"
            return
        told.late, told.stands_said = True, STANDS in body

    def ask(self, method: str, path: str, one, body: str = "") -> tuple[int, dict[str, str], str]:
        """One request, tried again like somebody who presses the button again when no answer comes."""
        written = client.request(method, path, one["headers"], body)
        for _try in range(TRIES):
            begun = time.perf_counter()
            try:
                status, headers, content = client.ask(self.port, written)
            except OSError as failure:
                self.note(type(failure).__name__, begun)
            else:
                self.note(str(status), begun)
                if status < 500:
                    return status, headers, content.decode()
            time.sleep(PAUSE)
        raise TimeoutError(f"{method} {path}: no answer in {TRIES} tries")

    def note(self, what: str, begun: float) -> None:
        with self.lock:
            self.statuses[what] += 1
            self.seconds.append(time.perf_counter() - begun)
            self.ends.append(time.time())
            self.retries += not what.isdigit() or what >= "500"


def sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.time()))


def wire(told: list[Told]) -> str:
    """What was told, for the check in the site's own process."""
    return json.dumps([asdict(one) for one in told])


def quantile(values: list[float], share: float) -> float:
    """The value below which this share of them is; 0 of none."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else 0.0


def summary(crowd: Crowd, told: list[Told]) -> list[tuple[str, str]]:
    """What happened, as rows of a table."""
    sends = [seconds for one in told for seconds in one.sends]
    unlucky = [one for one in told if one.late and not one.receipt and 0 < one.first_click < crowd.closing]
    busiest = max(Counter(int(end) for end in crowd.ends).values(), default=0)
    span = (max(crowd.ends) - min(crowd.ends)) if crowd.ends else 0
    failed = sum(count for status, count in crowd.statuses.items() if status.startswith("5"))
    unanswered = sum(count for status, count in crowd.statuses.items() if not status.isdigit())
    last = sum(1 for one in told if crowd.closing - 1 <= one.first_click < crowd.closing)

    def pieces(values: list[float]) -> str:
        return " / ".join(f"{quantile(values, share):.2f} s" for share in (0.5, 0.95, 0.99))

    return [
        ("suppliers", str(len(told))),
        ("requests answered", f"{len(crowd.seconds) - unanswered} in {span:.0f} s"),
        ("busiest second", f"{busiest} answers"),
        ("clicked in the last second", str(last)),
        ("double clicks", str(sum(one.double and bool(one.sends) for one in told))),
        ("have a receipt", str(sum(bool(one.receipt) for one in told))),
        ("were told that it was too late", str(sum(one.late and not one.receipt for one in told))),
        ("of them, had clicked before closing", str(len(unlucky))),
        ("a page, p50 / p95 / p99", pieces(crowd.seconds)),
        ("from click to answer, p50 / p95 / p99", pieces(sends)),
        ("answers 5xx / no answer", f"{failed} / {unanswered}"),
        ("tried again after that", str(crowd.retries)),
    ]
