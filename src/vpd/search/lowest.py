"""The least score around each, without SciPy's filters, which take as long to import as a search takes."""

from __future__ import annotations

import numpy as np

from vpd.types import Array


def lowest_around(scores: Array, near: int) -> Array:
    """The least of each of the scores (T,), those ``near`` it before, and as many behind."""
    least: Array = np.pad(scores, near, constant_values=np.inf)
    width = 1
    while 2 * width <= 2 * near + 1:
        least = np.minimum(least[:-width], least[width:])
        width *= 2
    further = 2 * near + 1 - width
    least = np.minimum(least[: len(least) - further], least[further:])
    return least
