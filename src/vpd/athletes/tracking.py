"""Track the athletes of a video from its frames: detect, track, rank, interpolate.

Frames are used once and not kept. Only boxes are kept, so memory does not grow with the pictures.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from vpd.athletes.bytetrack import ByteTracker, Tracklet
from vpd.athletes.interpolation import between
from vpd.athletes.linking import join_pieces, lengthen
from vpd.athletes.person_detector import PersonBoxes, PersonDetector
from vpd.athletes.picks import Pick, picked
from vpd.athletes.ranking import Rank, rank
from vpd.athletes.shots import Change, ShotFinder
from vpd.models.session import batch_size
from vpd.settings.track import TrackSettings
from vpd.types import Array, Track
from vpd.video import Frame

HIGH_IOU, LOW_IOU = 0.1, 0.3
"""Least overlaps for confident and doubtful detections. They are lower than the paper's, because frames
between detections are skipped and athletes are fast for their size.
"""

CUT_DIFFERENCE = 18.0
"""Mean difference of thumbnails (0..255) from which on a sudden change may be a cut, so that people are
detected on both sides of it. A network decides some frames later which changes are cuts.
"""

EXPLAINED = 3
"""Number of ranked people of each shot in the notes."""


@dataclass(frozen=True, eq=False)
class TrackResult:
    """The athletes' tracks, athlete 0 first, and the reasons of the choice for the artefact's notes."""

    tracks: list[Track]
    notes: dict[str, Any]


@dataclass(eq=False)
class Shot:
    """The rows (indices among all frames) ``start`` to ``stop`` of one shot, and the people in it.

    ``looks`` is the number of frames in which people were detected.
    """

    start: int
    stop: int
    looks: int
    people: list[Tracklet]


def track(
    frames: Iterable[Frame],
    width: int,
    height: int,
    settings: TrackSettings,
    detector: PersonDetector,
    picks: Sequence[Pick] = (),
) -> TrackResult:
    """Follow the athletes of one video.

    In every shot the people are ranked, and the first ``settings.athletes`` of them become the athletes 0, 1
    and so on. So athlete 0 is the main person of each shot, and a video cut from many views of one athlete
    has one track.

    Parameters
    ----------
    frames : iterable of Frame
        In order, each of ``width`` x ``height`` pixels.
    width, height : int
        Size of the upright picture in pixels.
    settings : TrackSettings
        How many people, how often to look, and thresholds.
    detector : PersonDetector
        Finds people in a picture, such as `vpd.athletes.NanoDet`.
    picks : sequence of Pick
        The user's choices for this video; each decides who has its athlete's number in its shot.

    Returns
    -------
    TrackResult
        ``tracks``, one an athlete, none where nobody was found; ``notes``, why these were taken.

    References
    ----------
    Zhang et al., ByteTrack: Multi-Object Tracking by Associating Every Detection Box, ECCV 2022.

    Examples
    --------
    >>> from vpd.athletes import NanoDet
    >>> from vpd.settings import TrackSettings
    >>> from vpd.video import read_frames
    >>> result = track(read_frames(clip, 0, 8), 320, 240, TrackSettings(), NanoDet())
    >>> len(result.tracks), result.tracks[0].boxes.shape
    (1, (8, 4))
    """
    seen = _watch(frames, settings, detector)
    all_frames, all_times_s = np.array(seen.frames, np.int64), np.array(seen.times_s)
    pieces: dict[int, list[tuple[Tracklet, float, float]]] = {}
    explained = []
    met: set[Pick] = set()
    for shot in seen.shots:
        ranks = [rank(p, width, height, shot.looks) for p in shot.people]
        span = (all_times_s[shot.start], all_times_s[shot.stop - 1])
        here = [p for p in picks if span[0] <= p.time_s <= span[1]]
        hits = [(p, hit) for p in here if (hit := picked(p, shot.people)) is not None]
        met.update(p for p, _ in hits)
        order = sorted(range(len(ranks)), key=lambda i: -ranks[i].score)
        if settings.order == "front":
            order = _from_the_front(order, shot.people, hits, settings.athletes)
        chosen = _choose(order, hits, settings.athletes)
        for athlete, parts in chosen.items():
            pieces.setdefault(athlete, []).extend((shot.people[i], low, high) for i, low, high in parts)
        explained.append(_explain(shot, span, ranks, chosen, {hit for _, hit in hits}))
    tracks = [_joined(a, pieces[a], all_frames, all_times_s, settings.max_gap_s) for a in sorted(pieces)]
    missed = [f"nobody was found at {p.time_s:g} s, ({p.x:g}, {p.y:g})" for p in picks if p not in met]
    notes = {"shots": explained, "picks_missed": missed}
    return TrackResult([t for t in tracks if len(t.frames)], notes)


def _watch(frames: Iterable[Frame], settings: TrackSettings, detector: PersonDetector) -> _Watch:
    seen = _Watch(settings, detector)
    for frame in frames:
        seen.add(frame)
    seen.finish()
    return seen


class _Watch:
    """Detect people frame by frame, and track them as soon as the shots are known.

    Attributes
    ----------
    frames, times_s : of all frames. ``shots``: with the people in them.
    """

    def __init__(self, settings: TrackSettings, detector: PersonDetector) -> None:
        self.frames: list[int] = []
        self.times_s: list[float] = []
        self.shots: list[Shot] = []
        self._settings, self._detector = settings, detector
        self._finder = ShotFinder()
        self._tracker = ByteTracker(
            settings.high_score, settings.new_score, HIGH_IOU, LOW_IOU, settings.lost_s
        )
        self._batch = batch_size(settings.batch, detector.device)
        self._waiting: list[tuple[int, float, Array]] = []
        self._looked: deque[tuple[int, float, PersonBoxes]] = deque()
        self._start = 0
        self._looked_s = -np.inf
        self._last: tuple[int, float, Array] | None = None

    def add(self, frame: Frame) -> None:
        """Process one more frame."""
        row, last = len(self.frames), self._last
        self.frames.append(frame.frame)
        self.times_s.append(frame.time_s)
        changes = self._finder.add(frame.rgb, frame.time_s)
        if row and self._finder.sudden(CUT_DIFFERENCE):
            self._look_at_last()
            self._looked_s = -np.inf
        # To the nearest frame: half the time since the one before.
        slack_s = (frame.time_s - last[1]) / 2 if last is not None else 0.0
        self._last = (row, frame.time_s, frame.rgb)
        if frame.time_s - self._looked_s + slack_s >= self._settings.detect_every_s:
            self._waiting.append(self._last)
            self._looked_s = frame.time_s
        if len(self._waiting) >= self._batch:
            self._look()
        self._settle(changes)

    def finish(self) -> None:
        """Process the end of the video."""
        self._look_at_last()
        self._settle(self._finder.finish())
        self._end_shot(len(self.frames))

    def _look_at_last(self) -> None:
        """Detect people also in the last frame before a possible cut, so that boxes reach the end of the
        shot.
        """
        if self._last is not None and self._last[1] > self._looked_s:
            self._waiting.append(self._last)

    def _look(self) -> None:
        found = self._detector.detect([rgb for _, _, rgb in self._waiting])
        for (row, time_s, _), people in zip(self._waiting, found, strict=True):
            self._looked.append((row, time_s, people))
        self._waiting.clear()

    def _settle(self, changes: Sequence[Change]) -> None:
        """Track people up to the frame before which all shots are known."""
        for change in changes:
            self._follow(change.begins)
            self._end_shot(change.begins)
        self._follow(self._finder.settled)

    def _follow(self, stop: int) -> None:
        if self._waiting and self._waiting[0][0] < stop:
            self._look()
        while self._looked and self._looked[0][0] < stop:
            self._tracker.update(*self._looked.popleft())

    def _end_shot(self, stop: int) -> None:
        if stop > self._start:
            unused = self._tracker.unused
            people = join_pieces(self._tracker.finish(), self._settings.lost_s)
            lengthen(people, unused, self._settings.lost_s)
            self.shots.append(Shot(self._start, stop, len(unused), people))
            self._start = stop


Part = tuple[int, float, float]
"""Index of a person of the shot, and the time span in seconds for which the choice holds."""
ALWAYS = (-np.inf, np.inf)


def _from_the_front(
    order: list[int], people: Sequence[Tracklet], hits: list[tuple[Pick, int]], wanted: int | str
) -> list[int]:
    """The best ranked people without a pick, as many as wanted, the nearest to the camera first."""
    picked_people = {index for _, index in hits}
    free = [i for i in order if i not in picked_people]
    count = len(free) if wanted == "all" else max(0, int(wanted) - len({p.athlete for p, _ in hits}))
    nearest = sorted(free[:count], key=lambda i: -_feet(people[i]))
    return [*nearest, *free[count:]]


def _feet(person: Tracklet) -> float:
    """Median height of the box's lower edge in the picture, in pixels from above."""
    boxes = np.stack(person.boxes)
    return float(np.median(boxes[:, 1] + boxes[:, 3]))


