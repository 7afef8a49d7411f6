"""Artefacts: tables that carry the key of their recipe, and are written completely or not at all.

A key is the hash of the step's name and version, its settings and the keys of its inputs. An artefact is up
to date exactly when the key in its metadata equals the key of what would be made now. There is no other
record of its state.
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
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from vpd.errors import ArtefactError, DiskFullError, InputError, VpdError
from vpd.files import must_be_a_file, parse_json
from vpd.library import checksum
from vpd.library.copy_contents import bring
from vpd.library.layout import SETTINGS_FILE
from vpd.library.within import must_be_there
from vpd.machine import WINDOWS, process_exists
from vpd.refusals import refusal
from vpd.strings import Sentence

METADATA_KEY = b"vpd"


@dataclass(frozen=True)
class Recipe:
    """The recipe of an artefact: step, version of its code, settings, keys of inputs.

    ``notes`` are kept in the artefact for the reader. They are not part of the key.
    """

    step: str
    version: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """32 hex digits: a hash of everything but the notes."""
        made_from = [self.step, self.version, self.settings, self.inputs]
        text = json.dumps(made_from, sort_keys=True, default=dict)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def to_metadata(self) -> dict[bytes, bytes]:
        """Metadata of the artefact, for writing within `sealed`."""
        record = {
            "key": self.key,
            "step": self.step,
            "version": self.version,
            "settings": self.settings,
            "inputs": self.inputs,
            "notes": self.notes,
            "checksum": checksum.BLANK,  # `sealed` writes it
        }
        return {METADATA_KEY: json.dumps(record, sort_keys=True, default=dict).encode()}


_PART = re.compile(r"\.(?P<name>.+)\.(?P<host>[^.]*)\.(?P<process>\d+)\.[0-9a-f]{8}\.part")
_MOST_NAME, _MOST_HOST = 100, 24
_OLD_S = 7 * 24 * 3600
_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
_TRIES, _PAUSE_S = 50, 0.1
_MOST_REASON = 300


def _host() -> str:
    """The name of this computer as a part of a file name."""
    return re.sub(r"[^A-Za-z0-9-]", "-", platform.node())[:_MOST_HOST]


def _part(path: Path) -> Path:
    """The path of an unfinished file beside ``path``, distinct from those of other processes, hosts and
    threads.
    """
    name = os.fsencode(path.name)[:_MOST_NAME].decode("utf-8", "ignore")
    return path.with_name(f".{name}.{_host()}.{os.getpid()}.{secrets.token_hex(4)}.part")


def is_abandoned(part: Path) -> bool:
    """Whether the process that wrote an unfinished file has ended. A file of another computer counts as
    abandoned when it is old.
    """
    found = _PART.fullmatch(part.name)
    if found and found["host"] == _host():
        return not process_exists(int(found["process"]))
    try:
        return time.time() - part.stat().st_mtime > _OLD_S
    except OSError:
        return False


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path beside ``path`` to write to. It replaces ``path`` when the block ends without an error.

    The bytes are on the disk before the file is renamed. So a killed run or a full disk leaves the old file
    or none, never a part of one. Raises DiskFullError where the disk is full, InputError where rights are
    missing, LibraryGoneError where the library went away in which a run works.
    """
    part = _part(path)
    refuse_links(path)
    must_be_there(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        _rename(part, path)
    except Exception as error:
        known = write_error(path, error)
        if known is None:
            raise
        raise known from error
    finally:
        with suppress(OSError):  # where the folder could not even be made or entered
            part.unlink()


def refuse_links(path: Path) -> None:
    """Raise InputError where a folder of the library on the way to ``path`` is a link that leads out of
    it.
    """
    links: list[Path] = []
    for folder in path.parents:
        if (folder / SETTINGS_FILE).is_file():
            if links:
                raise InputError(
                    f"{links[0]} is a link. vpd writes through no links within a library, as they may lead "
                    "anywhere: put a folder in its place, or move the whole library and link to that."
                )
            return
        if folder.is_symlink():
            links.append(folder)


def _rename(part: Path, path: Path) -> None:
    """Rename ``part`` to ``path``. Windows refuses this while another process reads the old file; it is tried
    again.
    """
    for _ in range(_TRIES - 1 if WINDOWS else 0):
        try:
            part.replace(path)
        except PermissionError:
            time.sleep(_PAUSE_S)
        else:
            return
    part.replace(path)


def write_error(path: Path, error: Exception) -> VpdError | None:
    """Convert an error of writing into one of ours; None for errors of another kind."""
    number = error.errno if isinstance(error, OSError) else None
    # Arrow, safetensors and FFmpeg keep the system's number, or its words, in their texts alone.
    text = str(error).lower()
    if number in _FULL or any(f"errno {n}]" in text or f"os error {n})" in text for n in _FULL):
        return DiskFullError(Sentence("error_disk_full", {"path": str(path)}))
    if isinstance(error, PermissionError) or number == errno.EROFS:
        said = error.strerror if isinstance(error, OSError) else error
        return InputError(Sentence("error_rights", {"path": str(path), "why": str(said)}))
    if refused := refusal(error):
        return InputError(Sentence("error_not_written", {"path": str(path), "why": refused}))
    if isinstance(error, (NotADirectoryError, FileExistsError)):
        return InputError(f"{path} cannot be written: one of its folders is a file. Move that file away.")
    if number == errno.ENAMETOOLONG:
        return InputError(f"{path} cannot be written: the file's name is too long. Choose a shorter one.")
    return None


@contextmanager
def sealed(path: Path) -> Iterator[Path]:
    """As `replacing`, for an artefact: the checksum is written into the metadata of its `Recipe`."""
    with replacing(path) as part:
        yield part
        written = checksum.seal(part)
    checksum.is_written(path, written)


def write_parquet(table: pa.Table, path: Path, recipe: Recipe) -> None:
    """Write ``table`` with its recipe, completely or not at all."""
    table = table.replace_schema_metadata(None)
    with sealed(path) as part, pq.ParquetWriter(part, table.schema, compression="zstd") as out:
        out.write_table(table)
        out.add_key_value_metadata(recipe.to_metadata())


def write_arrow(table: pa.Table, path: Path, recipe: Recipe) -> None:
    """Write ``table`` as an uncompressed Arrow file, which can be memory-mapped."""
    table = table.replace_schema_metadata(recipe.to_metadata())
    with (
        sealed(path) as part,
        pa.OSFile(str(part), "wb") as sink,
        pa.ipc.new_file(sink, table.schema) as out,
    ):
        out.write_table(table)


def write_text(text: str, path: Path) -> None:
    """Write ``text`` as UTF-8, completely or not at all."""
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")


def damaged(path: Path, why: object) -> ArtefactError:
    """The error for an artefact whose content differs from what was written."""
    said = " ".join(str(why).split())[:_MOST_REASON]
    return ArtefactError(Sentence("error_damaged", {"path": str(path), "why": said}))


def _open(path: Path, read: Callable[[], Any]) -> Any:
    try:
        must_be_a_file(path)
        return read()
    except FileNotFoundError:
        raise ArtefactError(Sentence("error_missing_artefact", {"path": str(path)})) from None
    except PermissionError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}). Check its rights.") from error
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError, MemoryError) as error:
        if said := refusal(error):  # its contents may be whole
            raise ArtefactError(f"{path} cannot be read. {said}") from error
        raise damaged(path, error) from error


