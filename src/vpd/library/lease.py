"""Locks as files with a heartbeat, for network file systems whose own locks are not to be trusted.

A lease is a file that names its holder, who writes to it again and again. Who waits sees that by its own
clock alone, so the clocks of two computers need not agree. A lease that nobody wrote to for ``TAKEOVER_S``
seconds is taken over, at once where the holder was a process of this computer that is gone. Of several that
see a dead lease, the one that makes a claim to it first puts its own lease in its place.

It needs two things of the file system: that a hard link is made whole or refused, and that a file is renamed
whole. NFS has both.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import secrets
import threading
import time
from collections.abc import Hashable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from vpd.errors import LockedError
from vpd.files import parse_json, read_bytes
from vpd.machine import mounts, process_exists

BEAT_S = 10.0
"""How often the holder writes to its lease, seconds."""
TAKEOVER_S = 60.0
"""A lease that nobody wrote to for as long is taken over, seconds."""
KIND = "VPD_LOCKS"
"""The variable that chooses: file (locks of the operating system), lease, or auto, the default."""
SHARED = (
    "9p", "afs", "beegfs", "cifs", "fuse.glusterfs", "fuse.sshfs", "glusterfs", "lustre", "nfs", "nfs4",
    "smb3", "smbfs",
)  # fmt: skip
"""File systems of which ``auto`` takes leases: their locks may be off, or hold on one computer alone."""


@lru_cache(maxsize=256)
def _file_system(folder: Path) -> str:
    """The type of the file system that holds the folder; "" where it is not known."""
    found = [(place, kind) for place, kind in mounts() if folder.is_relative_to(place)]
    return max(found, key=lambda one: len(one[0]))[1].lower() if found else ""


def wanted(folder: Path) -> bool:
    """Whether locks in this folder are leases."""
    kind = os.environ.get(KIND, "auto")
    if kind in ("file", "lease"):
        return kind == "lease"
    return _file_system(folder.resolve()) in SHARED


class Record(NamedTuple):
    """What a lease says: whose it is, and how often its holder has written to it."""

    token: str = ""
    beat: int = 0
    host: str = ""
    process: int = 0

    @classmethod
    def of_this(cls, token: str, beat: int) -> Record:
        """The record of a lease that this process holds."""
        return cls(token, beat, platform.node(), os.getpid())

    @classmethod
    def parse(cls, text: str | bytes) -> Record:
        """The record in a text; nobody's where it cannot be read."""
        try:
            found = parse_json(text)
            return cls(str(found["token"]), int(found["beat"]), str(found["host"]), int(found["process"]))
        except (ValueError, KeyError, TypeError, OverflowError):
            return cls()

    def to_json(self) -> str:
        """The record as text."""
        return json.dumps(self._asdict())


class Looks:
    """Looks at leases: since when, by the clock of this process, each says the same."""

    def __init__(self) -> None:
        self._seen: dict[Hashable, tuple[Record, float]] = {}

    def given_up(self, lease: Hashable, record: Record) -> bool:
        """Whether who holds a lease is gone, or left it alone for `TAKEOVER_S` seconds while we looked."""
        if record.token and record.host == platform.node() and not process_exists(record.process):
            return True
        now = time.monotonic()
        seen, since = self._seen.get(lease, (record, now))
        if seen != record:
            since = now
        self._seen[lease] = record, since
        return now - since > TAKEOVER_S


class Lease:
    """One lock. `acquire` tries once and is called again until it returns True; `release` lets go."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.token = secrets.token_hex(8)
        self._seen = Record()
        self._looks = Looks()
        self._ended = threading.Event()
        self._lost = False
        self._beating: threading.Thread | None = None

    def acquire(self) -> bool:
        """Take the lease where it is free, or nobody writes to it any more."""
        if not self._link(self.file) and not (self._is_dead() and self._take_over()):
            return False
        self._beating = threading.Thread(target=self._beat, daemon=True)
        self._beating.start()
        return True

    def release(self) -> None:
        """Let go. Raises LockedError where another has taken it over meanwhile."""
        self._ended.set()
        if self._beating is not None:
            self._beating.join()
        if self._lost or self._holder() != self.token:
            raise LockedError(
                f"{self.file} was taken over: this process did not write to it for {TAKEOVER_S:.0f} s, as "
                "where the computer slept. Look whether what you changed is there; else change it again."
            )
        self.file.unlink(missing_ok=True)

    def _link(self, file: Path) -> bool:
        """Make a file that names this lease by a hard link, which is made or refused whole."""
        part = self._part()
        try:
            with part.open("x", encoding="utf-8") as out:
                out.write(self._record(0))
            with suppress(FileExistsError):
                os.link(part, file)
            return part.stat().st_nlink == 2  # the link may be made although its answer was lost
        finally:
            part.unlink(missing_ok=True)

    def _record(self, beat: int) -> str:
        return Record.of_this(self.token, beat).to_json()

    def _part(self) -> Path:
        return self.file.with_name(f"{self.file.name}.{secrets.token_hex(8)}")

    def _read(self, file: Path) -> Record:
        try:
            return Record.parse(read_bytes(file))
        except OSError:
            return Record()

    def _holder(self) -> str:
        return self._read(self.file).token

    def _is_dead(self) -> bool:
        """Whether the holder is gone: a process of this computer, or nobody writes any more."""
        self._seen = self._read(self.file)
        return self._looks.given_up(self.file, self._seen)

    def _take_over(self) -> bool:
        """Put this lease in the place of the dead one; of several that try, the first to claim it does.

        The dead lease stays until it is replaced, so nobody finds the place free meanwhile. A claim whose
        maker is gone is followed by the next in number.
        """
        name = hashlib.sha256(repr(self._seen[:2]).encode()).hexdigest()[:16]
        claims: list[Path] = []
        while True:
            claims.append(self.file.with_name(f"{self.file.name}.{name}.{len(claims)}"))
            if self._link(claims[-1]):
                break
            if not self._looks.given_up(claims[-1], self._read(claims[-1])):
                return False
        try:
            if self._read(self.file) != self._seen:
                return False  # another has taken it over before our claim, or its holder has let go
            part = self._part()
            part.write_text(self._record(0), encoding="utf-8")
            part.replace(self.file)
            return True
        finally:
            for claim in claims:
                claim.unlink(missing_ok=True)

    def _beat(self) -> None:
        beat = 0
        while not self._ended.wait(BEAT_S):
            if self._holder() != self.token:
                self._lost = True
                return
            beat += 1
            part = self._part()
            try:
                part.write_text(self._record(beat), encoding="utf-8")
                part.replace(self.file)
            except OSError:  # the next beat tries again
                part.unlink(missing_ok=True)
