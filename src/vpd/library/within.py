"""Work in a library that must stay where it is, while its disk may be taken away or its folder moved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from vpd.errors import LibraryGoneError
from vpd.library.layout import SETTINGS_FILE

_WORKED_IN: ContextVar[tuple[Path, Path] | None] = ContextVar("the library, and a file of it", default=None)


@contextmanager
def within(root: Path) -> Iterator[None]:
    """Let `must_be_there` watch the library at ``root`` while the block works in it."""
    settings = root / SETTINGS_FILE
    token = _WORKED_IN.set((root, settings if settings.exists() else root))
    try:
        yield
    finally:
        _WORKED_IN.reset(token)


def must_be_there(path: Path) -> None:
    """Raise LibraryGoneError where ``path`` is of the library that is worked in, and that is gone.

    Its folders would be made again for ``path``, and hold the results on another disk.
    """
    if (watched := _WORKED_IN.get()) is None:
        return
    root, mark = watched
    if path.is_relative_to(root) and not mark.exists():
        raise LibraryGoneError(
            f"{mark} is not there any more: the disk was taken away, or the library was moved. Bring it "
            "back, or name its new place; the same command continues from there."
        )
