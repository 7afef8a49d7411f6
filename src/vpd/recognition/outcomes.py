"""Outcomes of few-shot runs, and the file from which a stopped evaluation continues."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from sklearn.base import clone

from vpd.library.json_lines import add_line, read_lines
from vpd.types import Array, FeatureSequence

ALL = 0
"""The k that stands for the whole training part."""

MISSING = ""
"""The prediction for a test segment without features. It counts as wrong."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """Predictions of one recogniser, fitted to one subset, for the test part.

    Attributes
    ----------
    recogniser : name of the recogniser.
    k : examples a class, ``ALL`` for the whole training part.
    subset : number of the subset.
    predicted : (tests,) labels.
    accuracy : top-1 in 0..1.
    """

    recogniser: str
    k: int
    subset: int
    predicted: Array
    accuracy: float


class Digested(Protocol):
    """An example that is no feature sequence, such as a clip of pictures."""

    def digest(self) -> bytes:
        """A hash of the example, for kept outcomes."""


Example = FeatureSequence | Digested
"""An example that a recogniser learns from."""


def digest(X: Sequence[Example | None], y: Array, test: Array) -> str:
    """A short hash of everything that outcomes of some features depend on: sequences, labels and the test
    part.
    """
    found = hashlib.sha256(json.dumps([y.tolist(), test.tolist()]).encode())
    for x in X:
        if x is not None and not isinstance(x, FeatureSequence):
            found.update(x.digest())
            continue
        found.update(b"none" if x is None else np.ascontiguousarray(x.values[x.valid]).tobytes())
        found.update(b"" if x is None else x.times_s.tobytes() + x.scores.tobytes())
    return found.hexdigest()


class KeptOutcomes:
    """The file at ``path`` with one line of JSON for each outcome.

    A line is used for the same sequences, labels, test part, subset and parameters of the recogniser. Other
    lines stay in the file. Changes of the program are noticed for baselines alone, whose ``of`` names their
    version: begin a new file after others. A line that a killed run left half, or that was damaged since, is
    made again. With ``fresh`` no line that is there is used; those made again stand behind them, and count.
    Raises InputError for a file of another kind.
    """

    def __init__(self, path: Path, fresh: bool = False) -> None:
        self.path = path
        self.rows: dict[str, dict[str, Any]] = {}
        for row in () if fresh else read_lines(path):
            if isinstance(row.get("key"), str):
                self.rows[row["key"]] = row

    @staticmethod
    def key(
        of: str, estimator: Any, chosen: Array, k: int, subset: int, validation: Array | None = None
    ) -> str:
        """The key of an outcome. ``of`` is the `digest`, ``chosen`` the training examples, ``validation``
        those that choose the epoch.
        """
        made_of = [type(estimator).__name__, sorted(clone(estimator).get_params().items(), key=str)]
        parts = [of, repr(made_of), chosen.tolist(), k, subset]
        if validation is not None:
            parts.append(validation.tolist())
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]

    def find(self, key: str) -> Outcome | None:
        """The outcome with this key; None where there is none."""
        row = self.rows.get(key)
        if row is None:
            return None
        return Outcome(
            row["recogniser"], row["k"], row["subset"], np.array(row["predicted"], str), row["accuracy"]
        )

    def add(self, key: str, features: str, outcome: Outcome) -> None:
        """Write one outcome immediately."""
        row = {
            "features": features,
            "recogniser": outcome.recogniser,
            "k": outcome.k,
            "subset": outcome.subset,
            "accuracy": outcome.accuracy,
            "key": key,
            "predicted": outcome.predicted.tolist(),
        }
        self.rows[key] = row
        add_line(self.path, row)
