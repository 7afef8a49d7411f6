"""A labelled data set as its authors published it: actions, parts, few-shot subsets, detection lists."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from vpd.library.dataset import Thinning

Part = Literal["train", "validation", "test"]
Frames = tuple[int, int]
"""First frame, and one past the last."""


@dataclass(frozen=True)
class Span:
    """A span of a video in frames or in seconds, as the labels give it."""

    start: float
    stop: float
    unit: Literal["frames", "s"] = "frames"

    def frames(self, fps: float) -> Frames:
        """First frame and one past the last. Seconds are extended to whole frames."""
        if self.unit == "frames":
            return int(self.start), int(self.stop)
        return math.floor(self.start * fps), math.ceil(self.stop * fps)

    def seconds(self, fps: float) -> tuple[float, float]:
        """Start and end in seconds."""
        scale = fps if self.unit == "frames" else 1.0
        return self.start / scale, self.stop / scale

    @property
    def empty(self) -> bool:
        """Whether it ends before it begins, or lasts no time. A single frame, such as a contact, lasts."""
        return self.stop < self.start or (self.unit == "s" and self.stop == self.start)


@dataclass(frozen=True)
class Clip:
    """One video, by the name that the labels use (a file name without suffix).

    Attributes
    ----------
    source : file (without suffix) that the clip is cut from; "" where clips are published as they are.
    span : what of ``source`` the clip shows.
    fps : frame rate that the labels' frame numbers refer to; 0 where labels are in seconds.
    frames : number of frames of the published clip; 0 where it is not known.
    """

    name: str
    source: str = ""
    span: Span | None = None
    fps: float = 0.0
    frames: int = 0


@dataclass(frozen=True)
class Action:
    """One labelled action.

    Attributes
    ----------
    id : as the label file writes it.
    clip : name of its `Clip`; "" where no known clip holds it.
    span : where it happens in the clip; a point (start = stop) for the contact of racket and ball; None where
        the files do not say.
    athlete : number of the person in the clip; None where only one is meant.
    """

    id: str
    clip: str
    label: str
    part: Part
    span: Span | None
    athlete: int | None = None


Cut = Callable[[Span, float], Frames]
"""A function that computes the frames of a span in a clip of some frame rate (frames a second)."""


def whole(span: Span, fps: float) -> Frames:
    """The frames of the span itself."""
    return span.frames(fps)


@dataclass(frozen=True)
class About:
    """The facts about a data set that a user must know. `vpd paper datasets` prints them, and the library
    keeps them.

    Attributes
    ----------
    key : name on the command line. title : name in tables.
    licence : terms of the labels. needs : files the user must have. protocol : how results are measured.
    """

    key: str
    title: str
    licence: str
    needs: str
    protocol: str


@dataclass(frozen=True, eq=False)
class Dataset:
    """The content of the label files of one data set.

    Attributes
    ----------
    classes : recognised labels in the order of their index; actions of others are not recognised.
    detected : labels that detection looks for, as one class.
    actions : all of the files, in their order, those of other labels among them.
    clips : by name; every clip that the data set has, with labels or without.
    subsets : few-shot training lists by k, as ids of actions.
    localisation : lists of training clips in the order in which detection takes them.
    queries : ids of the retrieval queries; None where every action is one.
    window : frames that recognition and retrieval see. event : frames that detection must find.
    thinning : how frames of fast videos are left out; None where all are seen.
    people : prefixes of the pose folders of a clip's people, athlete 0 first; empty where there is one.
    mean_people : the features of several people in a frame are averaged (synchronised diving).
    expected : number of recognised actions that the full data set has; 0 where it is not known.
    notes : what the reader met that a user should know.
    """

    about: About
    classes: tuple[str, ...]
    actions: tuple[Action, ...]
    clips: Mapping[str, Clip]
    subsets: Mapping[int, Sequence[tuple[str, ...]]] = field(default_factory=dict)
    detected: tuple[str, ...] = ()
    localisation: Sequence[tuple[str, ...]] = ()
    queries: frozenset[str] | None = None
    window: Cut = whole
    event: Cut = whole
    thinning: Thinning | None = None
    people: tuple[str, ...] = ()
    mean_people: bool = False
    expected: int = 0
    notes: tuple[str, ...] = ()

    @cached_property
    def recognised(self) -> tuple[Action, ...]:
        """The actions of the recognised classes."""
        known = set(self.classes)
        return tuple(action for action in self.actions if action.label in known)

    def part(self, part: Part) -> tuple[Action, ...]:
        """The recognised actions of one part."""
        return tuple(action for action in self.recognised if action.part == part)


def joined(spans: Sequence[Frames]) -> list[Frames]:
    """Merge spans that touch or overlap, in order. Detection counts the result as one event."""
    out: list[Frames] = []
    for start, stop in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], stop))
        else:
            out.append((start, stop))
    return out
