"""The recognisers by name, in one table. docs/experiments/recognition.md says how their settings were
found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from sklearn.ensemble import VotingClassifier
from sklearn.pipeline import make_pipeline

from vpd.dtw import FALLBACK
from vpd.errors import unknown_name
from vpd.recognition.ensemble import WeightedEnsemble
from vpd.recognition.kernels import KernelClassifier
from vpd.recognition.linear import LinearClassifier
from vpd.recognition.neighbours import DTWNeighbours
from vpd.recognition.nns import NearestNeighbourSearch
from vpd.recognition.prototypes import DTWPrototypes
from vpd.recognition.together import Together
from vpd.sequences.sides import Sides
from vpd.sequences.transforms import Centre, Columns, Resample, Smooth
from vpd.settings import old_names
from vpd.settings.old_names import now_called
from vpd.types import FeatureSequence

SMOOTH_S = 0.033
"""Standard deviation of smoothing in seconds. It helps joints and does not harm embeddings. Whitening helps
joints more, but harms embeddings.
"""
BIGRU_RATE_HZ = 15.0
"""Sampling rate of the BiGRU. Half of the frames of common video train in half the time."""
BIGRU_EPOCHS = 50
BIGRU_LEAST_STEPS = 200
"""Least number of optimiser steps. One or two examples a class fill a single batch, and fifty steps are too
few to learn from them.
"""
WIDTH_BESIDE = 0.06
"""Width of `dtw-soft` within `auto`. A smaller one is so confident that it outvotes the others with one
example.
"""
PRIOR, JOINTS_PRIOR = (4.0, 4.0, 2.0, 2.0), (1.0, 1.0, 5.0, 5.0)
"""Pseudo-examples of `dtw-soft`, `dtw-barycenter`, `linear` and `kernels`, and those for joints, which
regression names better by four to eighteen points with one example a class."""
QUICK_PRIOR, QUICK_JOINTS_PRIOR = (8.0, 2.0, 2.0), (2.0, 5.0, 5.0)
"""The same without class averages, whose pseudo-examples `dtw-soft` has as well."""
CENTRE = 0.25
"""Share of its own mean that a clip loses in `auto` and `together`. Build and bearing of an athlete are in it
(docs/experiments/recognition.md, "Other athletes").
"""
PREFERRED_PRIOR, OTHER_PRIOR = 4.0, 1.0
"""Pseudo-examples given to the preferred features and to each of the others when features are weighted."""


@dataclass(frozen=True)
class Recogniser:
    """One recogniser.

    Attributes
    ----------
    make : makes it for `vpd.sequences.sides.Sides`.
    about : one line for the user.
    alone : the recogniser that names each clip for itself, where this one names clips together; else "".
    """

    make: Callable[[Sides], Any]
    about: str
    alone: str = ""


def _network(**settings: Any) -> Any:
    from vpd.recognition.bigru import BiGRUClassifier  # it brings in torch: 400 MB and seconds

    return BiGRUClassifier(**settings)


def _bigru(sides: Sides) -> Any:
    network = _network(epochs=BIGRU_EPOCHS, least_steps=BIGRU_LEAST_STEPS, sides=sides)
    return make_pipeline(Smooth(SMOOTH_S), Resample(BIGRU_RATE_HZ), network)


def _smoothed(recogniser: Any) -> Any:
    return make_pipeline(Smooth(SMOOTH_S), recogniser)


def _centred(recogniser: Any) -> Any:
    return make_pipeline(Smooth(SMOOTH_S), Centre(CENTRE), recogniser)


def prepared(sequences: Sequence[FeatureSequence]) -> list[FeatureSequence]:
    """The sequences as the members of `auto` and `together` compare them."""
    made: list[FeatureSequence] = make_pipeline(Smooth(SMOOTH_S), Centre(CENTRE)).transform(sequences)
    return made


def _density(sides: Sides, width: float = 0.03) -> Any:
    return DTWNeighbours(k=None, width=width, balanced=True, pattern=FALLBACK, mirror_query=True, sides=sides)


def _warping(sides: Sides, width: float = 0.03) -> list[tuple[str, Any]]:
    return [("dtw-soft", _density(sides, width)), ("dtw-barycenter", DTWPrototypes(sides=sides))]


def _regressions(sides: Sides) -> list[tuple[str, Any]]:
    return [("linear", LinearClassifier(sides=sides)), ("kernels", KernelClassifier(sides=sides))]


def _auto(sides: Sides) -> Any:
    members = [*_warping(sides, WIDTH_BESIDE), *_regressions(sides)]
    return WeightedEnsemble(members, PRIOR, joints_prior=JOINTS_PRIOR)


def _together(sides: Sides) -> Any:
    return Together(_auto(sides), "dtw-soft", [name for name, _ in _warping(sides)])


def quick_together(sides: Sides) -> Any:
    """`together` without class averages, which take most of its time, for smoothed sequences."""
    members = [("dtw-soft", _density(sides, WIDTH_BESIDE)), *_regressions(sides)]
    ensemble = WeightedEnsemble(members, QUICK_PRIOR, joints_prior=QUICK_JOINTS_PRIOR)
    return make_pipeline(Centre(CENTRE), Together(ensemble, "dtw-soft", ["dtw-soft"]))


def _of_paper(sides: Sides) -> Sides:
    """The paper's recognisers mirror all examples; "auto" does not change that."""
    return "same" if sides == "auto" else sides