def _choose(order: list[int], hits: list[tuple[Pick, int]], wanted: int | str) -> dict[int, list[Part]]:
    """Number the athletes: first the user's picks, then the people in ``order``."""
    chosen: dict[int, list[Part]] = {}
    for athlete in sorted({pick.athlete for pick, _ in hits}):
        mine = sorted((pick.time_s, hit) for pick, hit in hits if pick.athlete == athlete)
        # Several picks in one shot: each holds for the times nearest to it.
        edges = [(a[0] + b[0]) / 2 for a, b in pairwise(mine)]
        bounds = [-np.inf, *edges, np.inf]
        chosen[athlete] = [(hit, bounds[i], bounds[i + 1]) for i, (_, hit) in enumerate(mine)]
    taken = {index for parts in chosen.values() for index, _, _ in parts}
    others = iter([i for i in order if i not in taken])
    numbers = range(len(order)) if wanted == "all" else range(int(wanted))
    for athlete in numbers:
        if athlete not in chosen and (index := next(others, None)) is not None:
            chosen[athlete] = [(index, *ALWAYS)]
    return {a: parts for a, parts in chosen.items() if wanted == "all" or a < int(wanted)}


def _explain(
    shot: Shot, span: tuple[float, float], ranks: list[Rank], chosen: dict[int, list[Part]], hits: set[int]
) -> dict[str, Any]:
    athlete_of = {index: athlete for athlete, parts in chosen.items() for index, _, _ in parts}
    order = sorted(range(len(ranks)), key=lambda i: -ranks[i].score)
    told = [i for place, i in enumerate(order) if place < EXPLAINED or i in athlete_of]
    people = []
    for i in told:
        boxes = np.stack(shot.people[i].boxes)
        usual = int(np.abs(boxes - np.median(boxes, axis=0)).sum(axis=1).argmin())
        people.append(
            {
                "athlete": athlete_of.get(i),
                "chosen_by": ("pick" if i in hits else "rank") if i in athlete_of else None,
                "box": [round(float(v)) for v in boxes[usual]],
                "time_s": round(float(shot.people[i].times_s[usual]), 3),
                **ranks[i].explained(),
            }
        )
    start_s, end_s = (round(float(v), 3) for v in span)
    return {"start_s": start_s, "end_s": end_s, "found": len(ranks), "people": people}


def _joined(
    athlete: int,
    pieces: list[tuple[Tracklet, float, float]],
    all_frames: Array,
    all_times_s: Array,
    max_gap_s: float,
) -> Track:
    columns: list[tuple[Array, ...]] = []
    for piece, low, high in pieces:
        at = np.array(piece.frames)
        rows, boxes, scores, known = between(
            all_frames[at], np.stack(piece.boxes), np.array(piece.scores), all_frames, all_times_s, max_gap_s
        )
        kept = (all_times_s[rows] >= low) & (all_times_s[rows] < high)
        columns.append((rows[kept], boxes[kept], scores[kept], known[kept]))
    rows, boxes, scores, known = (np.concatenate(c) for c in zip(*columns, strict=True))
    return Track(
        athlete=athlete,
        frames=all_frames[rows],
        times_s=all_times_s[rows],
        boxes=boxes,
        scores=scores,
        sources=np.where(known, "detected", "interpolated"),
    )
