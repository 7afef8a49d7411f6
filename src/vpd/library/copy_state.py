"""What a working copy of a library in an object store knows: which object each of its files was, and whether
all of it is here.

The record is a small SQLite file at the root of the copy, as many processes write to it at once. Its presence
makes a folder a working copy.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from vpd.library.store import Seen

FILE = ".store.sqlite"
DEPTH = 4
"""Folders between a file of a library and its root, at most."""
WAIT_S = 60.0


@dataclass(frozen=True)
class Known:
    """What a file of the copy was when it and the store were the same.

    ``stamp`` tells whether the file was changed since; ``whole`` is False for an outline, whose content is
    fetched when it is read.
    """

    seen: Seen
    stamp: str
    whole: bool


class CopyState:
    """The record of the working copy in the folder ``root``. Each call is one transaction."""

    def __init__(self, root: Path) -> None:
        self.root, self._file = root, root / FILE

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._file, timeout=WAIT_S)
        try:
            with connection:
                yield connection
        finally:
            connection.close()

    @property
    def is_there(self) -> bool:
        """Whether the folder is a working copy."""
        return self._file.is_file()

    def make(self, url: str) -> None:
        """Make the record of a copy of the library at a URL, where there is none."""
        self.root.mkdir(parents=True, exist_ok=True)
        with self._open() as at:
            at.execute("create table if not exists about (url text)")
            at.execute(
                "create table if not exists files (key text primary key, bytes int, etag text, version text, "
                "stamp text, whole int)"
            )
            at.execute("insert into about select ? where not exists (select 1 from about)", [url])

    def url(self) -> str:
        """The URL of the library."""
        with self._open() as at:
            return str(at.execute("select url from about").fetchone()[0])

    def all(self) -> dict[str, Known]:
        """Everything that is known, by key."""
        with self._open() as at:
            rows = at.execute("select key, bytes, etag, version, stamp, whole from files").fetchall()
        return {row[0]: _known(row) for row in rows}

    def get(self, key: str) -> Known | None:
        """What is known of one file."""
        with self._open() as at:
            row = at.execute(
                "select key, bytes, etag, version, stamp, whole from files where key = ?", [key]
            ).fetchone()
        return _known(row) if row else None

    def put(self, known: Iterable[Known]) -> None:
        """Remember files."""
        rows = [(k.seen.key, k.seen.bytes, k.seen.etag, k.seen.version, k.stamp, k.whole) for k in known]
        with self._open() as at:
            at.executemany("insert or replace into files values (?, ?, ?, ?, ?, ?)", rows)

    def forget(self, keys: Iterable[str]) -> None:
        """Forget files."""
        with self._open() as at:
            at.executemany("delete from files where key = ?", [(key,) for key in keys])


def _known(row: tuple[str, int, str, str, str, int]) -> Known:
    key, size, etag, version, stamp, whole = row
    return Known(Seen(key, size, etag, version), stamp, bool(whole))


@lru_cache(maxsize=4096)
def root_of(folder: Path) -> Path | None:
    """The root of the working copy that a folder belongs to; None where it belongs to none."""
    for root in (folder, *folder.parents[:DEPTH]):
        if (root / FILE).is_file():
            return root
    return None


def stamp_of(path: Path) -> str:
    """What tells whether a file was changed; "" where it is not there."""
    try:
        found = path.stat()
    except OSError:
        return ""
    return f"{found.st_size}:{found.st_mtime_ns}"