RECOGNISERS: dict[str, Recogniser] = {
    "together": Recogniser(
        lambda sides: _centred(_together(sides)),
        "auto, and the clips to be named, without labels, vote for one another as well",
        alone="auto",
    ),
    "auto": Recogniser(
        lambda sides: _centred(_auto(sides)),
        "dtw-soft, dtw-barycenter, linear and kernels, weighted by examples that are left out in turn",
    ),
    "dtw-nn": Recogniser(
        lambda sides: _smoothed(DTWNeighbours(pattern=FALLBACK, mirror_query=True, sides=sides)),
        "nearest neighbour by DTW, features smoothed",
    ),
    "dtw-soft": Recogniser(
        lambda sides: _smoothed(_density(sides)),
        "density of each class' examples around the query by DTW",
    ),
    "dtw-barycenter": Recogniser(
        lambda sides: _smoothed(DTWPrototypes(sides=sides)), "nearest class average by DTW"
    ),
    "dtw-ensemble": Recogniser(
        lambda sides: _smoothed(VotingClassifier(_warping(sides), voting="soft")),
        "the mean of dtw-soft and dtw-barycenter",
    ),
    "linear": Recogniser(
        lambda sides: _smoothed(LinearClassifier(sides=sides)),
        "ridge regression on features at twelve moments and their statistics over time",
    ),
    "kernels": Recogniser(
        lambda sides: _smoothed(KernelClassifier(sides=sides)),
        "ridge regression on how often and how strongly random short patterns occur",
    ),
    "bigru-short": Recogniser(_bigru, "BiGRU with a short schedule, features smoothed"),
    "nns": Recogniser(
        lambda sides: NearestNeighbourSearch(sides=_of_paper(sides)),
        "nearest neighbour by DTW as the paper has it",
    ),
    "bigru": Recogniser(
        lambda sides: _network(sides=_of_paper(sides)),
        "BiGRU as the paper has it: 500 epochs",
    ),
}


def make_recogniser(name: str, sides: Sides = "auto", parts: Sequence[int] = ()) -> Any:
    """A new recogniser by its name.

    Parameters
    ----------
    name : str
        One of `RECOGNISERS`; `vpd recognise --help` lists them.
    sides : str or dict of str
        Whether mirrored actions are the same: "same", "differ", "auto", or a word for each class
        (`vpd.sequences.sides`).
    parts : sequence of int
        Sizes of several features that stand side by side in each frame (`vpd.sequences.joined`), the
        preferred first: one recogniser for each, weighted by examples that are left out in turn.

    Returns
    -------
    scikit-learn classifier
        ``fit(X, y)``, ``predict(X)``, ``predict_proba(X)``; X are lists of `FeatureSequence`.

    Raises
    ------
    InputError
        For an unknown name.

    Examples
    --------
    >>> make_recogniser("nns")
    NearestNeighbourSearch()
    """
    if name not in RECOGNISERS:
        renamed = now_called(name, old_names.RECOGNISERS)
        raise unknown_name("recogniser", name, RECOGNISERS, renamed)
    entry = RECOGNISERS[name]
    if len(parts) < 2:
        return entry.make(sides)
    edges = np.cumsum([0, *parts])
    members = [
        (f"part{i}", make_pipeline(Columns(int(start), int(stop)), entry.make(sides)))
        for i, (start, stop) in enumerate(pairwise(edges))
    ]
    prior = [PREFERRED_PRIOR, *[OTHER_PRIOR] * (len(parts) - 1)]
    return WeightedEnsemble(members, prior)
