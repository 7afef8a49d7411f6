"""Videos that lie elsewhere, by URL: what is known of one without reading it, and a copy on this computer.

Whatever fsspec reads: ``https://``, ``s3://``, ``gs://`` and others. A copy is made when a step reads the
video, in a folder of this computer that is kept below a size: those that were unused for longest go first.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from vpd.errors import InputError
from vpd.library.artefact import replacing
from vpd.library.lock import locked
from vpd.library.verified import cache_folder

FOLDER, LIMIT = "VPD_VIDEO_CACHE", "VPD_VIDEO_CACHE_GB"
"""Variables that name the folder of the copies, and the largest size of it."""
LIMIT_GB = 20.0
BLOCK = 8 << 20
"""Bytes that are asked for at a time: what a cut connection costs."""
TRIES, PAUSE_S = 6, 0.5
"""How often each block is asked for, and the first pause between two tries; it doubles."""
IN_USE_S = 60.0
"""A copy that somebody asked for so lately is not deleted: it is about to be opened, seconds."""
MOST_SAID = 200

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://.+")
_T = TypeVar("_T")


def is_url(text: str) -> bool:
    """Whether the text is a URL, and not a path."""
    return bool(_URL.fullmatch(text))


def name_of(url: str) -> PurePosixPath:
    """Folder and file of a URL, without what follows ``?`` or ``#`` on the web."""
    scheme, _, rest = url.partition("://")
    return PurePosixPath(re.split("[?#]", rest)[0] if scheme.startswith("http") else rest)


@dataclass(frozen=True)
class Seen:
    """What tells one content of a URL from another: its size, and a number made of its version."""

    bytes: int
    version: int


def _system(url: str) -> tuple[Any, str]:
    """The file system of fsspec that reads the URL, and the path within it."""
    scheme = url.partition("://")[0]
    try:
        from fsspec.core import url_to_fs

        found: tuple[Any, str] = url_to_fs(url)
    except ImportError as error:
        raise InputError(
            f"{url} cannot be read: a package is missing ({error.name or error}). Install it: pip install "
            "'video-pose-distillation[cloud]', on every computer."
        ) from error
    except ValueError as error:
        raise InputError(f"{url} cannot be read: {scheme}:// is not known ({error}).") from error
    return found


def _hopeless(error: BaseException) -> str:
    """Why another try is of no use, as a clause; "" where one may help."""
    status = getattr(error, "status", None)
    if isinstance(error, PermissionError) or status in (401, 403):
        return "may not be read: look at the rights, and who you are there"
    if type(error).__name__ == "NoCredentialsError":
        return "may not be read: there are no credentials for it"
    return (
        "is gone, or never was there" if isinstance(error, FileNotFoundError) or status in (404, 410) else ""
    )


def _tried(url: str, read: Callable[[], _T]) -> _T:
    """What ``read`` returns; errors of the network and of the server are tried again."""
    for attempt in range(TRIES):
        try:
            return read()
        except Exception as error:
            # On the web fsspec says of every error that the file is not found, and keeps the error.
            cause = (isinstance(error, FileNotFoundError) and error.__cause__) or error
            if why := _hopeless(cause):
                raise InputError(f"{url} {why}.") from error
            if attempt == TRIES - 1:
                said = f"{type(cause).__name__}: {' '.join(str(cause).split())[:MOST_SAID]}"
                raise InputError(f"{url} cannot be read, tried {TRIES} times ({said}).") from error
            time.sleep(PAUSE_S * 2**attempt)
    raise AssertionError("the last try returns or raises")


def _seen(info: dict[str, Any], url: str) -> Seen:
    size = info.get("size")
    if not isinstance(size, int):
        raise InputError(f"{url} does not say its size, so it cannot be told whether it was read whole.")
    names = ("ETag", "etag", "md5Hash", "LastModified", "last_modified", "mtime", "updated")
    version = next((str(info[name]) for name in names if info.get(name)), "")
    return Seen(size, int(hashlib.sha256(version.encode()).hexdigest()[:15], 16))


def _info(system: Any, path: str, url: str) -> dict[str, Any]:
    def ask() -> dict[str, Any]:
        system.invalidate_cache()
        info: dict[str, Any] = system.info(path)
        return info

    return _tried(url, ask)


