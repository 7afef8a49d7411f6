"""The checksum that an artefact carries of its own contents, and a cheap sign that it was not touched.

The checksum is the XXH3 hash (128 bits) of the whole file with the digits of the checksum itself read as
zeros. It stands in the artefact's metadata. It finds damage, and is no protection against a forger.

The sign is the fraction of a second of the file's time of change, which is set to the checksum's first
digits. A later write changes that time, and the contents are then compared. So
`vpd status` looks at a thousand hours of video without reading them. Where times are coarse it compares
every file.

A file that is read is compared once on each computer, until it is touched (`vpd.library.verified`).
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import xxhash

from vpd.library import verified
from vpd.library.copy_contents import bring

BLANK = "0" * 32
_NAME, _BEFORE = b'"checksum":', (b' "', b'"')
"""The text before the checksum in metadata: in JSON of Python, and of safetensors."""
_NEAR = 64 * 2**10
_AT_ONCE = getattr(mmap, "MAP_POPULATE", 0)
"""Flag that makes Linux load all pages of a file at once, which takes a third of the time."""
_SECOND_NS = 1_000_000_000
_TICK_NS = 100
"""The resolution of times on NTFS in ns."""


@contextmanager
def _mapped(path: Path, writable: bool = False) -> Iterator[mmap.mmap]:
    how: dict[str, int] = {"access": mmap.ACCESS_WRITE if writable else mmap.ACCESS_READ}
    if _AT_ONCE and not writable:
        how = {"flags": mmap.MAP_SHARED | _AT_ONCE, "prot": mmap.PROT_READ}
    with path.open("rb+" if writable else "rb") as file, mmap.mmap(file.fileno(), 0, **how) as contents:
        yield contents


def _places(contents: mmap.mmap, checksum: str, near: int | None = None) -> list[int]:
    """Positions of the digits of the checksum: in an Arrow file at the beginning and at the end.

    With ``near``, only positions within that many bytes of either end are found.
    """
    places: list[int] = []
    digits, at = checksum.encode(), 0
    size = len(contents)
    while True:
        if near is not None and at < size - near:
            at = contents.find(_NAME, at, near) if at < near else -1
            at = contents.find(_NAME, max(near, size - near)) if at < 0 else at
        else:
            at = contents.find(_NAME, at)
        if at < 0:
            return places
        at += len(_NAME)
        for before in _BEFORE:
            if contents[at : at + len(before) + len(digits)] == before + digits:
                places.append(at + len(before))


def _digest(contents: mmap.mmap, places: list[int]) -> str:
    hashed, done = xxhash.xxh3_128(), 0
    with memoryview(contents) as view:
        for place in places:
            hashed.update(view[done:place])
            hashed.update(BLANK.encode())
            done = place + len(BLANK)
        hashed.update(view[done:])
    return hashed.hexdigest()


def _sign(checksum: str) -> int:
    """The nanoseconds below a second that stand for the checksum."""
    return int(checksum[:12], 16) % (_SECOND_NS // _TICK_NS) * _TICK_NS


def set_sign(path: Path, checksum: str) -> None:
    """Set a file's time of change to the sign that it is as it was when it had this checksum."""
    found = path.stat()
    seconds = found.st_mtime_ns // _SECOND_NS
    os.utime(path, ns=(found.st_atime_ns, seconds * _SECOND_NS + _sign(checksum)))


def seal(path: Path) -> str:
    """Write the checksum into a file whose metadata has ``BLANK`` in its place. Returns it."""
    with _mapped(path, writable=True) as contents:
        places = _places(contents, BLANK)
        checksum = _digest(contents, places)
        for place in places:
            contents[place : place + len(BLANK)] = checksum.encode()
    set_sign(path, checksum)
    return checksum


def is_whole(path: Path, checksum: str) -> bool:
    """Whether the contents are those that were written; all are read, once until the file is touched.

    Raises OSError.
    """
    found = path.stat()
    if verified.is_verified(path, checksum, found):
        return True
    bring(path)
    found = path.stat()
    if not found.st_size:
        return False
    with _mapped(path) as contents:
        # Looking for the digits in all of a file takes longer than its hash, and they stand near its ends.
        whole = any(
            places and _digest(contents, places) == checksum
            for places in (_places(contents, checksum, near) for near in (_NEAR, None))
        )
    if whole:
        verified.note(path, checksum, found)
    else:
        verified.doubt(path)
    return whole


def is_untouched(path: Path, checksum: str) -> bool:
    """Whether the file is unchanged since it was written: by its modification time, else by its content."""
    found = path.stat()
    signed = found.st_mtime_ns % _SECOND_NS == _sign(checksum)
    if signed and not verified.was_touched(path, checksum, found):
        return True
    if not is_whole(path, checksum):
        return False
    if not signed:
        with suppress(OSError):  # where it cannot be set, the next look compares again
            set_sign(path, checksum)
            verified.note(path, checksum, path.stat())
    return True


def doubt(path: Path, checksum: str = "") -> None:
    """Change the modification time of a damaged file, so that no quick test accepts it any more.

    ``checksum`` is the one that the file states; "" where what it states cannot be read.
    """
    with suppress(OSError):
        found = path.stat()
        now_ns = found.st_mtime_ns
        if checksum:
            now_ns = now_ns // _SECOND_NS * _SECOND_NS + _sign(checksum)
        os.utime(path, ns=(found.st_atime_ns, now_ns + _TICK_NS))


def is_written(path: Path, checksum: str) -> None:
    """Note that a file with this checksum has just been written, and need not be compared when it is read."""
    with suppress(OSError):
        verified.note(path, checksum, path.stat())
