"""The step `track`: the athletes' boxes, by detection or from the user's file."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from vpd.library.artefact import Recipe
from vpd.library.frames import read_times
from vpd.library.tracks import write_tracks
from vpd.models import MODELS
from vpd.pipeline import scan
from vpd.pipeline.sources import Output, Sources, Work, file_key, once_a_video

if TYPE_CHECKING:
    from vpd.athletes import NanoDet

VERSION = 3


@once_a_video
def outputs(sources: Sources, video: str) -> list[Output]:
    """The file of tracks, with its recipe."""
    inputs = {"scan": scan.outputs(sources, video)[0].recipe.key}
    boxes = sources.given.boxes.get(video)
    settings = sources.settings.track.of_the_result()
    if settings["order"] == "rank":
        del settings[
            "order"
        ]  # The usual order makes no tracks out of date that were made before there was one.
    if boxes is not None:
        inputs["boxes"] = file_key(boxes)
        settings = {"max_gap_s": settings["max_gap_s"]}
    else:
        inputs["detector"] = MODELS["nanodet"].sha256
        inputs["shots"] = MODELS["shots"].sha256
        if picks := sources.picks(video):
            inputs["picks"] = json.dumps([asdict(pick) for pick in picks], sort_keys=True)
    return [Output(sources.layout.tracks(video), Recipe("track", VERSION, settings, inputs))]


@lru_cache(maxsize=1)
def _detector(min_score: float, threads: int) -> NanoDet:
    from vpd.athletes import NanoDet

    return NanoDet(min_score, threads)


def make(work: Work, wanted: list[Output]) -> None:
    """Track the athletes, or use the user's boxes."""
    from vpd.athletes import read_boxes, track

    settings, row = work.settings.track, work.row
    boxes = work.sources.given.boxes.get(work.video)
    if boxes is not None:
        times_s = read_times(work.layout.frames(work.video))
        tracks = read_boxes(boxes, np.arange(len(times_s)), times_s, settings.max_gap_s)
        notes: dict[str, Any] = {"boxes": boxes.name}
    else:
        detector = _detector(settings.min_score, work.threads)
        picks = work.sources.picks(work.video)
        result = track(work.frames(), row.width, row.height, settings, detector, picks)
        tracks, notes = result.tracks, result.notes
    write_tracks(wanted[0].path, tracks, replace(wanted[0].recipe, notes=notes))
