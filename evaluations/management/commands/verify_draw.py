"""Checks a published draw: a pool file and the beacon's signature give the receipts in order.

Reads one file and nothing else: no database, no network. For anyone, from a clone of the project.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from evaluations import draw


class Refused(CommandError):
    """Django prints an error of a command as "Refused: sentence" on standard error, and exits with 1."""


class Command(BaseCommand):
    help = (
        "Checks a draw: prints the receipts of the pool file in the order drawn, one a line, and exits "
        "with 0; or says what is wrong and exits with 1. Needs no database and no network."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("pool_file", metavar="POOL_FILE", help=_("The pool file as published."))
        parser.add_argument(
            "--signature",
            required=True,
            metavar="HEX",
            help=_(
                "The beacon's signature for the round in the pool file: 96 characters, 0 to 9 and a to f."
            ),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: str = options["pool_file"]
        try:
            with open(path, "rb") as file:
                data = file.read(draw.MAX_POOL_BYTES + 1)
        except FileNotFoundError:
            raise Refused(_("There is no file “%(path)s”.") % {"path": path}) from None
        except IsADirectoryError:
            raise Refused(_("“%(path)s” is a folder, not a pool file.") % {"path": path}) from None
        except (OSError, ValueError) as error:
            raise Refused(
                _("The file “%(path)s” cannot be read: %(error)s.") % {"path": path, "error": error}
            ) from None
        try:
            result = draw.draw(data, options["signature"].strip())
        except draw.DrawError as error:
            raise Refused(_(error.sentence) % error.particulars) from None
        if draw.parse_pool(data).chain.is_demonstration:
            self.stderr.write(
                _(
                    "demonstration: this pool is of the demonstration beacon, whose key is public. "
                    "It proves nothing about a real draw."
                )
            )
        self.stdout.write("\n".join(result.order))
