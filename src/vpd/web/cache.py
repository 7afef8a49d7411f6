"""Pieces of proxies on disk. They are made on demand; the least recently used are deleted first.

A piece ends with a box of MP4 that players pass over. It carries the checksum of the piece.
"""

from __future__ import annotations

import contextlib
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from threading import Lock

from vpd.library.artefact import sealed
from vpd.library.sealed_files import TRAILER, ends_whole

GB = 1 << 30
_BOX = struct.pack(">I4s", 8 + len(TRAILER), b"free") + TRAILER


class ProxyCache:
    """Files under ``folder`` of at most ``limit`` bytes together. The folder may be deleted at any time."""

    def __init__(self, folder: Path, limit: int = 20 * GB) -> None:
        self.folder, self.limit, self._lock = folder, limit, Lock()

    def path(self, key: str, piece: int) -> Path:
        """The path of a piece of the video with this content key. ``key`` comes from the table of videos."""
        return self.folder / f"{''.join(c for c in key if c.isalnum())}-{piece:05d}.mp4"

    @contextlib.contextmanager
    def writing(self, path: Path) -> Iterator[Path]:
        """Yield a path to write a piece to, which gets its checksum and its place when the block ends."""
        with sealed(path) as part:
            yield part
            with part.open("ab") as out:
                out.write(_BOX)

    def use(self, path: Path) -> bool:
        """Whether a piece is there and is what was written. A damaged one is deleted; the use is recorded."""
        if not path.is_file():
            return False
        whole = ends_whole(path)
        with contextlib.suppress(OSError):
            if whole:
                os.utime(path)
            else:
                path.unlink()
        return whole

    def trim(self) -> None:
        """Delete the least recently used pieces until the rest is within the limit."""
        with self._lock:
            files = []
            for path in self.folder.glob("*.mp4"):
                with contextlib.suppress(OSError):
                    found = path.stat()
                    files.append((found.st_mtime_ns, found.st_size, path))
            spare = sum(size for _, size, _ in files) - self.limit
            for _, size, path in sorted(files):
                if spare <= 0:
                    return
                with contextlib.suppress(OSError):
                    path.unlink()
                    spare -= size
