"""Read and write JSON files of other programs."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any, NoReturn

from vpd import files
from vpd.errors import InputError, LabelError
from vpd.library.artefact import write_text
from vpd.library.encodings import decode

MOST_BYTES = 512 * 2**20
"""Largest size of a file in bytes. A larger one is refused before it is read."""


def read_bytes(path: Path) -> bytes:
    """Read a JSON file as bytes. Raises LabelError where it cannot be read or is too large."""
    try:
        return files.read_bytes(path, MOST_BYTES)
    except OSError as error:
        raise LabelError(f"{path} cannot be read: {error.strerror or error}.") from error


def unpacked(path: Path) -> bytes:
    """Unpack the content of a file where it is gzipped. Raises LabelError, and ValueError where the gzip data
    are damaged.
    """
    raw = read_bytes(path)
    if raw[:2] != b"\x1f\x8b":
        return raw
    unpacker = zlib.decompressobj(wbits=31)
    try:
        content = unpacker.decompress(raw, MOST_BYTES)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if unpacker.unconsumed_tail:
        raise LabelError(f"{path} holds more than the {MOST_BYTES} bytes that are read.")
    if not unpacker.eof:
        raise ValueError("it is cut short")
    return content


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")


def read_json(path: Path) -> Any:
    """Parse a JSON file. Raises LabelError."""
    try:
        return json.loads(decode(unpacked(path)).text, parse_constant=_no_number)
    except LabelError:
        raise
    except (InputError, ValueError, RecursionError) as error:
        raise LabelError(f"{path} cannot be read as JSON: {error}") from error


def write_json(content: Any, path: Path) -> None:
    """Write UTF-8, indented, completely or not at all."""
    write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", path)
