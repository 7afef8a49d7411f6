"""Choose the crops of a corpus that the pose network reads: spans of rows, in an order drawn by the seed.

The first spans already come from many videos. The plan depends on corpus, split and settings alone, so that
fast and slow machines read the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vpd.crops import CropFile
from vpd.settings.distill import DistillSettings
from vpd.student.corpus.corpus import Corpus, Split
from vpd.types import Array

SPAN = 128
"""Number of rows in a span."""


@dataclass(frozen=True)
class Span:
    """Rows ``start`` to ``stop`` of the crops of the video number ``video`` of the corpus."""

    video: int
    start: int
    stop: int

    def path(self, folder: Path, corpus: Corpus) -> Path:
        """The file of the span's readings (rows, 2, ``prepared_d``) float16."""
        return span_file(folder, corpus.videos[self.video], self.start)


@dataclass(frozen=True)
class Plan:
    """The spans of a corpus to read.

    Attributes
    ----------
    spans : in the order in which they are read.
    least : the first so many are read whatever a time limit says: they hold frames to train on and frames
        held out.
    """

    spans: list[Span]
    least: int

    @property
    def crops(self) -> int:
        """Number of crops in all spans."""
        return int(sum(span.stop - span.start for span in self.spans))


def span_file(folder: Path, video: str, start: int) -> Path:
    """The file with the readings of the span of a video that begins at row ``start``."""
    return folder / f"{video}-{start:08d}.npy"


def spans_of(corpus: Corpus, seed: int) -> list[Span]:
    """All spans that contain a frame of the corpus, in an order drawn by the seed."""
    found = []
    for video in np.unique(corpus.video):
        rows = corpus.row[corpus.video == video]
        count = len(CropFile(corpus.paths[video]))
        found += [Span(int(video), s * SPAN, min((s + 1) * SPAN, count)) for s in np.unique(rows // SPAN)]
    return [found[i] for i in np.random.default_rng(seed).permutation(len(found))]


def plan_reading(corpus: Corpus, split: Split, settings: DistillSettings) -> Plan:
    """The spans of the first ``settings.read`` crops, and at least those of `Plan.least`."""
    spans = spans_of(corpus, settings.seed)

    def first_with(frames: Array) -> int:
        wanted = set(zip(corpus.video[frames], corpus.row[frames] // SPAN, strict=True))
        return next(i for i, s in enumerate(spans) if (s.video, s.start // SPAN) in wanted)

    least = 1 + max(first_with(split.training), first_with(split.validation))
    ends = np.cumsum([s.stop - s.start for s in spans])
    count = int(np.searchsorted(ends, settings.read)) + 1
    return Plan(spans[: max(least, count)], least)
