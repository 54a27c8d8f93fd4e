"""Many at once, on the real database: each in a thread with a connection of its own, let go at the same moment."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection


def at_once(tries: Sequence[Callable[[], Any]], patience: float = 60) -> list[Any]:
    """Run them all at the same moment. Gives what each returned, or the exception that it raised, in their order."""
    gate, outcomes = threading.Barrier(len(tries)), [None] * len(tries)

    def run(number):
        try:
            gate.wait(patience)
            outcomes[number] = tries[number]()
        except Exception as error:  # noqa: BLE001 - what it raised is what it gives
            outcomes[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(len(tries))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(patience)
    assert not any(thread.is_alive() for thread in threads), "somebody still waits"
    return outcomes