def _arrow(path: Path) -> pa.ipc.RecordBatchFileReader:
    # Windows replaces no file that is mapped: there it is read into memory.
    return pa.ipc.open_file(pa.BufferReader(path.read_bytes()) if WINDOWS else pa.memory_map(str(path)))


def read_table(path: Path, columns: list[str] | None = None) -> pa.Table:
    """Read the table at ``path``. Parquet is read into memory, Arrow is memory-mapped.

    The content is compared with the artefact's checksum. Raises ArtefactError where the file is missing,
    damaged or not one of vpd's, or has other columns.
    """

    def read() -> pa.Table:
        check(path)
        if path.suffix == ".parquet":
            with pq.ParquetFile(path) as file:  # read_table takes twice the memory, and 0.3 s to import
                table = file.read(columns)
        else:
            table = _arrow(path).read_all()
        return table.select(columns) if columns else table

    return _open(path, read)


def map_table(path: Path) -> pa.Table:
    """The Arrow table at ``path``, memory-mapped, its contents not compared with its checksum.

    For a few rows of many large files; a caller that shows the result calls `check` for that file first.
    Raises ArtefactError where it is missing or not ours.
    """

    def read() -> pa.Table:
        return _arrow(path).read_all()

    read_recipe(path)
    bring(path)
    return _open(path, read)


def read_recipe(path: Path) -> dict[str, Any]:
    """Read the recipe of the artefact at ``path``: ``key``, ``step``, ``settings``, ``inputs``, ``notes``.

    Only the schema is read. Raises ArtefactError where the file is missing, damaged or not one of vpd's.
    """

    def read() -> Any:
        if path.suffix == ".parquet":
            return pq.read_metadata(path).metadata
        return _arrow(path).schema.metadata

    text = (_open(path, read) or {}).get(METADATA_KEY)
    if text is None:
        raise ArtefactError(f"{path} was not written by vpd. Move it out of the library.")
    record = _open(path, lambda: parse_json(text))
    fields = {"key": str, "step": str, "settings": dict, "inputs": dict, "notes": dict, "checksum": str}
    wrong = not isinstance(record, dict) or not all(
        isinstance(record.get(name), kind) for name, kind in fields.items()
    )
    if wrong or not re.fullmatch("[0-9a-f]{32}", record["checksum"]):
        raise damaged(path, "its metadata cannot be read")
    return cast("dict[str, Any]", record)


def check(path: Path) -> None:
    """Compare the contents of an artefact with its checksum, once until somebody touches it.

    Raises ArtefactError where they differ, or the artefact is missing or not ours.
    """
    try:
        found = read_recipe(path)["checksum"]
    except ArtefactError:
        checksum.doubt(path)  # what was noted of it holds no longer
        raise
    if not _open(path, lambda: checksum.is_whole(path, found)):
        checksum.doubt(path, found)  # so that the next run makes it again, though nobody wrote to it
        raise damaged(path, "its contents are not what was written")


def read_notes(path: Path) -> dict[str, Any]:
    """The notes of an artefact whose contents were compared with its checksum. Raises as `check` does."""
    check(path)
    return cast("dict[str, Any]", read_recipe(path)["notes"])


def is_current(path: Path, recipe: Recipe) -> bool:
    """Whether the artefact at ``path`` exists, was made from exactly this recipe, and has not changed since.

    A file that was written to since is read and compared. A change of the disk alone is found by `check`.
    """
    try:
        record = read_recipe(path)
        return bool(record["key"] == recipe.key) and checksum.is_untouched(path, record["checksum"])
    except (ArtefactError, InputError, OSError):
        return False
