"""Read batches of training frames, decoded by threads ahead of the network."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import torch
from torch import Tensor

from vpd.crops import CropFile
from vpd.crops.masks import MaskFile
from vpd.machine import reading_threads
from vpd.student.corpus.corpus import Corpus
from vpd.student.corpus.inputs import InputSpec, check_crops, neighbour_rows, read_inputs
from vpd.types import Array

OPEN_FILES = 512
"""Number of memory-mapped files of crops that stay open."""


@dataclass(frozen=True)
class Batch:
    """N training frames.

    Attributes
    ----------
    raw : (N, S, S, C) uint8, the channels of `InputSpec`.
    joints : (N, 17, 2) float32 in fractions of the crop, NaN where there is no pose.
    values, weights : of each head (N, 2, D) float32, both orientations.
    masks : (N, S, S) uint8, 255 where the athlete is, and masked (N,) bool, which frames have one; None where
        the corpus has none.
    """

    raw: Tensor
    joints: Tensor
    values: list[Tensor]
    weights: list[Tensor]
    masks: tuple[Tensor, Tensor] | None = None

    def to(self, device: torch.device) -> Batch:
        """Copy to a device."""

        def move(tensor: Tensor) -> Tensor:
            return tensor.to(device, non_blocking=True)

        return Batch(
            move(self.raw),
            move(self.joints),
            [move(v) for v in self.values],
            [move(w) for w in self.weights],
            None if self.masks is None else (move(self.masks[0]), move(self.masks[1])),
        )

    def __len__(self) -> int:
        return len(self.raw)


class BatchReader:
    """Read frames of a corpus by index. Several threads may call it."""

    def __init__(self, corpus: Corpus, spec: InputSpec) -> None:
        self.corpus, self.spec = corpus, spec
        self._open = lru_cache(maxsize=OPEN_FILES)(self._open_video)

    @cached_property
    def _masks(self) -> dict[int, MaskFile]:
        return {i: MaskFile(path) for i, path in enumerate(self.corpus.masks) if path is not None}

    def _open_video(self, video: int) -> tuple[CropFile, Array | None]:
        file = CropFile(self.corpus.paths[video])
        check_crops(file, self.spec, self.crop_size)
        offsets = self.spec.neighbours
        return file, neighbour_rows(file, offsets) if offsets else None

    @cached_property
    def crop_size(self) -> int:
        """Side of the crops in pixels."""
        return CropFile(self.corpus.paths[int(self.corpus.video[0])]).size

    def pictures(self, indices: Array) -> Array:
        """Channels (N, S, S, C) uint8 of the frames."""
        out: Array | None = None
        for video in np.unique(self.corpus.video[indices]):
            file, neighbours = self._open(int(video))
            places = np.flatnonzero(self.corpus.video[indices] == video)
            read = read_inputs(file, self.corpus.row[indices[places]], self.spec, neighbours)
            if out is None:
                out = np.empty((len(indices), *read.shape[1:]), np.uint8)
            out[places] = read
        assert out is not None
        return out

    def masks(self, indices: Array) -> tuple[Tensor, Tensor] | None:
        """Given masks of the frames, as `Batch` has them; None where no video of the corpus has any."""
        if not self._masks:
            return None
        side = self.crop_size
        masks, there = np.zeros((len(indices), side, side), np.uint8), np.zeros(len(indices), np.bool_)
        for place, index in enumerate(indices):
            video, row = int(self.corpus.video[index]), int(self.corpus.row[index])
            if video not in self._masks:
                continue
            file, _ = self._open(video)
            found = self._masks[video].crop(file.frames[row], file.athletes[row], file.squares[row], side)
            if found is not None:
                masks[place], there[place] = 255 * found, True
        return torch.from_numpy(masks), torch.from_numpy(there)

    def read(self, indices: Array) -> Batch:
        """Read the frames with these indices."""
        return Batch(
            torch.from_numpy(self.pictures(indices)),
            torch.from_numpy(self.corpus.joints[indices].astype(np.float32)),
            [torch.from_numpy(head.values[indices]) for head in self.corpus.heads],
            [torch.from_numpy(head.weights[indices]) for head in self.corpus.heads],
            self.masks(indices),
        )

    def prefetch(self, batches: Iterable[Array]) -> Iterator[Batch]:
        """Yield the batches in order, decoded by threads in advance."""
        workers = reading_threads()
        with ThreadPoolExecutor(workers, thread_name_prefix="crops") as threads:
            waiting: deque[Future[Batch]] = deque()
            try:
                for indices in batches:
                    waiting.append(threads.submit(self.read, indices))
                    if len(waiting) > workers:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()


def sample(rows: Array, start: int, count: int, seed: int) -> Array:
    """Take ``count`` rows from position ``start`` of an endless order: passes over all rows, each shuffled.

    The order depends on the seed alone. So training can continue anywhere without a stored generator.
    """
    positions = np.arange(start, start + count)
    passes, places = positions // len(rows), positions % len(rows)
    out = np.empty(count, rows.dtype)
    for number in np.unique(passes):
        inside = passes == number
        out[inside] = rows[_order(len(rows), seed, int(number))[places[inside]]]
    return out


@lru_cache(maxsize=2)
def _order(count: int, seed: int, number: int) -> Array:
    """The shuffled order of one pass."""
    return np.random.default_rng([seed, number]).permutation(count)


def evenly(rows: Array, count: int) -> Array:
    """At most ``count`` of the rows, evenly spaced, in fixed order."""
    if len(rows) <= count:
        return rows
    return rows[np.linspace(0, len(rows) - 1, count).round().astype(np.int64)]


def colour_scale(reader: BatchReader, rows: Array, seed: int, count: int = 2000) -> tuple[Array, Array]:
    """Mean and standard deviation (3,) of the colours 0..255 of ``count`` frames drawn from the rows."""
    colours = BatchReader(reader.corpus, InputSpec(rgb=True, flow=False))
    drawn = sample(rows, 0, min(count, len(rows)), seed)
    total, squares, pixels = np.zeros(3), np.zeros(3), 0
    for start in range(0, len(drawn), 100):
        read = colours.pictures(drawn[start : start + 100]).reshape(-1, 3).astype(np.float64)
        total, squares, pixels = total + read.sum(0), squares + (read**2).sum(0), pixels + len(read)
    mean = total / pixels
    return mean.astype(np.float32), np.sqrt(np.maximum(squares / pixels - mean**2, 1)).astype(np.float32)
