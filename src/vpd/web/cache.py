"""Pieces of proxies on disk. They are made on demand; the least recently used are deleted first."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from threading import Lock

GB = 1 << 30


class ProxyCache:
    """Files under ``folder`` of at most ``limit`` bytes together. The folder may be deleted at any time."""

    def __init__(self, folder: Path, limit: int = 20 * GB) -> None:
        self.folder, self.limit, self._lock = folder, limit, Lock()

    def path(self, key: str, piece: int) -> Path:
        """The path of a piece of the video with this content key. ``key`` comes from the table of videos."""
        return self.folder / f"{''.join(c for c in key if c.isalnum())}-{piece:05d}.mp4"

    def touch(self, path: Path) -> None:
        """Record that a piece was used."""
        with contextlib.suppress(OSError):
            os.utime(path)

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
