"""Write a video with boxes, skeletons and confidence drawn on it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vpd.errors import InputError
from vpd.library.frames import Footage, read_times
from vpd.library.layout import Layout
from vpd.library.poses import read_poses
from vpd.library.tracks import read_tracks
from vpd.report.overlay import (
    athlete_colour,
    confidence_colour,
    draw_box,
    draw_skeleton,
    draw_text,
)
from vpd.types import Array
from vpd.video import read_frames, write_video

if TYPE_CHECKING:  # torch takes seconds to import.
    from vpd.report.panels import Panel

MAX_RATE = 60
"""Largest frame rate that is written. Browsers show no more."""


def write_annotated(
    layout: Layout,
    footage: Footage,
    video: str,
    span: tuple[float, float],
    out: Path,
    progress: Callable[[float], None] = lambda frames: None,
    panels: Sequence[Panel] = (),
) -> int:
    """Write the frames of ``video`` in the ``span`` (s) with all its athletes. Returns their number.

    A dashed box is interpolated. Needs the steps scan and track; skeletons are drawn where there are poses.
    ``panels`` add pictures of the first athlete to the right of the frame. Raises ArtefactError where a step
    has not been done, InputError for an empty span.
    """
    times_s = read_times(layout.frames(video))
    first, stop = (int(i) for i in np.searchsorted(times_s, span))
    if stop <= first:
        raise InputError(f"{video} has no frame between {span[0]:g} and {span[1]:g} s.")
    boxes: dict[int, list[tuple[int, Array, bool]]] = defaultdict(list)
    for track in read_tracks(layout.tracks(video)):
        for frame, box, source in zip(track.frames, track.boxes, track.sources, strict=True):
            boxes[int(frame)].append((track.athlete, box, source == "interpolated"))
    poses: dict[tuple[int, int], Array] = {}
    if layout.poses(video).exists():
        for sequence in read_poses(layout.poses(video)):
            for frame, keypoints in zip(sequence.frames, sequence.keypoints, strict=True):
                poses[sequence.athlete, int(frame)] = keypoints

    def drawn() -> Iterator[Array]:
        for frame in read_frames(footage, first, stop):
            rgb = frame.rgb
            for athlete, box, interpolated in boxes[frame.frame]:
                _draw_athlete(rgb, athlete, box, interpolated, poses.get((athlete, frame.frame)))
            draw_text(rgb, f"{video}  frame {frame.frame}  {frame.time_s:.2f} s", (4, rgb.shape[0] - 6))
            first_athlete = min((athlete for athlete, _, _ in boxes[frame.frame]), default=None)
            for panel in panels:
                rgb = panel(rgb, frame.frame, first_athlete)
            progress(1)
            yield rgb

    taken_s = float(times_s[stop - 1] - times_s[first])
    rate = (stop - 1 - first) / taken_s if taken_s > 0 else 25.0
    return write_video(drawn(), min(rate, MAX_RATE), out)


def _draw_athlete(rgb: Array, athlete: int, box: Array, interpolated: bool, keypoints: Array | None) -> None:
    draw_box(rgb, box, athlete_colour(athlete), dashed=interpolated)
    text, colour = f"{athlete}", athlete_colour(athlete)
    if keypoints is not None:
        draw_skeleton(rgb, keypoints)
        score = float(keypoints[:, 2].mean())
        text, colour = f"{athlete}: {score:.2f}", confidence_colour(score)
    draw_text(rgb, text, (round(float(box[0])), round(float(box[1])) - 4), colour)
