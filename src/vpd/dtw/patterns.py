"""The step patterns of dynamic time warping, and what each can do, in one table.

A step pattern says from which earlier cells of the cost matrix a cell can be reached, and which frame
distances that costs (Sakoe and Chiba 1978, table I). Names and recurrences are those of dtw-python.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from vpd.errors import InputError, unknown_name
from vpd.types import Array

Step = tuple[tuple[int, int, float], ...]
"""Cells back from (i, j) with their weights, the origin first; the origin's own weight is not used."""


@dataclass(frozen=True)
class StepPattern:
    """One recurrence.

    Attributes
    ----------
    steps : the ways into a cell; where two cost the same, the first is taken.
    normalised_by : "N+M" (lengths of query and reference), "N" (query) or "" where the path's weight is not
        fixed by the lengths, so that there is no normalised distance.
    kernel : number of the batch recurrence in ``vpd.dtw.recurrence``.
    """

    name: str
    steps: tuple[Step, ...]
    normalised_by: str
    kernel: int

    @property
    def symmetric(self) -> bool:
        """Whether query and reference can be exchanged."""
        turned = {tuple((dj, di, w) for di, dj, w in step) for step in self.steps}
        return turned == set(self.steps)

    @property
    def slope(self) -> tuple[Fraction, Fraction | None]:
        """Least and greatest reference frames a query frame along any path; None is unbounded.

        A pair of lengths outside of this has no path: its distance is infinite.
        """
        moves = [step[0][:2] for step in self.steps]
        least = min(Fraction(dj, di) for di, dj in moves if di)
        greatest = None if any(di == 0 for di, _ in moves) else max(Fraction(dj, di) for di, dj in moves)
        return least, greatest

    @property
    def can_be_infeasible(self) -> bool:
        """Whether some pair of lengths has no path at all."""
        least, greatest = self.slope
        return least > 0 or greatest is not None

    def weight(self, n: int | Array, m: int | Array) -> Array:
        """The sum of weights of any path between lengths ``n`` (query) and ``m``; raises where not fixed."""
        if not self.normalised_by:
            raise InputError(
                f"{self.name} has no normalised distance: its path's weight varies. "
                "Ask for normalise=False, or take symmetric2."
            )
        n, m = np.asarray(n), np.asarray(m)
        return n + m if self.normalised_by == "N+M" else n + 0 * m

    def as_arrays(self) -> tuple[Array, Array]:
        """(S, 3) int64 rows of (step, di, dj), the origin of each step first, and (S,) float64 weights."""
        rows = [(p, di, dj, w) for p, step in enumerate(self.steps) for di, dj, w in step]
        table = np.array(rows, np.float64)
        return table[:, :3].astype(np.int64), np.ascontiguousarray(table[:, 3])


def _diagonal(weight: float) -> Step:
    return ((1, 1, 0), (0, 0, weight))


_ALONG_Y: Step = ((0, 1, 0), (0, 0, 1))
_ALONG_X: Step = ((1, 0, 0), (0, 0, 1))
_TWO_Y: Step = ((1, 2, 0), (0, 1, 2), (0, 0, 1))
_TWO_X: Step = ((2, 1, 0), (1, 0, 2), (0, 0, 1))
_THREE_Y: Step = ((1, 3, 0), (0, 2, 2), (0, 1, 1), (0, 0, 1))
_THREE_X: Step = ((3, 1, 0), (2, 0, 2), (1, 0, 1), (0, 0, 1))
_P2_Y: Step = ((2, 3, 0), (1, 2, 2), (0, 1, 2), (0, 0, 1))
_P2_X: Step = ((3, 2, 0), (2, 1, 2), (1, 0, 2), (0, 0, 1))
_SYMMETRIC2 = (_diagonal(2), _ALONG_Y, _ALONG_X)

PATTERNS: dict[str, StepPattern] = {
    pattern.name: pattern
    for pattern in (
        StepPattern("symmetric1", (_diagonal(1), _ALONG_Y, _ALONG_X), "", 0),
        StepPattern("symmetric2", _SYMMETRIC2, "N+M", 1),
        StepPattern("asymmetric", (_ALONG_X, _diagonal(1), ((1, 2, 0), (0, 0, 1))), "N", 2),
        StepPattern(
            "asymmetricP1",
            (((1, 2, 0), (0, 1, 0.5), (0, 0, 0.5)), _diagonal(1), ((2, 1, 0), (1, 0, 1), (0, 0, 1))),
            "N",
            6,
        ),
        StepPattern("symmetricP0", _SYMMETRIC2, "N+M", 1),
        StepPattern("symmetricP05", (_THREE_Y, _TWO_Y, _diagonal(2), _TWO_X, _THREE_X), "N+M", 3),
        StepPattern("symmetricP1", (_TWO_Y, _diagonal(2), _TWO_X), "N+M", 4),
        StepPattern("symmetricP2", (_P2_Y, _diagonal(2), _P2_X), "N+M", 5),
    )
}
"""Every step pattern by name."""

FALLBACK = "symmetricP2_or_2"
"""The reference implementation's rule: symmetricP2, and symmetric2 where that has no path.

It mixes two scales in one ranking, and is here to run the paper's protocol.
"""

DISTANCES = ("l2", "sqeuclidean", "cosine")
"""Distances between two frames; cosine is 1 - cos, and 1 where a frame is all zero."""


def get_pattern(name: str) -> StepPattern:
    """The pattern called ``name``. Raises InputError where there is none."""
    if name not in PATTERNS:
        raise unknown_name("step pattern", name, [*PATTERNS, FALLBACK])
    return PATTERNS[name]


def get_distance(name: str) -> int:
    """Number of the frame distance ``name`` in ``DISTANCES``. Raises InputError where there is none."""
    if name not in DISTANCES:
        raise unknown_name("frame distance", name, DISTANCES)
    return DISTANCES.index(name)
