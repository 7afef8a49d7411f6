"""The recognisers by name, in one table. How their settings were found: docs/experiments/recognition.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sklearn.ensemble import VotingClassifier
from sklearn.pipeline import make_pipeline

from vpd.dtw import FALLBACK
from vpd.errors import InputError
from vpd.recognition.bigru import BiGRUClassifier
from vpd.recognition.ensemble import ChosenEnsemble
from vpd.recognition.neighbours import DTWNeighbours
from vpd.recognition.prototypes import DTWPrototypes
from vpd.sequences.transforms import Resample, Smooth
from vpd.settings import old_names
from vpd.settings.old_names import now_called

SMOOTH_S = 0.033
"""Helps joints and does embeddings no harm; whitening helps joints more but harms embeddings."""
BIGRU_RATE_HZ = 15.0
"""Half the frames of common video train in half the time."""
BIGRU_EPOCHS = 50
BIGRU_LEAST_STEPS = 200
"""One or two examples a class fill a single batch, and fifty steps are too few to learn from them."""


@dataclass(frozen=True)
class Recogniser:
    """One recogniser: how to make it, and what the help says of it."""

    make: Callable[[], Any]
    about: str


def _bigru() -> Any:
    network = BiGRUClassifier(epochs=BIGRU_EPOCHS, least_steps=BIGRU_LEAST_STEPS)
    return make_pipeline(Smooth(SMOOTH_S), Resample(BIGRU_RATE_HZ), network)


def _smoothed(recogniser: Any) -> Any:
    return make_pipeline(Smooth(SMOOTH_S), recogniser)


def _density() -> Any:
    return DTWNeighbours(k=None, balanced=True, pattern=FALLBACK, mirror_query=True)


def _nearest() -> Any:
    return _smoothed(DTWNeighbours(pattern=FALLBACK, mirror_query=True))


def _neighbours() -> Any:
    return _smoothed(_density())


def _prototypes() -> Any:
    return _smoothed(DTWPrototypes())


def _blend() -> Any:
    members = [("dtw-soft", _density()), ("dtw-barycenter", DTWPrototypes())]
    return _smoothed(VotingClassifier(members, voting="soft"))


RECOGNISERS: dict[str, Recogniser] = {
    "dtw-nn": Recogniser(_nearest, "nearest neighbour by DTW, features smoothed"),
    "dtw-soft": Recogniser(_neighbours, "density of each class' examples around the query by DTW"),
    "dtw-barycenter": Recogniser(_prototypes, "nearest class average by DTW"),
    "dtw-ensemble": Recogniser(_blend, "the mean of dtw-soft and dtw-barycenter"),
    "bigru-short": Recogniser(_bigru, "BiGRU with a short schedule, features smoothed"),
    "dtw-select": Recogniser(
        lambda: ChosenEnsemble(
            [("dtw-nn", _nearest()), ("dtw-soft", _neighbours()), ("dtw-barycenter", _prototypes())]
        ),
        "those of the DTW recognisers that do best together in cross-validation",
    ),
    "dtw-bigru-select": Recogniser(
        lambda: ChosenEnsemble(
            [("dtw-nn", _nearest()), ("dtw-soft", _neighbours()), ("bigru-short", _bigru())]
        ),
        "the same with the BiGRU among them",
    ),
    "nns": Recogniser(
        lambda: DTWNeighbours(pattern=FALLBACK), "nearest neighbour by DTW as the paper has it"
    ),
    "bigru": Recogniser(BiGRUClassifier, "BiGRU as the paper has it: 500 epochs"),
}


def make_recogniser(name: str) -> Any:
    """A new recogniser by its name. Raises InputError for an unknown one."""
    if name not in RECOGNISERS:
        renamed = now_called(name, old_names.RECOGNISERS)
        raise InputError(f"there is no recogniser {name!r}; known: {', '.join(RECOGNISERS)}.{renamed}")
    return RECOGNISERS[name].make()
