"""What is said of a registration of videos, by the command and by the page alike."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from pathlib import Path

from vpd.library.videos import Registration
from vpd.strings import Said, Sentence
from vpd.video.source import shown

MOST_NAMED = 5
"""Largest number of files of a kind that are named singly."""


class Weight(Enum):
    """How much a sentence matters: a fact, a warning, or that something could not be added."""

    FACT = "fact"
    WARNING = "warning"
    ERROR = "error"


def sentences(result: Registration) -> Iterator[tuple[Weight, Said]]:
    """What became of the files that were to be added, in sentences, each with its weight."""
    yield (
        Weight.FACT,
        Sentence("videos_added", {"count": len(result.added), "known": len(result.known)}),
    )
    for path, video in result.moved:
        yield Weight.FACT, Sentence("video_moved", {"video": video, "path": str(path)})
    for path, video in result.duplicates:
        yield Weight.WARNING, Sentence("video_twice", {"video": video, "path": str(path)})
    by_reason: dict[str, list[str]] = {}
    for path, reason in result.left_out:
        by_reason.setdefault(reason, []).append(_name(path))
    for reason, names in by_reason.items():
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        yield Weight.FACT, f"Left out, {reason}: {', '.join(names[:MOST_NAMED])}{more}."
    for parts in result.chapters:
        yield Weight.FACT, Sentence("video_chapters", {"paths": _names(parts)})
    for parts in result.joined:
        yield Weight.FACT, Sentence("videos_joined", {"paths": _names(parts)})
    for place, why in result.problems:
        yield Weight.ERROR, Sentence("video_not_added", {"path": shown(place), "why": why})


def _name(path: Path) -> str:
    return shown(Path(path.name))


def _names(paths: list[Path]) -> str:
    return ", ".join(map(_name, paths))
