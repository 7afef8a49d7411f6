"""The pieces of proxies on disk: made on demand, the longest unused deleted first."""

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
        """Where a piece of the video with this content key lies. ``key`` comes from the table of videos."""
        return self.folder / f"{''.join(c for c in key if c.isalnum())}-{piece:05d}.mp4"

    def touch(self, path: Path) -> None:
        """Note that a piece was used."""
        with contextlib.suppress(OSError):
            os.utime(path)

    def trim(self) -> None:
        """Delete the longest unused pieces until the rest fits the limit."""
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
