"""The targets, and what is said of each: pure, from the measures of a run. Others add theirs to TARGETS.

A measure is looked up by its label; a ratio is its cost over the reference's.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

SIZES = (100, 1_000, 10_000)
GROWING = ("list", "page of an opportunity", "search", "workspace", "submit")


@dataclass
class Measure:
    """One page at one size. Costs are CPU milliseconds a request, one for each round; times are in seconds."""

    label: str
    rows: int | None = None
    against: str = ""
    costs: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    queries: int | None = None
    rows_read: int | None = None
    bytes: int = 0
    compressed: int = 0
    statuses: set[int] = field(default_factory=set)

    @property
    def name(self) -> str:
        return self.label if self.rows is None else f"{self.label}, {self.rows:,}"

    @property
    def cost(self) -> float:
        return median(self.costs)

    def percentile(self, share: float) -> float:
        """The time in milliseconds within which this share of the requests was answered."""
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass
class Run:
    """Everything that one run measured. `memory` is in MiB by server, after few and after many requests."""

    measures: dict[str, Measure] = field(default_factory=dict)
    memory: dict[str, tuple[float, float]] = field(default_factory=dict)
    facts: dict[str, float] = field(default_factory=dict)

    def ratio(self, name: str, against: str | None = None) -> float:
        measure = self.measures[name]
        return measure.cost / self.measures[against or measure.against].cost


@dataclass(frozen=True)
class Verdict:
    """What is said of a target: its number, what it asks, what was measured, and whether that is enough."""

    number: int
    asked: str
    found: str
    met: bool


def at_most(number: int, what: str, name: str, most: float, against: str | None = None):
    """A target on one ratio."""

    def judge(run: Run) -> Verdict:
        ratio = run.ratio(name, against)
        other = against or run.measures[name].against
        return Verdict(number, f"{what}: at most {most:g} × {other}", f"{ratio:.2f} ×", ratio <= most)

    return judge


def growth(run: Run) -> Verdict:
    """Target 4: at 10,000 against 100."""
    few, many = SIZES[0], SIZES[-1]
    found, met = [], True
    for label in GROWING:
        one, other = (run.measures[f"{label}, {rows:,}"] for rows in (few, many))
        ratio = other.cost / one.cost
        more = (other.rows_read or 0) - (one.rows_read or 0)
        fine = ratio <= 1.15 and one.queries == other.queries and abs(more) <= 5
        met &= fine
        found.append(
            f"{label} {ratio:.2f} ×, {one.queries} → {other.queries} queries, {more:+d} rows"
            + ("" if fine else " (no)")
        )
    return Verdict(
        4, f"{many:,} against {few}: 1.15 in cost, same queries, rows within 5", "; ".join(found), met
    )


def one_query_when_unchanged(run: Run) -> Verdict:
    """Target 2, the rest: 304."""
    name = f"list, not modified, {SIZES[-1]:,}"
    ratio, queries = run.ratio(name), run.measures[name].queries or 0
    met = ratio <= 1.5 and queries <= 1
    return Verdict(
        2, "304: at most 1.5 × the reference's, one query", f"{ratio:.2f} ×, {queries} queries", met
    )


def desk(run: Run) -> Verdict:
    """Target 7."""
    found, met = [], True
    for label in ("workspace", "team’s front page"):
        name = f"{label}, 2,000"
        ratio = run.ratio(name, "reference: list")
        few = run.measures[f"{label}, 100"]
        many = run.measures[name]
        more = (many.rows_read or 0) - (few.rows_read or 0)
        fine = ratio <= 2 and few.queries == many.queries and abs(more) <= 5
        met &= fine
        found.append(
            f"{label} {ratio:.2f} ×, {few.queries} → {many.queries} queries, {more:+d} rows from 100"
        )
    return Verdict(
        7,
        "workspace and front page at 2,000: at most 2 × the reference list, queries and rows constant",
        "; ".join(found),
        met,
    )


def memory(run: Run) -> Verdict:
    """Target 9."""
    early, late = run.memory["site"]
    reference = run.memory["reference"][1]
    grown = late - early
    met = late <= 1.5 * reference and grown <= 0.05 * late
    return Verdict(
        9,
        "two workers after 10,000 requests: at most 1.5 × the reference, and flat",
        f"{late:.0f} MiB against {reference:.0f} ({late / reference:.2f} ×); {grown:+.1f} MiB since 2,000 requests",
        met,
    )


def proxy(run: Run) -> Verdict:
    """Target 6."""
    if "nginx: static file" not in run.measures:
        return Verdict(
            6, "behind nginx with a ten-second cache", "not measured: nginx is not installed", False
        )
    ratio = run.ratio("nginx: list, ten-second cache")
    clean = not run.facts["cookies"]
    return Verdict(
        6,
        "behind nginx with a ten-second cache: no cookie, no Vary on one, at most 1.6 × static",
        f"{ratio:.2f} ×; {'no cookie' if clean else 'a cookie, or Vary on one'}",
        ratio <= 1.6 and clean,
    )


def first_visit(run: Run) -> Verdict:
    """Target 10."""
    first, page, scripts = (
        run.facts[name] for name in ("first visit, bytes", "list, compressed bytes", "scripts")
    )
    met = first <= 90 * 1024 and page <= 12 * 1024 and not scripts
    return Verdict(
        10,
        "first visit at most 90 KB, the list's HTML 12 KB, compressed; no JavaScript",
        f"{first / 1024:.1f} KB, {page / 1024:.1f} KB, {scripts:.0f} scripts",
        met,
    )


LARGE = f"{SIZES[-1]:,}"
TARGETS: list[Callable[[Run], Verdict]] = [
    at_most(1, "the list, nothing kept", f"list, nothing kept, {LARGE}", 1.0),
    at_most(1, "the same, but for the counts beside the filters", f"list, any page of it, {LARGE}", 1.0),
    at_most(2, "the list as served", f"list, {LARGE}", 1.5),
    one_query_when_unchanged,
    at_most(
        3, "the page of an opportunity, nothing kept", f"page of an opportunity, nothing kept, {LARGE}", 1.5
    ),
    growth,
    proxy,
    desk,
    at_most(8, "submitting four answers", f"submit, {LARGE}", 4),
    memory,
    first_visit,
]


def table(run: Run) -> str:
    """The measures as a table in Markdown."""
    head = (
        "page",
        "rows",
        "cost, ms",
        "ratio",
        "queries",
        "rows read",
        "bytes",
        "compressed",
        "p50, ms",
        "p99, ms",
    )
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    for measure in run.measures.values():
        cells = (
            measure.label,
            "" if measure.rows is None else f"{measure.rows:,}",
            f"{measure.cost:.2f}" if measure.cost >= 0.1 else f"{measure.cost:.4f}",
            f"{run.ratio(measure.name):.2f} of {measure.against}" if measure.against else "",
            "" if measure.queries is None else str(measure.queries),
            "" if measure.rows_read is None else f"{measure.rows_read:,}",
            f"{measure.bytes:,}",
            f"{measure.compressed:,}",
            f"{measure.percentile(0.5):.1f}",
            f"{measure.percentile(0.99):.1f}",
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def verdicts(run: Run) -> str:
    """Every target with what was found, as a table in Markdown. One whose measures are missing says so."""
    lines = ["| # | target | measured | verdict |", "|---|---|---|---|"]
    for judge in TARGETS:
        try:
            found = judge(run)
        except KeyError as missing:
            lines.append(f"|  |  | not measured in this run ({missing}) |  |")
            continue
        lines.append(
            f"| {found.number} | {found.asked} | {found.found} | {'met' if found.met else '**missed**'} |"
        )
    return "\n".join(lines)
