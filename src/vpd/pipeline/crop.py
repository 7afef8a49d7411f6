"""The step `crop`: the square around each athlete with its flow, frame by frame."""

from __future__ import annotations

from functools import lru_cache
from types import TracebackType
from typing import TYPE_CHECKING, Self

from vpd.library.artefact import Recipe
from vpd.library.tracks import read_tracks
from vpd.pipeline import track
from vpd.pipeline.passes import Watcher
from vpd.pipeline.sources import Output, Sources, Work, once_a_video

if TYPE_CHECKING:  # Here and in the other steps: networks take seconds to import, and most commands run none.
    from vpd.flow import FlowEstimator
    from vpd.types import Track
    from vpd.video import Frame

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
    watcher = watch(work, wanted)
    if watcher is not None:
        work.show({"crop": watcher})
        return
    from vpd.crops import write_crops

    write_crops(wanted[0].path, (), wanted[0].recipe)


def watch(work: Work, wanted: list[Output]) -> Watcher | None:
    """What cuts the crops frame by frame; None where there is nobody."""
    tracks = read_tracks(work.layout.tracks(work.video))
    return _Crops(work, tracks, wanted[0]) if tracks else None


class _Crops:
    """Crops of one video, written as they come."""

    def __init__(self, work: Work, tracks: list[Track], out: Output) -> None:
        from vpd.crops import Cropping, CropWriter

        settings = work.settings.crop
        self._cropping = Cropping(tracks, _flow(settings.flow), settings)
        self._file = CropWriter(out.path, out.recipe)

    def __enter__(self) -> Self:
        self._file.__enter__()
        return self

    def add(self, frame: Frame) -> None:
        for batch in self._cropping.add(frame):
            self._file.write(batch)

    def finish(self) -> None:
        for batch in self._cropping.finish():
            self._file.write(batch)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._file.__exit__(kind, error, where)
