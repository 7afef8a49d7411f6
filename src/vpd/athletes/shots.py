"""Find where shots begin, frame by frame: cuts, and dissolves, fades, wipes and graphics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vpd.athletes.shot_features import PER_LAG, ShotFeatures, thumbnail
from vpd.athletes.shot_network import REACH, ShotNetwork, shot_network
from vpd.types import Array

MOST_HZ = 30.0
"""Largest number of pictures a second that are used. The network learned from 25."""
CUT_CHANCE, GRADUAL_CHANCE = 0.9, 0.8
GAP, LEAST = 4, 3
"""Stretches of gradual change at most this many pictures apart are joined; they are at least this many
long.
"""
NEAR = 3
"""A cut has the highest probability among this many pictures before and after."""
SETTLED = 64
"""Longest gradual change, in pictures, whose end is awaited."""
BLOCK = 64
"""Number of pictures in one call of the network."""
RECENT = 15
"""Number of differences that measure the present motion of the picture."""
SUDDEN = 3.0
"""Least ratio of a sudden difference to the recent ones."""
STEP, MOST_PARTS, ALIKE = 18 / 255, 0.5, 1.25
"""A lasting step: its least difference, the least share of changed parts, and the ratio up to which
differences are alike.
"""
STEP_LAGS = (2, 4, 8, 16)
FAR_LAG = max(STEP_LAGS)
PARTS_CHANGED = 9
"""Index of the share of changed parts among the features of the nearest pictures."""


@dataclass(frozen=True)
class Change:
    """A change of shot: the last frame that shows the first shot alone, and the first that shows the second
    alone.
    """

    last: int
    first: int

    @property
    def begins(self) -> int:
        """The first frame that counts to the second shot: the middle of a gradual change."""
        return (self.last + self.first + 1) // 2


class ShotFinder:
    """Find the changes between shots. Frames are added in order; changes are returned some seconds later.

    A flash, a fast pan or zoom, a person who passes close by and a plate with a name are no changes.

    Attributes
    ----------
    settled : number of frames before which all changes are found.
    """

    def __init__(self, network: ShotNetwork | None = None) -> None:
        self._network = network or shot_network()
        self._features = ShotFeatures()
        self._rows: list[Array] = []
        self._frames: list[int] = []
        self._steps: list[float] = []
        self._before: Array | None = None
        self._last_s: float | None = None
        self._taken_s = -np.inf
        self._decided = 0
        self.settled = 0

    def add(self, rgb: Array, time_s: float) -> list[Change]:
        """Add a picture (H, W, 3) uint8. Returns the changes that are certain now."""
        small = thumbnail(rgb)
        before, self._before = self._before, small
        step = 0.0 if before is None else float(np.abs(small.astype(np.int16) - before).mean())
        self._steps.append(step)
        slack_s = 0.0 if self._last_s is None else (time_s - self._last_s) / 2
        self._last_s = time_s
        if time_s - self._taken_s + slack_s < 1 / MOST_HZ:
            return []
        self._taken_s = time_s
        self._frames.append(len(self._steps) - 1)
        self._rows.append(self._features.add(small))
        return self._found(final=False) if len(self._rows) - self._decided >= BLOCK + REACH else []

    def finish(self) -> list[Change]:
        """Return the remaining changes at the end."""
        found = self._found(final=True)
        self.settled = len(self._steps)
        return found

    def sudden(self, difference: float) -> bool:
        """Whether the last picture differs from the one before by at least this (0..255), and much more than
        usual.

        It may begin a shot. The tracker detects people on both sides, because the decision comes later.
        """
        step, recent = self._steps[-1], self._steps[-RECENT - 1 : -1]
        return step >= difference and step >= SUDDEN * (float(np.median(recent)) if recent else 0.0)

    def _found(self, final: bool) -> list[Change]:
        if not self._rows:
            return []
        chances = self._network(np.stack(self._rows))
        stop = len(chances) if final else len(chances) - REACH
        start = self._decided
        gradual = _stretches(chances[:, 1] > GRADUAL_CHANCE)
        if not final:
            # What reaches to the end of what is certain is decided with the next block.
            open_ = [a for a, b in gradual if a < stop <= b + GAP + NEAR]
            stop = max(start, min([stop - NEAR, *(a - 1 for a in open_ if stop - a < SETTLED)]))
        spans = [(a - 1, b + 1) for a, b in gradual if b - a + 1 >= LEAST]
        spans = [(a, b) for a, b in spans if not final or b < len(chances)]
        found = [(a, b) for a, b in spans if start <= a < stop]
        likely = chances[:, 0] * (chances[:, 0] > CUT_CHANCE)
        likely[_lasting_steps(np.stack(self._rows))] = 1.0
        for cut in np.flatnonzero(likely).tolist():
            near = max(0, cut - NEAR)
            alone = near + int(np.argmax(likely[near : cut + NEAR + 1])) == cut
            within = any(a - 1 <= cut <= b + 1 for a, b in spans)
            if start <= cut - 1 < stop and alone and not within:
                found.append((cut - 1, cut))
        self._decided = stop
        changes = [self._change(a, b) for a, b in sorted(found)]
        self.settled = self._frames[stop] if stop < len(self._frames) else len(self._steps)
        self._forget()
        return changes

    def _change(self, a: int, b: int) -> Change:
        """Convert pictures to frames. The frame of a cut is the one that differs most from its
        predecessor.
        """
        frames = self._frames
        last, first = frames[max(a, 0)], frames[min(b, len(frames) - 1)]
        if b - a == 1:
            first = max(range(last + 1, first + 1), key=lambda frame: self._steps[frame], default=first)
            last = first - 1
        return Change(last, first)

    def _forget(self) -> None:
        """Drop the pictures that later decisions do not need."""
        kept = max(0, self._decided - REACH - SETTLED)
        del self._rows[:kept], self._frames[:kept]
        self._decided -= kept


def _lasting_steps(rows: Array) -> list[int]:
    """Pictures that begin another view in one step that lasts. This finds cuts within one place, whose
    colours do not change. The network learned from cuts between places.

    The pictures before it differ from it as much as the last one does. Those after it differ from the last
    one before as much as it does. Most parts of the picture change, and the following pictures change much
    less.
    """
    span = rows[:, 0]
    found = []
    for at in np.flatnonzero((span >= STEP) & (rows[:, PARTS_CHANGED] >= MOST_PARTS)).tolist():
        usual = np.median(span[max(0, at - RECENT) : at]) if at else np.inf
        if span[at] < SUDDEN * usual or not FAR_LAG <= at < len(rows) - FAR_LAG:
            continue
        if span[at + 1 : at + 1 + NEAR].max() > span[at] / SUDDEN:
            continue
        places = [(at + after, PER_LAG * k) for k, lag in enumerate(STEP_LAGS, 1) for after in (0, lag - 1)]
        shares = np.array([rows[place] for place in places]) / span[at]
        if ((shares >= 1 / ALIKE) & (shares <= ALIKE)).all():
            found.append(at)
    return found


def _stretches(inside: Array) -> list[tuple[int, int]]:
    """First and last index of each run of true values; near runs are joined."""
    edges = np.flatnonzero(np.diff(np.r_[0, inside.astype(np.int8), 0])).tolist()
    joined: list[list[int]] = []
    for first, stop in zip(edges[::2], edges[1::2], strict=True):
        if joined and first - joined[-1][1] <= GAP:
            joined[-1][1] = stop - 1
        else:
            joined.append([first, stop - 1])
    return [(first, last) for first, last in joined]
