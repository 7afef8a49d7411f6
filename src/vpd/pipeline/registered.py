"""What is said of a registration of videos, by the command and by the page alike."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from pathlib import Path

from vpd.counting import counted
from vpd.library.videos import Registration
from vpd.video.source import shown

MOST_NAMED = 5
"""Largest number of files of a kind that are named singly."""


class Weight(Enum):
    """How much a sentence matters: a fact, a warning, or that something could not be added."""

    FACT = "fact"
    WARNING = "warning"
    ERROR = "error"


def sentences(result: Registration) -> Iterator[tuple[Weight, str]]:
    """What became of the files that were to be added, in sentences, each with its weight."""
    added = counted(len(result.added), "video")
    yield Weight.FACT, f"{added} added, {len(result.known)} known already."
    for path, video in result.moved:
        yield Weight.FACT, f"{video} has moved to {path}."
    for path, video in result.duplicates:
        yield Weight.WARNING, f"{path} is not added: its content is that of {video}."
    by_reason: dict[str, list[str]] = {}
    for path, reason in result.left_out:
        by_reason.setdefault(reason, []).append(_name(path))
    for reason, names in by_reason.items():
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        yield Weight.FACT, f"Left out, {reason}: {', '.join(names[:MOST_NAMED])}{more}."
    for parts in result.chapters:
        yield (
            Weight.FACT,
            f"{_names(parts)} are chapters of one recording; each is a video of its own. "
            "--join makes one of them.",
        )
    for parts in result.joined:
        yield Weight.FACT, f"{_names(parts)} are one video."
    for place, reason in result.problems:
        yield Weight.ERROR, f"{shown(place)} is not added: it {reason}."


def _name(path: Path) -> str:
    return shown(Path(path.name))


def _names(paths: list[Path]) -> str:
    return ", ".join(map(_name, paths))
