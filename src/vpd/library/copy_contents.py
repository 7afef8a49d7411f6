"""The contents of large artefacts of a working copy, fetched when they are first read.

A working copy has an outline of each large artefact that lies in the store: a file of its name and size, with
its metadata and without the rest. That is enough to say whether it is up to date.
"""

from __future__ import annotations

import os
import secrets
from functools import lru_cache
from pathlib import Path

from vpd.errors import ArtefactError
from vpd.library.copy_state import CopyState, Known, root_of, stamp_of
from vpd.library.store import Seen, Store, open_store


@lru_cache(maxsize=16)
def store_of(url: str) -> Store:
    """The store at a URL, opened once a process."""
    return open_store(url)


def fetched(store: Store, key: str, path: Path, mtime_ns: int | None = None) -> Seen:
    """Put the present content of an object into the place of a file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name[:100]}.{secrets.token_hex(8)}.part")
    try:
        seen = store.fetch(key, part)
        if mtime_ns is not None:
            os.utime(part, ns=(mtime_ns, mtime_ns))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return seen


def bring(path: Path) -> None:
    """Make an artefact whole that is an outline; nothing happens for all other files.

    Raises ArtefactError where it is gone from the store, StoreError.
    """
    path = path.absolute()
    root = root_of(path.parent)
    if root is None:
        return
    state, key = CopyState(root), path.relative_to(root).as_posix()
    known = state.get(key)
    if known is None or known.whole or stamp_of(path) != known.stamp:
        return
    try:
        seen = fetched(store_of(state.url()), key, path, path.stat().st_mtime_ns)
    except FileNotFoundError as error:
        raise ArtefactError(f"{path} is gone from the store: run the command again.") from error
    state.put([Known(seen, stamp_of(path), True)])
