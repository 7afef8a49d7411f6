"""Files of lines of JSON that grow: figures from which a table continues, changes of labels.

Each line carries a checksum. A line that a killed process left half, or that was damaged since, is passed
over. A line is added whole or not at all.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import xxhash

from vpd.errors import InputError
from vpd.files import parse_json, read_bytes
from vpd.library.artefact import refuse_links, write_error

CHECK = "check"
"""The checksum of a line: XXH3 (64 bits) of its JSON without this entry."""


def _sum(row: dict[str, Any]) -> str:
    return xxhash.xxh3_64_hexdigest(json.dumps(row).encode())


def _row(line: bytes) -> dict[str, Any] | None:
    try:
        row = parse_json(line.decode())
    except ValueError:
        return None
    if not isinstance(row, dict):
        return None
    stated = row.pop(CHECK, None)  # lines of earlier versions state none
    return row if stated is None or stated == _sum(row) else None


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a file that are what was written, in order; none where there is no file.

    Raises InputError where it cannot be read, and where not one of its whole lines was written by vpd.
    """
    try:
        *lines, last = read_bytes(path).split(b"\n")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror or error}).") from error
    found = [row for line in (*lines, last) if (row := _row(line)) is not None]
    if any(line.strip() for line in lines) and not found:
        raise InputError(f"{path} holds no line that vpd wrote. Move it away, or delete it.")
    return found


def add_line(path: Path, row: dict[str, Any]) -> None:
    """Add a line, which is on the disk when this returns.

    Raises DiskFullError, and InputError where it may not be written or lies behind a link.
    """
    text = json.dumps({**row, CHECK: _sum(row)})
    refuse_links(path)
    if path.is_symlink():
        raise InputError(f"{path} is a link. vpd writes through no links: delete it.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab+") as out:
            before = out.seek(0, os.SEEK_END)
            out.seek(max(0, before - 1))
            joint = b"" if out.read(1) in (b"", b"\n") else b"\n"  # behind a line that was left half
            try:
                out.write(joint + text.encode() + b"\n")
                out.flush()
                os.fsync(out.fileno())
            except OSError:
                os.ftruncate(out.fileno(), before)
                raise
    except OSError as error:
        known = write_error(path, error)
        if known is None:
            raise InputError(f"{path} cannot be written ({error.strerror or error}).") from error
        raise known from error
