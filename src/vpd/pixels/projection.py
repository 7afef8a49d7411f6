"""Find what pictures of like movements share across scenes: a linear map of descriptions, without labels.

Two athletes who move alike in different places differ in court, light and clothes. What is the same in their
pictures belongs to the action: the racket, the hands. Windows of movement are aligned by warping; of the
frames that correspond, the map keeps those directions in which descriptions agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

from vpd.dtw.pair import dtw_path
from vpd.errors import InputError
from vpd.sequences.sides import mirror_distances
from vpd.types import MIRRORED, REGULAR, Array, FeatureSequence

COMPONENTS = 256
"""Principal components of descriptions that are compared."""
D = 16
"""Size of a feature."""
NEIGHBOURS = 4
"""Windows that each window is aligned with."""
LEAST_WINDOWS = 8
"""Below this number of windows nothing can be learned."""
LEAST_EIGENVALUE, RIDGE = 1e-6, 1e-3
"""Shares of the largest principal component, and of the variance, that keep the equations solvable."""


@dataclass(frozen=True, eq=False)
class Projection:
    """A linear map: features are (descriptions - ``mean``) @ ``axes``, for (D,) and (D, d) float32."""

    mean: Array
    axes: Array

    def __call__(self, descriptions: Array) -> Array:
        """(..., d) features of (..., D) descriptions."""
        features: Array = (descriptions - self.mean) @ self.axes
        return features


def both_hands(hands: Array) -> Array:
    """(T, 2, 2 D) descriptions as they are and mirrored, of those of the left and right hand (T, 2, D).

    Mirroring exchanges the hands. Their pictures are not mirrored: the network sees nearly the same in them.
    """
    return np.stack([hands.reshape(len(hands), -1), hands[:, ::-1].reshape(len(hands), -1)], axis=1)


def pairs_across(movement: Sequence[FeatureSequence], looks: Sequence[Array]) -> list[tuple[int, int, bool]]:
    """The pairs of windows to align, as (one, other, whether one of them is mirrored).

    Each window goes with its nearest by warping (`mirror_distances`), among that half of the windows whose
    mean description is farthest from its own: those are of other scenes.
    """
    alike, apart = mirror_distances(movement)
    means = np.stack([look.mean(axis=(0, 1)) for look in looks])
    squares = (means**2).sum(axis=1)
    differ = squares[:, None] + squares[None] - 2 * means @ means.T
    distances = np.minimum(alike, apart)
    near_scene = differ < np.median(differ, axis=1, keepdims=True)
    distances = np.where(near_scene | np.eye(len(looks), dtype=bool), np.inf, distances)
    found = []
    for one, row in enumerate(distances):
        nearest = np.argsort(row, kind="stable")[:NEIGHBOURS]
        found += [(one, int(i), bool(apart[one, i] < alike[one, i])) for i in nearest if np.isfinite(row[i])]
    return found


def _aligned(
    movement: Sequence[FeatureSequence], values: Sequence[Array], pairs: Sequence[tuple[int, int, bool]]
) -> tuple[Array, Array]:
    """Values (M, K) of corresponding frames of the pairs, in both orientations."""
    ones: list[Array] = []
    others: list[Array] = []
    for one, other, turned in pairs:
        sides = (MIRRORED, REGULAR) if turned else (REGULAR, MIRRORED)
        path = dtw_path(
            movement[one].values[:, REGULAR], movement[other].values[:, sides[0]], pattern="symmetric2"
        )
        for mine, theirs in zip((REGULAR, MIRRORED), sides, strict=True):
            ones.append(values[one][path.query, mine])
            others.append(values[other][path.reference, theirs])
    return np.concatenate(ones), np.concatenate(others)


def fit_projection(movement: Sequence[FeatureSequence], looks: Sequence[Array]) -> Projection:
    """The map of descriptions that agrees best between frames of like movement in different scenes.

    Its axes solve C a = l T a for C, the covariance between corresponding frames, and T, that of all of them,
    after whitening of `COMPONENTS` principal components. Each is scaled by the root of its agreement l, which
    is at most 1.

    Parameters
    ----------
    movement : windows of features that tell movements apart, all frames valid.
    looks : of each window the descriptions (T, 2, D) of the same frames in both orientations.

    Raises
    ------
    InputError
        Where there are fewer than `LEAST_WINDOWS` windows.

    References
    ----------
    Canonical correlation between aligned sequences: Zhou and De la Torre, Canonical time warping, NIPS 2009.
    """
    if len(movement) < LEAST_WINDOWS:
        raise InputError(
            f"{len(movement)} windows of movement are too few to compare; there must be {LEAST_WINDOWS}"
        )
    rows = np.concatenate([look.reshape(-1, look.shape[-1]) for look in looks]).astype(np.float64)
    mean, deviation = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    rows = (rows - mean) / deviation
    size = rows.shape[1]
    count = min(COMPONENTS, size)
    variances, axes = eigh(rows.T @ rows / len(rows), subset_by_index=[size - count, size - 1])
    whitening = axes / np.sqrt(np.maximum(variances, LEAST_EIGENVALUE * variances[-1])) / deviation[:, None]
    white = [(look - mean) @ whitening for look in looks]
    ones, others = _aligned(movement, white, pairs_across(movement, white))
    between, total = ones.T @ others, ones.T @ ones + others.T @ others
    agreement, directions = eigh(
        (between + between.T) / len(ones), total / len(ones) + RIDGE * np.eye(count),
        subset_by_index=[max(0, count - D), count - 1],
    )  # fmt: skip
    scaled = whitening @ (directions * np.sqrt(np.maximum(agreement, 0)))
    return Projection(mean.astype(np.float32), scaled.astype(np.float32))
