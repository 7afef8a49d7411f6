"""Find and free what a library no longer needs: crops of videos that are embedded and not learned from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vpd.library.layout import Layout
from vpd.library.lock import locked
from vpd.library.sealed_files import read_json
from vpd.pipeline import distill
from vpd.pipeline.due import stale
from vpd.pipeline.run import open_sources, sweep
from vpd.pipeline.sources import Sources


@dataclass(frozen=True)
class Cleaning:
    """What can be freed.

    Attributes
    ----------
    crops : by video, the bytes of its crops.
    kept : a sentence on why crops are kept; "" where some can be freed.
    freed : whether they were deleted.
    """

    crops: dict[str, int]
    kept: str
    freed: bool = False

    @property
    def bytes(self) -> int:
        """Bytes of all of it."""
        return sum(self.crops.values())

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"crops": self.crops, "bytes": self.bytes, "kept": self.kept, "freed": self.freed}


def clean(layout: Layout, free: bool = False) -> Cleaning:
    """Say which crops nothing needs; with ``free`` delete them, and what killed runs left behind.

    These are crops of videos whose features are up to date and from which no student of the library learned.
    `vpd run` does not make them again as long as the features stay up to date; `vpd crop` does.
    """
    sources = open_sources(layout)
    state = distill.state(sources)
    if state.due:
        return Cleaning({}, f"Crops are kept: {state.due}.")
    learned = _learned_from(sources)
    if learned is None:
        return Cleaning({}, "Crops are kept: what a student learned from cannot be read.")
    found = {
        video: layout.crops(video).stat().st_size
        for video in sources.videos.usable()
        if video not in learned and layout.crops(video).is_file() and not stale(sources, video, ["embed"])
    }
    kept = "" if found else "No crops are free: each video is learned from, or not embedded yet."
    if free:
        sweep(layout)
        for video in found:
            with locked(layout.crops(video)):
                layout.crops(video).unlink(missing_ok=True)
    return Cleaning(found, kept, free and bool(found))


def _learned_from(sources: Sources) -> set[str] | None:
    """The videos that any student of the library learned from; None where that cannot be read."""
    learned: set[str] = set()
    for folder in sorted(_students(sources.layout)):
        try:
            learned |= set(read_json(folder / distill.CONFIG)["recipe"]["inputs"])
        except FileNotFoundError:
            continue
        except (OSError, ValueError, KeyError, TypeError):
            return None
    return learned


def _students(layout: Layout) -> list[Path]:
    top = layout.root / "students"
    return [p for p in top.iterdir() if p.is_dir()] if top.is_dir() else []
