"""Where uploads are kept when machines share a store: an S3-compatible one. Imported only then.

A store that refuses, or cannot be reached, raises OSError as a disk does, so that whoever keeps files need not know which
of the two it is. Files are private: they are read and sent back by the site alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from storages.backends.s3 import S3Storage

# Somebody waits for the page meanwhile. Checksums of Amazon's own are asked of no other server.
PATIENCE = Config(
    connect_timeout=5,
    read_timeout=30,
    retries={"total_max_attempts": 3, "mode": "standard"},
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)


@contextmanager
def like_a_disk() -> Iterator[None]:
    """Raises OSError for what goes wrong in the store, without its words: they may hold keys and names."""
    try:
        yield
    except (BotoCoreError, ClientError) as problem:
        raise OSError(f"the store of files: {type(problem).__name__}") from None


class S3(S3Storage):
    """django-storages' S3 storage, whose errors are those of a disk."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.client_config = self.client_config.merge(PATIENCE)

    def open(self, name: str, mode: str = "rb") -> Any:
        """The file, its content at hand: FileNotFoundError when it is gone, OSError when the store is away."""
        with like_a_disk():
            found = super().open(name, mode)
            if "r" in mode:
                found.file  # noqa: B018 - read now, so that a store that fails, fails here
            return found

    def save(self, name: str | None, content: Any, max_length: int | None = None) -> str:
        with like_a_disk():
            return super().save(name, content, max_length)

    def delete(self, name: str) -> None:
        with like_a_disk():
            super().delete(name)

    def exists(self, name: str) -> bool:
        with like_a_disk():
            return super().exists(name)

    def size(self, name: str) -> int:
        with like_a_disk():
            return super().size(name)
