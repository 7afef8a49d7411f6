"""Extrapolate the learning curve of a recogniser: how much would more labels help?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from vpd.errors import InputError
from vpd.strings import Sentence
from vpd.types import Array

EXPONENTS = np.linspace(0.05, 2.0, 40)
RESAMPLES = 500
INTERVAL = (5, 95)
"""Percentiles of the predictive interval, 90 % in all."""


@dataclass(frozen=True)
class Forecast:
    """Accuracy expected with more examples a class.

    Attributes
    ----------
    examples : a class.
    accuracy, low, high : expected, and a 90 % interval from resampled draws; in 0..1.
    """

    examples: float
    accuracy: float
    low: float
    high: float


def fit_power_law(examples: Array, errors: Array) -> tuple[float, float, float]:
    """(a, b, c) of error = a + b * examples ** -c with a, b >= 0, least squares over a grid of c."""
    best = (np.inf, 0.0, 0.0, 0.0)
    for c in EXPONENTS:
        design = np.stack([np.ones(len(examples)), examples**-c], axis=1)
        (a, b), residual = nnls(design, errors)
        if residual < best[0] - 1e-12:
            best = float(residual), float(a), float(b), float(c)
    return best[1:]


def forecast(
    accuracies: Mapping[int, Sequence[float]], examples: Sequence[float], rng: np.random.Generator
) -> list[Forecast]:
    """Expected accuracies with ``examples`` a class, from those of several draws for each k.

    A power law is fitted to the mean errors of at least three k. Its change beyond the largest k is added to
    the accuracy measured there, because the law may lie above or below it. The interval comes from fits to
    resampled draws. Raises InputError for fewer than three k.
    """
    ks = np.array(sorted(accuracies), np.float64)
    if len(ks) < 3:
        raise InputError(f"a learning curve needs at least three k, there are {len(ks)}")
    draws = [1 - np.asarray(accuracies[int(k)], np.float64) for k in ks]
    wanted = np.asarray(examples, np.float64)

    def predicted(means: Array) -> Array:
        _, b, c = fit_power_law(ks, means)
        change = b * (wanted**-c - ks[-1] ** -c)
        expected: Array = np.clip(1 - (means[-1] + change), 0, 1)
        return expected

    middle = predicted(np.array([d.mean() for d in draws]))
    resampled = np.stack(
        [predicted(np.array([rng.choice(d, len(d)).mean() for d in draws])) for _ in range(RESAMPLES)]
    )
    low, high = np.percentile(resampled, INTERVAL, axis=0)
    return [
        Forecast(float(n), float(m), float(min(lo, m)), float(max(hi, m)))
        for n, m, lo, hi in zip(wanted, middle, low, high, strict=True)
    ]


WORTH = 0.02
"""A gain of accuracy below this is called small."""


def advice(now: float, k: int, doubled: Forecast) -> Sentence:
    """Say in a sentence whether to label more, from the accuracy at ``k`` and the forecast for twice as
    many.
    """
    gain = doubled.accuracy - now
    key = "more_labels_help" if gain >= WORTH else "more_labels_help_little"
    if doubled.high - now < WORTH:
        key = "more_labels_hardly_help"
    shares = {"now": now, "then": doubled.accuracy, "low": doubled.low, "high": doubled.high}
    return Sentence(key, {"count": 2 * k, **{name: f"{100 * share:.1f}" for name, share in shares.items()}})
