"""MoveNet's published decoding of its four heads, for NumPy arrays and for tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

NEARNESS = 1.8
"""Cells added to a distance before the division by it: the published decoding's constant."""

ArrayOrTensor = Any
"""NumPy array or tensor. Both have all operations used here."""


def decode_heads(
    heatmap: ArrayOrTensor,
    centre: ArrayOrTensor,
    regress: ArrayOrTensor,
    offset: ArrayOrTensor,
    ticks: ArrayOrTensor,
    take: Callable[[ArrayOrTensor, ArrayOrTensor], ArrayOrTensor],
) -> tuple[ArrayOrTensor, ...]:
    """Joints of the person in the middle: x, y, scores, and x, y as regressed from the person's centre, each
    (N, J), positions in fractions of the input.

    A joint is the cell with the largest ratio of heatmap to distance from the position that the person's
    centre predicts, plus its offset.

    Parameters
    ----------
    heatmap : (N, J, S, S) probabilities.
    centre : (N, 1, S, S) probabilities divided by the distance from the middle.
    regress, offset : (N, 2 J, S, S) cells, y and x of joint j in the channels 2j, 2j + 1.
    ticks : (S,) 0, 1, ... S - 1 as float32.
    take : (values (N, J, C, S * S), cells (N, J or 1)) -> (N, J, C), the values at each joint's cell.
    """
    n, joints, side, _ = heatmap.shape
    peak = centre.reshape(n, -1).argmax(1)[:, None]
    ahead = take(regress.reshape(n, joints, 2, -1), peak)
    regressed_y, regressed_x = ahead[..., 0] + peak // side, ahead[..., 1] + peak % side
    dy = (ticks - regressed_y[..., None]) ** 2
    dx = (ticks - regressed_x[..., None]) ** 2
    distance = (dy[..., :, None] + dx[..., None, :]) ** 0.5 + NEARNESS
    best = (heatmap / distance).reshape(n, joints, -1).argmax(2)
    shift = take(offset.reshape(n, joints, 2, -1), best)
    score = take(heatmap.reshape(n, joints, 1, -1), best)[..., 0]
    y, x = (shift[..., 0] + best // side) / side, (shift[..., 1] + best % side) / side
    return x, y, score, regressed_x / side, regressed_y / side
