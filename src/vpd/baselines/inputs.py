"""Inputs of the baselines for a library's segments: crops of the athlete, whole pictures, or poses.

The athlete of a segment is chosen by the same rule as for features (`vpd.sequences.meant_athlete`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Literal

import numpy as np

from vpd.baselines.clips import Clip, clips_of
from vpd.baselines.pictures import make_pictures
from vpd.baselines.skeletons import JOINTS, Skeleton
from vpd.counting import counted
from vpd.errors import ArtefactError, InputError
from vpd.library.dataset import read_card
from vpd.library.frames import read_times
from vpd.library.layout import Layout
from vpd.library.poses import read_poses
from vpd.library.videos import Videos
from vpd.sequences import meant_athlete
from vpd.sequences.thinning import kept_by
from vpd.types import Array, PoseSequence, Segment

InputKind = Literal["crops", "pictures", "poses"]
"""Crops of the athlete, whole pictures, or poses."""

OPEN_VIDEOS = 64
"""Number of videos whose poses are kept in memory."""
PERSONS = 2
"""Number of people read for a segment: its athlete, and the other person in most of its frames."""


@dataclass(frozen=True, eq=False)
class Inputs:
    """Segments, and the input of a baseline for each.

    Attributes
    ----------
    segments : those asked for.
    items : of each segment, None where there is nothing to see.
    reasons : by index, why.
    """

    segments: list[Segment]
    items: list[Clip | Skeleton | None]
    reasons: dict[int, str]

    def present(self) -> list[int]:
        """Indices of the segments that have an input."""
        return [i for i, item in enumerate(self.items) if item is not None]


def load_inputs(kind: InputKind, layout: Layout, segments: Sequence[Segment]) -> Inputs:
    """Read the inputs of a baseline for ``segments``, each in the window of its features.

    In a library of a published data set, frames of fast videos are left out where its card says so, as they
    are of features. Raises InputError where no segment has an input.
    """
    segments = [_seen(segment) for segment in segments]
    load: Callable[[Segment], Clip | Skeleton]
    if kind == "poses":
        load = PoseReader(layout).skeleton
    elif kind == "pictures":
        load = partial(picture_clip, layout, make_pictures(layout, segments))
    else:
        load = partial(crop_clip, layout)
    return _loaded(segments, _thinned(layout, load), kind)


def _thinned(
    layout: Layout, load: Callable[[Segment], Clip | Skeleton]
) -> Callable[[Segment], Clip | Skeleton]:
    """``load`` without the frames that the library's data set does not count."""
    card, videos = read_card(layout.dataset), Videos.read(layout)

    def loaded(segment: Segment) -> Clip | Skeleton:
        found = load(segment)
        counted = kept_by(card, videos.rows.get(segment.video), len(found))
        return found if counted is None else found.at(counted)

    return loaded


def _seen(segment: Segment) -> Segment:
    start_s, end_s = segment.window_s or (segment.start_s, segment.end_s)
    return replace(segment, start_s=start_s, end_s=end_s, window_s=None)


def _loaded(segments: Sequence[Segment], load: Callable[[Segment], Clip | Skeleton], what: str) -> Inputs:
    items: list[Clip | Skeleton | None] = []
    reasons: dict[int, str] = {}
    for i, segment in enumerate(segments):
        try:
            items.append(load(segment))
        except (InputError, ArtefactError) as error:
            reasons[i] = str(error)
            items.append(None)
    if len(reasons) == len(segments):
        why = next(iter(reasons.values()), "there are no segments")
        raise InputError(f"of {counted(len(segments), 'segment')} none has {what}: {why}")
    return Inputs(list(segments), items, reasons)


def _nothing(segment: Segment, what: str) -> InputError:
    who = "an athlete" if segment.athlete is None else f"athlete {segment.athlete}"
    return InputError(
        f"{segment.video} shows no {what} of {who} between {segment.start_s:g} and {segment.end_s:g} s"
    )


def crop_clip(layout: Layout, segment: Segment) -> Clip:
    """The crops of a segment's athlete. Raises InputError where there are none."""
    clips = clips_of(segment.video, layout.crops(segment.video), segment.start_s, segment.end_s)
    athlete = meant_athlete(segment, {number: len(clip) for number, clip in clips.items()})
    if athlete is None:
        raise _nothing(segment, "crops")
    return clips[athlete]


def picture_clip(layout: Layout, without: Mapping[str, str], segment: Segment) -> Clip:
    """The whole pictures of a segment. Raises InputError where there are none; ``without`` says why, by
    video.
    """
    if segment.video in without:
        raise InputError(without[segment.video])
    clips = clips_of(segment.video, layout.pictures(segment.video), segment.start_s, segment.end_s)
    if not clips:
        raise InputError(
            f"{segment.video} shows no pictures between {segment.start_s:g} and {segment.end_s:g} s"
        )
    return clips[0]


class PoseReader:
    """Skeletons of a library's segments. The poses of a video are read once for many segments."""

    def __init__(self, layout: Layout) -> None:
        self.layout, self.videos = layout, Videos.read(layout)
        self._poses = lru_cache(maxsize=OPEN_VIDEOS)(lambda video: read_poses(layout.poses(video)))
        self._times = lru_cache(maxsize=OPEN_VIDEOS)(lambda video: read_times(layout.frames(video)))

    def skeleton(self, segment: Segment) -> Skeleton:
        """The poses of a segment's athlete, and of the other person in most of its frames.

        Raises InputError where the athlete has no pose in the segment.
        """
        times = self._times(segment.video)
        first, last = np.searchsorted(times, [segment.start_s, segment.end_s], side="left")
        inside = {p.athlete: _between(p, int(first), int(last)) for p in self._poses(segment.video)}
        counts = {athlete: int((p.scores > 0).sum()) for athlete, p in inside.items()}
        meant = meant_athlete(segment, counts)
        if meant is None:
            raise _nothing(segment, "poses")
        others = sorted((a for a in counts if a != meant and counts[a]), key=lambda a: -counts[a])
        athletes = (meant, *others[: PERSONS - 1])
        row = self.videos[segment.video]
        frames = inside[meant].frames
        keypoints = np.stack([_placed(inside[a], frames) for a in athletes])
        return Skeleton(segment.video, athletes, times[frames], keypoints, row.width, row.height)


def _between(poses: PoseSequence, first: int, last: int) -> PoseSequence:
    rows = slice(*np.searchsorted(poses.frames, [first, last]))
    return PoseSequence(poses.athlete, poses.frames[rows], poses.keypoints[rows])


def _placed(poses: PoseSequence, frames: Array) -> Array:
    """(T, 17, 3): the poses at ``frames``; 0 where there is none."""
    out = np.zeros((len(frames), JOINTS, 3), np.float32)
    _, here, there = np.intersect1d(frames, poses.frames, return_indices=True)
    out[here] = np.where(np.isfinite(poses.keypoints[there]), poses.keypoints[there], 0)
    return out
