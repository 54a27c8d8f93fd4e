"""The cache in the database, with a quick `add`: it is how limits are counted, for each form that is sent.

Django's takes a count of the whole table, a look-up, and a transaction of its own. Whatever else a cache does is Django's.
"""

import base64
import pickle
from datetime import UTC, datetime

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.db import DatabaseCache
from django.db import connections, router
from django.utils import timezone

FOR_EVER = datetime(9999, 12, 31, tzinfo=UTC)
ADD = """
INSERT INTO {table} AS kept (cache_key, value, expires) VALUES (%s, %s, %s)
ON CONFLICT (cache_key) DO UPDATE SET value = excluded.value, expires = excluded.expires WHERE kept.expires < %s
"""


class SharedDatabaseCache(DatabaseCache):
    def add(self, key, value, timeout=DEFAULT_TIMEOUT, version=None) -> bool:
        """Keep what is not there yet, or no longer; whether it was kept. Of two at once, one keeps. What is past its time
        is thrown out by `set`, which is called often enough."""
        key, until = self.make_and_validate_key(key, version=version), self.get_backend_timeout(timeout)
        expires = datetime.fromtimestamp(int(until), UTC) if until is not None else FOR_EVER
        kept = base64.b64encode(pickle.dumps(value, self.pickle_protocol)).decode("ascii")
        connection = connections[router.db_for_write(self.cache_model_class)]
        with connection.cursor() as cursor:
            table = connection.ops.quote_name(self._table)
            cursor.execute(ADD.format(table=table), [key, kept, expires, timezone.now()])
            return cursor.rowcount == 1
