"""Leave out frames of fast videos, as the reference implementation does for floor exercise and diving."""

from __future__ import annotations

import numpy as np

from vpd.library.dataset import DatasetCard, Thinning
from vpd.library.videos import VideoRow
from vpd.types import Array


def kept(count: int, fps: float, rule: Thinning) -> Array:
    """(count,) bool, which frames of an action in a video of ``fps`` frames a second are kept.

    The counter is added up frame by frame, in float64, as in the reference (finegym/util.py,
    diving48/util.py), so that the same frames are chosen where it meets 0.
    """
    step = min(1.0, rule.most_hz / fps) + rule.slack
    out = np.zeros(count, bool)
    balance = rule.begin
    for i in range(count):
        if balance >= 0:
            balance -= 1
            out[i] = True
        balance += step
    return out


def kept_by(card: DatasetCard | None, row: VideoRow | None, count: int) -> Array | None:
    """(count,) bool, which frames of an action in the video of ``row`` the library's data set counts.

    None where all count: the library is of no data set, this has no such rule, or the video's rate is not
    known. Everything that sees an action by its frames asks here: features, crops, pictures, poses.
    """
    if card is None or card.thinning is None or row is None or not row.fps:
        return None
    return kept(count, float(row.fps), card.thinning)
