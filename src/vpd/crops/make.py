"""Make crops from frames and tracks, in batches: memory does not depend on the length of the video."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa

from vpd.crops.encoding import encode_flow, median_motion, pack_flow, pack_rgb
from vpd.crops.file import SCHEMA
from vpd.crops.geometry import cut_square, squares
from vpd.flow import FlowEstimator
from vpd.settings.crop import CropSettings
from vpd.types import Array, Track
from vpd.video import Frame

BATCH = 64
"""Number of crops in a batch: enough for flow on a GPU, and 6 MB of pictures."""


class _Rows:
    """Crops that will form the next batch."""

    def __init__(self, flow: FlowEstimator | None, settings: CropSettings) -> None:
        self.flow, self.settings = flow, settings
        self.columns: dict[str, list[object]] = defaultdict(list)
        self.crops: list[Array] = []
        self.before: list[Array | None] = []

    def add(self, frame: Frame, athlete: int, square: Array, previous: Frame | None) -> None:
        size = self.settings.size
        self.crops.append(cut_square(frame.rgb, square, size))
        wanted = previous is not None and self.flow is not None
        self.before.append(
            cut_square(previous.rgb, square, size) if previous is not None and wanted else None
        )
        values = (frame.frame, frame.time_s, athlete, previous is not None, *(int(v) for v in square))
        for name, value in zip(SCHEMA.names, values, strict=False):
            self.columns[name].append(value)

    def _flows(self) -> list[bytes | None]:
        rows = [i for i, before in enumerate(self.before) if before is not None]
        packed: list[bytes | None] = [None] * len(self.crops)
        if rows and self.flow is not None:
            before = np.stack([b for b in self.before if b is not None])
            flows = self.flow(before, np.stack([self.crops[i] for i in rows]))
            # One after the other: a crop's numbers stay in the processor's cache.
            for row, flow in zip(rows, flows, strict=True):
                motion = flow - median_motion(flow) if self.settings.subtract_median else flow
                packed[row] = pack_flow(encode_flow(motion))
        return packed

    def batch(self) -> pa.RecordBatch:
        rgb = [pack_rgb(crop, self.settings.jpeg_quality) for crop in self.crops]
        columns = {**self.columns, "rgb": rgb, "flow": self._flows()}
        return pa.RecordBatch.from_arrays(
            [pa.array(columns[field.name], field.type) for field in SCHEMA], schema=SCHEMA
        )


def make_crops(
    frames: Iterable[Frame],
    tracks: Sequence[Track],
    flow: FlowEstimator | None,
    settings: CropSettings,
) -> Iterator[pa.RecordBatch]:
    """Yield crops of every athlete in every frame of its track, ordered by frame, then by athlete.

    ``frames`` are those of the video in order. ``flow`` is ``make_flow(settings.flow, device)``, or None
    where no flow is wanted. The first frame of a track, and one after a gap or a missing frame, has no flow.
    """
    cropping = Cropping(tracks, flow, settings)
    for frame in frames:
        yield from cropping.add(frame)
    yield from cropping.finish()


class Cropping:
    """The same as `make_crops`, for frames that come one by one."""

    def __init__(self, tracks: Sequence[Track], flow: FlowEstimator | None, settings: CropSettings) -> None:
        self._flow, self._settings = flow, settings
        self._wanted: dict[int, list[tuple[int, Array, bool]]] = defaultdict(list)
        for track in sorted(tracks, key=lambda track: track.athlete):
            geometry, has_previous = squares(track, settings.padding)
            for row, frame in enumerate(track.frames):
                self._wanted[int(frame)].append((track.athlete, geometry[row], bool(has_previous[row])))
        self._last: Frame | None = None
        self._rows = _Rows(flow, settings)

    def add(self, frame: Frame) -> Iterator[pa.RecordBatch]:
        """The batches that become full with the next frame."""
        last = self._last
        before = last if last is not None and last.frame == frame.frame - 1 else None
        self._last = frame
        for athlete, square, follows in self._wanted.get(frame.frame, ()):
            self._rows.add(frame, athlete, square, before if follows else None)
            if len(self._rows.crops) == BATCH:
                yield self._batch()

    def _batch(self) -> pa.RecordBatch:
        rows, self._rows = self._rows, _Rows(self._flow, self._settings)
        return rows.batch()

    def finish(self) -> Iterator[pa.RecordBatch]:
        """The last batch, if any crop waits."""
        if self._rows.crops:
            yield self._batch()