def look(url: str) -> Seen:
    """What lies there now. Raises InputError where nothing does, or it cannot be looked at."""
    system, path = _system(url)
    return _seen(_info(system, path, url), url)


def listed(url: str, suffixes: frozenset[str]) -> list[str]:
    """URLs of the files below a URL that ends with ``/``, of these suffixes, by name; else the URL itself."""
    if not url.endswith("/"):
        return [url]
    system, path = _system(url)

    def ask() -> list[str]:
        system.invalidate_cache()
        found: list[str] = system.find(path)
        return found

    videos = [name for name in sorted(_tried(url, ask)) if PurePosixPath(name).suffix.lower() in suffixes]
    return [system.unstrip_protocol(name) for name in videos]


def _folder() -> Path:
    named = os.environ.get(FOLDER)
    if named:
        return Path(named)
    cache = cache_folder()
    if cache is None:
        raise InputError(f"there is no folder for copies of videos: name one in {FOLDER}.")
    return cache / "videos"


def _limit() -> int:
    text = os.environ.get(LIMIT, "") or str(LIMIT_GB)
    try:
        return int(float(text) * 1e9)
    except ValueError as error:
        raise InputError(f"{LIMIT} is {text!r}, which is no number of GB.") from error


def local_copy(url: str, seen: Seen) -> Path:
    """A copy on this computer of what was seen at the URL, made where there is none.

    Raises InputError where something else lies there by now, where it cannot be read, and where it is larger
    than all copies may be together.
    """
    name = hashlib.sha256(f"{url}\0{seen.bytes}\0{seen.version}".encode()).hexdigest()[:32]
    copy = _folder() / f"{name}{name_of(url).suffix.lower()}"
    if _use(copy, seen):
        return copy
    copy.parent.mkdir(parents=True, exist_ok=True)
    with locked(copy, wait_s=float("inf")):
        if not _use(copy, seen):
            system, path = _system(url)
            info = _info(system, path, url)
            if _seen(info, url) != seen:
                raise InputError(f"{url} has another content than when it was looked at: `vpd scan {url}`.")
            with replacing(copy) as part:
                _make_room(part, seen.bytes, url)
                _read_into(part, system, path, url, info)
    return copy


def _use(copy: Path, seen: Seen) -> bool:
    """Note that the copy is used; whether it is there whole."""
    try:
        os.utime(copy)
        return copy.stat().st_size == seen.bytes
    except OSError:
        return False


def _make_room(part: Path, size: int, url: str) -> None:
    """Delete copies until ``size`` more bytes fit, and set these aside for ``part``."""
    folder, limit = part.parent, _limit()
    if size > limit:
        raise InputError(
            f"{url} has {size / 1e9:,.1f} GB, and copies of videos may have {limit / 1e9:,.1f} together: set "
            f"{LIMIT} to a larger number of GB, and {FOLDER} to a folder that has them."
        )
    with locked(folder / "room"):
        files = []
        for file in folder.iterdir():
            with suppress(OSError):
                if file.is_file():
                    files.append((file.stat().st_mtime, file.stat().st_size, file))
        excess = sum(each for _, each, _ in files) + size - limit
        for used, each, file in sorted(files):
            if excess <= 0 or time.time() - used < IN_USE_S:
                break
            if not file.name.startswith("."):
                file.unlink(missing_ok=True)
                excess -= each
        with part.open("wb") as out:
            out.truncate(size)


def _read_into(part: Path, system: Any, path: str, url: str, info: dict[str, Any]) -> None:
    size = int(info["size"])
    if info.get("partial") is False:  # a web server that sends files as a whole alone
        _tried(url, lambda: system.get_file(path, str(part)))
    else:
        with part.open("rb+") as out:
            for start in range(0, size, BLOCK):
                out.write(_block(system, path, url, start, min(start + BLOCK, size)))
    if part.stat().st_size != size:
        raise InputError(f"{url} was sent with another size than it said.")


def _block(system: Any, path: str, url: str, start: int, end: int) -> bytes:
    def read() -> bytes:
        data: bytes = system.cat_file(path, start=start, end=end)
        if len(data) != end - start:
            raise OSError(f"{len(data)} bytes came instead of {end - start}")
        return data

    return _tried(url, read)
