"""The lifecycle's table, as text, as a drawing, or as JSON. docs/lifecycle.md is made of it."""

import json

from django.core.management.base import BaseCommand
from django.utils.translation import override

from opportunities.lifecycle import LIFECYCLE, STATES, STEPS


def as_json() -> str:
    """A list of {name, sources, target, roles, step}; target null where the state stays."""
    rows = [
        {
            "name": row.name,
            "sources": list(row.sources),
            "target": row.target,
            "roles": [str(role) for role in row.roles],
            "step": row.step,
        }
        for row in LIFECYCLE
    ]
    return json.dumps(rows, indent=1)


def as_mermaid() -> str:
    """The states and the transitions between them, as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", "  [*] --> draft"]
    for row in LIFECYCLE:
        if row.target:
            lines += [f"  {source} --> {row.target}: {row.name}" for source in row.sources]
    lines += [f"  {name} --> [*]" for name, state in STATES.items() if state.is_ending]
    return "\n".join(lines)


def as_table() -> str:
    """The table in Markdown, step by step."""
    lines = []
    for step, label in STEPS.items():
        lines += ["", f"## {step}. {label}", "", "| state | what it means | waits for |", "|---|---|---|"]
        lines += [
            f"| `{s.name}` {s.label} | {s.meaning} | {s.waits_for.label if s.waits_for else 'nobody: an ending'} |"
            for s in STATES.values()
            if s.step == step
        ]
        lines += ["", "| transition | from | to | who | conditions |", "|---|---|---|---|---|"]
        for row in LIFECYCLE:
            if row.step == step:
                conditions = ", ".join(guard.__name__.replace("_", " ") for guard in row.guards) or "none"
                sources = ", ".join(row.sources)
                lines.append(
                    f"| `{row.name}` {row.label} | {sources} | {row.target or 'stays'} | {', '.join(row.roles)} | {conditions} |"
                )
    return "\n".join(lines).strip()


def as_document() -> str:
    """docs/lifecycle.md: the table, then the drawing."""
    return (
        "# The lifecycle\n\nMade by `manage.py lifecycle --format document` from `opportunities/lifecycle.py`; a test fails when it is stale.\n"
        f"\n{as_table()}\n\n## The drawing\n\n```mermaid\n{as_mermaid()}\n```\n"
    )


FORMATS = {"table": as_table, "mermaid": as_mermaid, "json": as_json, "document": as_document}


class Command(BaseCommand):
    help = "Print the lifecycle."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--format", choices=FORMATS, default="table")

    def handle(self, *args, **options):
        with override("en"):
            self.stdout.write(FORMATS[options["format"]]().rstrip("\n"))
