"""Open the library at a place: a folder, or the URL of an object store, of which a working copy is kept."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from vpd.errors import InputError
from vpd.files import entries
from vpd.library.copy_state import CopyState, root_of
from vpd.library.layout import SETTINGS_FILE, Layout, find_library
from vpd.library.remote import is_url
from vpd.library.store import open_store
from vpd.library.verified import cache_folder
from vpd.library.working_copy import WorkingCopy

FOLDER = "VPD_LIBRARY_CACHE"
"""The variable that names the folder of the working copies."""
USER_SUFFIXES = ("", ".csv", ".json", ".toml")
"""Those of what a user puts into a library; the videos may lie beside it."""


def library_at(place: Path | str, say: Callable[[str], None] = lambda text: None) -> Layout:
    """The library at a path, or the one that contains it; or the working copy of the one at a URL.

    A working copy is brought up to date; ``say`` is told what was changed in both.

    Raises InputError where there is none, StoreError where the store cannot be used.
    """
    if not (isinstance(place, str) and is_url(place)):
        layout = find_library(Path(place))
        _must_lead_somewhere(layout.root)
        sync(layout, say)
        return layout
    # What lies in the store is asked first, so that a place that is no library leaves no folder behind.
    if CopyState(_copy_root(place)).is_there or open_store(place.rstrip("/")).look(SETTINGS_FILE):
        layout = copy_of(place, say)
        if layout.settings.is_file():
            return layout
    raise InputError(f"{place} is not a library. Make one with `vpd new {place} VIDEOS...`.")


def _must_lead_somewhere(root: Path) -> None:
    """Raise InputError where one of the user's tables or folders is a link to what is not there.

    It would be taken for one that is not there, and the first change would put a new table in its place.
    """
    with suppress(PermissionError):
        for path in entries(root):
            if path.suffix in USER_SUFFIXES and path.is_symlink() and not path.exists():
                raise InputError(
                    f"{path} is a link to {os.readlink(path)}, which is not there. Connect the disk that it "  # noqa: PTH115
                    "lies on, or delete the link."
                )


def copy_of(url: str, say: Callable[[str], None] = lambda text: None) -> Layout:
    """The working copy of what lies at a URL, a library or nothing yet, brought up to date."""
    url = url.rstrip("/")
    open_store(url)  # a scheme that is not known leaves no folder behind
    root = _copy_root(url)
    CopyState(root).make(url)
    layout = Layout(root)
    sync(layout, say)
    return layout


def sync(layout: Layout, say: Callable[[str], None] = lambda text: None) -> None:
    """Make a working copy and its store equal; nothing happens for other libraries."""
    if root_of(layout.root) is not None:
        for note in WorkingCopy(layout.root).sync():
            say(note)


def _copy_root(url: str) -> Path:
    """The folder of the working copy of what lies at a URL."""
    url = url.rstrip("/")
    name = re.sub(r"[^A-Za-z0-9-]", "-", url.rpartition("/")[2])
    return _folder() / f"{name}-{hashlib.sha256(url.encode()).hexdigest()[:8]}"


def _folder() -> Path:
    if named := os.environ.get(FOLDER):
        return Path(named).absolute()
    cache = cache_folder()
    if cache is None:
        raise InputError(f"there is no folder for working copies of libraries: name one in {FOLDER}.")
    return cache / "libraries"
