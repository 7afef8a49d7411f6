"""Artefacts: tables that carry the key of what made them, and are written whole or not at all.

A key is the hash of the step's name and version, its settings and the keys of its inputs. An artefact is up
to date exactly when the key in its metadata is the key of what would be made now; there is no other
bookkeeping.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import platform
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from vpd.errors import ArtefactError, DiskFullError, InputError

METADATA_KEY = b"vpd"


@dataclass(frozen=True)
class Recipe:
    """What an artefact is made from: step, version of its code, settings, keys of inputs.

    ``notes`` are kept in the artefact for the reader, and do not enter the key.
    """

    step: str
    version: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """32 hex digits that stand for everything but the notes."""
        made_from = [self.step, self.version, self.settings, self.inputs]
        text = json.dumps(made_from, sort_keys=True, default=dict)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def to_metadata(self) -> dict[bytes, bytes]:
        """Schema metadata of the artefact."""
        record = {
            "key": self.key,
            "step": self.step,
            "version": self.version,
            "settings": self.settings,
            "inputs": self.inputs,
            "notes": self.notes,
        }
        return {METADATA_KEY: json.dumps(record, sort_keys=True, default=dict).encode()}


_PART = re.compile(r"\.(?P<name>.+)\.(?P<host>[^.]*)\.(?P<process>\d+)\.[0-9a-f]{8}\.part")
_MOST_NAME, _MOST_HOST = 100, 24
_OLD_S = 7 * 24 * 3600


def _host() -> str:
    """The name of this computer as a part of a file name."""
    return re.sub(r"[^A-Za-z0-9-]", "-", platform.node())[:_MOST_HOST]


def _part(path: Path) -> Path:
    """An unfinished file beside ``path``, told from those of other processes, hosts and threads."""
    name = os.fsencode(path.name)[:_MOST_NAME].decode("utf-8", "ignore")
    return path.with_name(f".{name}.{_host()}.{os.getpid()}.{secrets.token_hex(4)}.part")


def is_abandoned(part: Path) -> bool:
    """Whether the process that wrote an unfinished file is gone; of other computers' the old ones are."""
    found = _PART.fullmatch(part.name)
    if found and found["host"] == _host():
        return not psutil.pid_exists(int(found["process"]))
    try:
        return time.time() - part.stat().st_mtime > _OLD_S
    except OSError:
        return False


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path beside ``path`` to write to; it takes its place when the block ends without an error.

    The bytes are on the disk before the name changes, so a killed run or a full disk leaves the old file or
    none, never a part of one. Raises DiskFullError where the disk is full, InputError where
    rights are missing.
    """
    part = _part(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        if isinstance(error, PermissionError) or error.errno == errno.EROFS:
            raise InputError(
                f"{path} cannot be written ({error.strerror}). Check the rights of its folder."
            ) from error
        if not _disk_is_full(error):
            raise
        raise DiskFullError(
            f"The disk is full: {path} could not be written. Make room and run again; what is done is kept."
        ) from error
    finally:
        with suppress(OSError):  # where the folder could not even be made or entered
            part.unlink()


def _disk_is_full(error: OSError) -> bool:
    # Arrow raises OSErrors that hold the system's number in their text alone.
    full = (errno.ENOSPC, errno.EDQUOT)
    return error.errno in full or any(f"errno {number}]" in str(error).lower() for number in full)


def write_parquet(table: pa.Table, path: Path, recipe: Recipe) -> None:
    """Write ``table`` with its recipe, whole or not at all."""
    with replacing(path) as part:
        pq.write_table(table.replace_schema_metadata(recipe.to_metadata()), part, compression="zstd")


def write_arrow(table: pa.Table, path: Path, recipe: Recipe) -> None:
    """Write ``table`` as an uncompressed Arrow file, which can be memory-mapped."""
    table = table.replace_schema_metadata(recipe.to_metadata())
    with (
        replacing(path) as part,
        pa.OSFile(str(part), "wb") as sink,
        pa.ipc.new_file(sink, table.schema) as out,
    ):
        out.write_table(table)


def write_text(text: str, path: Path) -> None:
    """Write ``text`` as UTF-8, whole or not at all."""
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")


def _damaged(path: Path, error: Exception) -> ArtefactError:
    return ArtefactError(f"{path} is damaged ({error}). Delete it and run `vpd run` to make it again.")


def _open(path: Path, read: Callable[[], Any]) -> Any:
    if not path.exists():
        raise ArtefactError(f"{path} does not exist. Make it with `vpd run`.")
    try:
        return read()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _damaged(path, error) from error


def read_table(path: Path, columns: list[str] | None = None) -> pa.Table:
    """The table at ``path``: Parquet is read, Arrow is memory-mapped. Raises ArtefactError."""

    def read() -> pa.Table:
        if path.suffix == ".parquet":
            return pq.read_table(path, columns=columns)
        table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
        return table.select(columns) if columns else table

    return _open(path, read)


def read_recipe(path: Path) -> dict[str, Any]:
    """What the artefact at ``path`` was made from: ``key``, ``step``, ``settings``, ``inputs``, ``notes``.

    Reads the schema alone. Raises ArtefactError where the file is missing, damaged or not ours.
    """

    def read() -> pa.Schema:
        if path.suffix == ".parquet":
            return pq.read_schema(path)
        return pa.ipc.open_file(pa.memory_map(str(path))).schema

    metadata = _open(path, read).metadata or {}
    if METADATA_KEY not in metadata:
        raise ArtefactError(f"{path} was not written by vpd. Move it out of the library.")
    record: dict[str, Any] = json.loads(metadata[METADATA_KEY])
    return record


def is_current(path: Path, recipe: Recipe) -> bool:
    """Whether the artefact at ``path`` is there, readable, and made from exactly this recipe."""
    try:
        return bool(read_recipe(path)["key"] == recipe.key)
    except ArtefactError:
        return False
