"""Arrays, weights and JSON with a checksum. A damaged file counts as missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from vpd.files import must_be_a_file, parse_json, read_bytes
from vpd.library import checksum
from vpd.library.artefact import sealed
from vpd.types import Array

FIELD = "checksum"
BLANK = {FIELD: checksum.BLANK}
"""Metadata of a file that is written within `vpd.library.artefact.sealed`, before its checksum is known."""
TRAILER = json.dumps(BLANK).encode()
"""The end of a file that is no JSON and has no metadata, within `sealed`."""


def write_array(path: Path, array: Array) -> None:
    """Write an array as .npy with a checksum after it, completely or not at all."""
    with sealed(path) as part, part.open("wb") as out:
        np.save(out, array)
        out.write(b"\n" + TRAILER)


def ends_whole(path: Path) -> bool:
    """Whether a file that ends with `TRAILER` is what was written; read once until it is touched."""
    try:
        must_be_a_file(path)
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - len(TRAILER)))
            stated = parse_json(file.read())[FIELD]
        return checksum.is_whole(path, str(stated))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def read_array(path: Path) -> Array | None:
    """The array that `write_array` wrote; None where it is missing or damaged."""
    try:
        found: Array | None = np.load(path, allow_pickle=False) if ends_whole(path) else None
    except (OSError, ValueError, EOFError, MemoryError):
        return None
    return found


def tensors_are_whole(path: Path) -> bool:
    """Whether a safetensors file with a checksum in its metadata is what was written."""
    try:
        must_be_a_file(path)
        with safe_open(path, "np") as file:
            stated = (file.metadata() or {}).get(FIELD)
        return bool(stated) and checksum.is_whole(path, str(stated))
    except (OSError, SafetensorError, ValueError):
        return False


def write_json(path: Path, record: dict[str, Any]) -> None:
    """Write a record as JSON that contains its checksum, completely or not at all."""
    with sealed(path) as part:
        text = json.dumps({**record, **BLANK}, indent=2, sort_keys=True)
        part.write_text(text + "\n", encoding="utf-8", newline="\n")


def read_json(path: Path) -> dict[str, Any]:
    """Read a record that `write_json` wrote. Raises OSError where it cannot be read, ValueError where it was
    changed.
    """
    record = parse_json(read_bytes(path))
    if not isinstance(record, dict) or not checksum.is_whole(path, str(record.get(FIELD))):
        raise ValueError("its contents are not what was written")
    return record
