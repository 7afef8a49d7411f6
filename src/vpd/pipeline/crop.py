"""The step `crop`: the square around each athlete with its flow, frame by frame."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from vpd.library.artefact import Recipe
from vpd.library.tracks import read_tracks
from vpd.pipeline import track
from vpd.pipeline.sources import Output, Sources, Work, once_a_video

if TYPE_CHECKING:  # Here and in the other steps: networks take seconds to import, and most commands run none.
    from vpd.flow import FlowEstimator

VERSION = 1


@once_a_video
def outputs(sources: Sources, video: str) -> list[Output]:
    """The file of crops, with its recipe."""
    inputs = {"track": track.outputs(sources, video)[0].recipe.key}
    settings = sources.settings.crop.of_the_result()
    return [Output(sources.layout.crops(video), Recipe("crop", VERSION, settings, inputs))]


@lru_cache(maxsize=1)
def _flow(name: str) -> FlowEstimator | None:
    from vpd.flow import FLOWS, make_flow

    if name not in FLOWS or not FLOWS[name].uses_device:
        return make_flow(name)
    from vpd.device import choose_device

    return make_flow(name, str(choose_device("auto")))


def make(work: Work, wanted: list[Output]) -> None:
    """Write the crops of all tracks."""
    from vpd.crops import make_crops, write_crops

    tracks = read_tracks(work.layout.tracks(work.video))
    flow = _flow(work.settings.crop.flow)
    frames = work.frames() if tracks else iter(())
    write_crops(wanted[0].path, make_crops(frames, tracks, flow, work.settings.crop), wanted[0].recipe)
