"""Average the features of several people in one frame, as the paper does for synchronised diving."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from vpd.types import FeatureSequence


def mean_of_people(spans: Sequence[FeatureSequence]) -> FeatureSequence:
    """The mean of the valid features of each frame, over the people who are visible in it.

    Frames without a valid feature are left out. The result has the first person's athlete number. Needs at
    least one sequence.
    """
    frames = np.unique(np.concatenate([s.frames[s.valid] for s in spans]))
    d = spans[0].d
    total, count = np.zeros((len(frames), 2, d)), np.zeros(len(frames))
    times, scores = np.zeros(len(frames)), np.zeros(len(frames))
    for span in spans:
        rows = np.searchsorted(frames, span.frames[span.valid])
        total[rows] += span.values[span.valid]
        scores[rows] += span.scores[span.valid]
        times[rows] = span.times_s[span.valid]
        count[rows] += 1
    return replace(
        spans[0],
        frames=frames,
        times_s=times,
        values=total / np.maximum(count, 1)[:, None, None],
        valid=np.ones(len(frames), bool),
        scores=scores / np.maximum(count, 1),
    )
