"""The features `pixels` of a whole library: what the hands look like (docs/recognition.md).

A map from pictures to features is learned once, from windows of all videos, without labels. Later runs keep
it and make the features of new videos by it.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from vpd.counting import counted
from vpd.errors import InputError
from vpd.library.artefact import Recipe, read_recipe
from vpd.library.features import CONTENT, read_features, write_features
from vpd.library.layout import Layout
from vpd.library.lock import locked
from vpd.library.sealed_files import read_array, write_array
from vpd.library.videos import VideoRow, Videos
from vpd.models import MODELS
from vpd.pipeline.report import Listener, RunReport, Silent
from vpd.pipeline.sources import Output
from vpd.pixels.network import MODEL
from vpd.pixels.projection import D, Projection, both_hands, fit_projection
from vpd.pixels.watched import Watched, watched
from vpd.sequences import FeatureStore
from vpd.sequences.spans import take_rows
from vpd.types import Array, FeatureSequence

NAME = "pixels"
MOVEMENT = "vipe-window"
"""The features by which windows of like movement are found."""
VERSION = 1
WINDOW = 30
"""Frames of a window that are looked at, two seconds."""
MOST_WINDOWS = 400
"""Windows that the map is learned from, drawn evenly from the library."""
COST_MS = 4.0
"""Approximate milliseconds of one core a frame, for the estimate of the end."""

_Item = TypeVar("_Item")


@dataclass(frozen=True, eq=False)
class _Window:
    """Some rows of an athlete's crops, and the features of movement of the same frames."""

    athlete: Watched
    rows: Array
    movement: FeatureSequence


def _athletes(layout: Layout, video: str) -> list[Watched]:
    return list(watched(video, layout.crops(video), layout.poses(video)))


def _evenly(items: Sequence[_Item], most: int) -> list[_Item]:
    places = np.linspace(0, len(items) - 1, min(most, len(items))).round().astype(int)
    return [items[i] for i in places]


def _windows(layout: Layout, athletes: Sequence[Watched]) -> list[_Window]:
    """The windows of some athletes, of frames with features of movement; the last may be half as long."""
    found = []
    for one in athletes:
        sequences = read_features(layout.features(MOVEMENT, one.video))
        movement = next((s for s in sequences if s.athlete == one.poses.athlete), None)
        if movement is None:
            continue
        rows = one.rows[np.isin(one.crops.frames[one.rows], movement.frames[movement.valid])]
        at = np.searchsorted(movement.frames, one.crops.frames[rows])
        for start in range(0, len(rows) - WINDOW // 2 + 1, WINDOW):
            part = slice(start, start + WINDOW)
            found.append(_Window(one, rows[part], take_rows(movement, at[part])))
    return found


def _learn(layout: Layout, athletes: Sequence[Watched], listener: Listener) -> Projection:
    windows = _evenly(_windows(layout, athletes), MOST_WINDOWS)
    listener.begin(f"{NAME}, learning", len(windows), float(len(windows)))
    looks = []
    for window in windows:
        hands = window.athlete.look(window.rows)
        window.athlete.looked.update(zip(window.rows.tolist(), hands, strict=True))
        looks.append(both_hands(hands))
        listener.advance(1.0)
    return fit_projection([window.movement for window in windows], looks)


def _projection(
    layout: Layout, videos: Sequence[str], kept: Array | None, listener: Listener
) -> tuple[Projection, dict[str, list[Watched]]]:
    """The map as kept, mean and axes in columns; learned where there is none, with the athletes looked at."""
    if kept is not None:
        return Projection(kept[:, 0], kept[:, 1:]), {}
    opened = {video: _athletes(layout, video) for video in _evenly(videos, MOST_WINDOWS)}
    return _learn(layout, [one for athletes in opened.values() for one in athletes], listener), opened


def _output(layout: Layout, row: VideoRow, projection: Projection) -> Output:
    """The file of features of one video, with its recipe: made of the crops and poses that are there."""
    learned = hashlib.sha256(projection.mean.tobytes() + projection.axes.tobytes()).hexdigest()
    made_of = {"crop": layout.crops(row.video), "pose": layout.poses(row.video)}
    inputs = {step: str(read_recipe(path)["key"]) for step, path in made_of.items()}
    settings = {"model": MODELS[MODEL].sha256, "projection": learned}
    recipe = Recipe(NAME, VERSION, settings, inputs, {CONTENT: row.key})
    return Output(layout.features(NAME, row.video), recipe)


def _prepared(layout: Layout) -> list[str]:
    """Videos with crops, poses and features of movement. Raises InputError where there are none."""
    present = FeatureStore(layout, MOVEMENT).videos() if MOVEMENT in layout.feature_names() else []
    found = [v for v in present if layout.crops(v).is_file() and layout.poses(v).is_file()]
    if not found:
        raise InputError(
            f"no video has crops, poses and features {MOVEMENT!r} to start from. Make them with `vpd run`."
        )
    return found


def make_pixels(layout: Layout, again: bool = False, listener: Listener | None = None) -> RunReport:
    """Make the features `pixels` of every video that lacks them.

    Parameters
    ----------
    again : learn the map again, from all videos of now; all features are then made again.

    Raises
    ------
    InputError
        Where there is too little to learn the map from.
    """
    listener, report = listener or Silent(), RunReport()
    videos, table = _prepared(layout), Videos.read(layout)
    path = layout.student(NAME) / f"projection-{VERSION}.npy"
    with locked(path, math.inf, listener.say):
        projection, opened = _projection(layout, videos, None if again else read_array(path), listener)
        if opened:
            write_array(path, np.column_stack([projection.mean, projection.axes]))
        outputs = {video: _output(layout, table[video], projection) for video in videos}
        due = {video: output for video, output in outputs.items() if not output.current}
        listener.begin(NAME, len(due), sum(COST_MS * table[video].frames for video in due))
        for video, output in due.items():
            athletes = opened.pop(video, None) or _athletes(layout, video)
            write_features(output.path, [one.features(projection) for one in athletes], D, output.recipe)
            report.count({NAME: 0.0})
            listener.advance(COST_MS * table[video].frames)
            listener.ended(video, "")
    if others := len(table.usable()) - len(videos):
        lack = counted(others, "video lacks", "videos lack")
        report.problems.append(
            f"{lack} crops, poses or features {MOVEMENT!r}. Make them with "
            f"`vpd run --teacher {MOVEMENT}`, then run `vpd pixels` again."
        )
    return report
