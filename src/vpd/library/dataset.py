"""dataset.json: the published data set that a library was imported from, and its rules."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vpd.counting import counted
from vpd.errors import ArtefactError
from vpd.files import parse_json, read_bytes
from vpd.library.artefact import write_text
from vpd.library.labels import REVIEWED
from vpd.library.layout import Layout
from vpd.types import Segment


@dataclass(frozen=True)
class Thinning:
    """How frames of fast videos are left out of an action: at most ``most_hz`` frames a second.

    A frame is kept while a counter is not negative, and costs 1; every frame adds min(1, most_hz / fps) +
    ``slack``. The counter begins at ``begin`` (the reference's rule: floor exercise 1, diving 0 with 0.01).
    """

    most_hz: float
    begin: float = 1.0
    slack: float = 0.0


@dataclass(frozen=True)
class DatasetCard:
    """The data set that a library was imported from.

    Attributes
    ----------
    key, title, licence, protocol : its name, its name in tables, terms of the labels, how it is measured.
    classes : labels that recognition, search and retrieval know, in order; empty for all.
    detected : labels that detection looks for, as one class; empty for all.
    thinning : see `Thinning`; None where every frame counts.
    mean_people : features of several people in a frame are averaged where a label names no athlete.
    clips, actions : (in the library, in the whole data set).
    notes : what was met on import.
    """

    key: str
    title: str
    licence: str = ""
    protocol: str = ""
    classes: tuple[str, ...] = ()
    detected: tuple[str, ...] = ()
    thinning: Thinning | None = None
    mean_people: bool = False
    clips: tuple[int, int] = (0, 0)
    actions: tuple[int, int] = (0, 0)
    notes: tuple[str, ...] = ()

    @property
    def coverage(self) -> str:
        """The share of the data set that the library holds, in words."""
        clips, of_clips = self.clips
        actions, of_actions = self.actions
        if clips == of_clips and actions == of_actions:
            return f"all {counted(actions, 'action')} of {counted(clips, 'video')}"
        return f"{actions:,} of {counted(of_actions, 'action')}, {clips:,} of {counted(of_clips, 'video')}"

    def recognised(self, segments: Iterable[Segment]) -> list[Segment]:
        """The segments whose label recognition uses."""
        return [s for s in segments if not self.classes or s.label in self.classes]

    def events(self, segments: Iterable[Segment]) -> list[Segment]:
        """The segments whose label detection looks for."""
        return [s for s in segments if not self.detected or s.label in self.detected]


def recognised(layout: Layout, segments: Iterable[Segment]) -> list[Segment]:
    """The segments whose label recognition, search and retrieval use: all but reviewed spans, unless the
    library's data set limits them.
    """
    card = read_card(layout.dataset)
    actions = [s for s in segments if s.label != REVIEWED]
    return actions if card is None else card.recognised(actions)


def detected(layout: Layout, segments: Iterable[Segment]) -> list[Segment]:
    """The segments whose label detection looks for: all, unless the library's data set limits them."""
    card = read_card(layout.dataset)
    return list(segments) if card is None else card.events(segments)


def write_card(path: Path, card: DatasetCard) -> None:
    """Write dataset.json, completely or not at all."""
    write_text(json.dumps(asdict(card), indent=1, ensure_ascii=False) + "\n", path)


def read_card(path: Path) -> DatasetCard | None:
    """The card in ``path``; None where there is no such file. Raises ArtefactError where it is damaged."""
    try:
        row: dict[str, Any] = parse_json(read_bytes(path))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ArtefactError(f"{path} is damaged ({error}). Import the data set again.") from error
    try:
        thinning = row.pop("thinning")
        for name in ("classes", "detected", "clips", "actions", "notes"):
            row[name] = tuple(row[name])
        return DatasetCard(**row, thinning=None if thinning is None else Thinning(**thinning))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ArtefactError(f"{path} is damaged ({error}). Import the data set again.") from error
