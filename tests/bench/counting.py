"""Counts what one request asks of PostgreSQL: its queries, and the rows that they read, with all indexes' entries.

Run with the site's settings as `python -m tests.bench.counting`; takes pages as JSON on its input, {label: {path, headers,
method, body}}, and prints {label: {status, queries, rows}}. Each page is asked for twice and the second time is counted,
so that what a process keeps is kept; `cold` pages are counted the first time.
"""

import json
import os
import sys
from contextlib import ExitStack

import django

READ = """
SELECT (SELECT coalesce(sum(seq_tup_read), 0) FROM pg_stat_user_tables)
     + (SELECT coalesce(sum(idx_tup_read), 0) FROM pg_stat_user_indexes)
"""


def rows_read() -> int:
    """Rows and index entries that this database has read so far, those of this connection too."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(READ)
        return int(cursor.fetchone()[0])


def count(page: dict) -> dict[str, int]:
    """Ask for one page in this process."""
    from django.db import connection
    from django.test import Client

    statements: list[str] = []

    def keep(execute, sql, params, many, context):
        statements.append(sql)
        return execute(sql, params, many, context)

    def ask() -> int:
        client = Client(raise_request_exception=True)
        headers = page.get("headers", {})
        # The test client has a language of its own to ask in, and cookies are given as they are.
        extra = {"headers": headers, "secure": True, "SERVER_NAME": "127.0.0.1"}
        if page.get("method") == "POST":
            kind = "application/x-www-form-urlencoded"
            return client.post(page["path"], page["body"], content_type=kind, **extra).status_code
        return client.get(page["path"], **extra).status_code

    if not page.get("cold"):
        ask()
    before = rows_read()
    with ExitStack() as stack:
        stack.enter_context(connection.execute_wrapper(keep))
        status = ask()
    return {
        "status": status,
        "queries": sum(
            not one.startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "SET CONSTRAINTS"))
            for one in statements
        ),
        "rows": rows_read() - before,
    }


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microacq.settings")
    django.setup()
    pages = json.load(sys.stdin)
    count({"path": "/healthz"})
    json.dump({label: count(page) for label, page in pages.items()}, sys.stdout)


if __name__ == "__main__":
    main()
