"""Read small files of people, other programs and other libraries: whole, bounded, and from files alone."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path
from typing import Any

MOST_BYTES = 512 * 2**20
"""A larger file is refused before it is read."""


_MOST_NS = 2**63 - 1


def modified_ns(found: os.stat_result) -> int:
    """The time of change in ns, as tables hold it. Later times than they can, of the year 2262, are that."""
    return min(found.st_mtime_ns, _MOST_NS)


def must_be_a_file(path: Path, most: int | None = None) -> None:
    """Raise OSError where ``path`` is a folder, a device or a pipe, or holds more than ``most`` bytes.

    A pipe would be waited for without end, and a device as /dev/zero be read without end. Links are followed.
    """
    found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "it is a device or a pipe, and no file", str(path))
    if most is not None and found.st_size > most:
        why = f"it has {found.st_size} bytes, more than the {most} that are read"
        raise OSError(errno.EFBIG, why, str(path))


def entries(folder: Path) -> list[Path]:
    """What lies in a folder, sorted; nothing where there is none.

    Raises PermissionError where it may not be looked into, where `Path.glob` finds nothing.
    """
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def read_bytes(path: Path, most: int | None = MOST_BYTES) -> bytes:
    """The content of a file. Raises OSError as `must_be_a_file`, and where it cannot be read."""
    must_be_a_file(path, most)
    return path.read_bytes()


def read_text(path: Path, encoding: str = "utf-8", most: int | None = MOST_BYTES) -> str:
    """The text of a file, its lines ended by ``\\n``.

    Raises OSError as `read_bytes`, UnicodeDecodeError for bytes that are no text.
    """
    return read_bytes(path, most).decode(encoding).replace("\r\n", "\n").replace("\r", "\n")


def parse_json(text: str | bytes) -> Any:
    """What JSON text holds. Raises ValueError, also where it is nested too deeply to be read."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
