"""The recognisers by name, in one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from vpd.dtw import FALLBACK
from vpd.errors import InputError
from vpd.recognition.bigru import BiGRUClassifier
from vpd.recognition.neighbours import DTWNeighbours


@dataclass(frozen=True)
class Head:
    """One recogniser: how to make it, and what to say of it."""

    make: Callable[[], Any]
    about: str


HEADS: dict[str, Head] = {
    "nearest": Head(DTWNeighbours, "nearest neighbour by DTW"),
    "nearest-paper": Head(
        lambda: DTWNeighbours(pattern=FALLBACK), "nearest neighbour by DTW as the paper has it"
    ),
    "bigru": Head(BiGRUClassifier, "BiGRU"),
    "bigru-paper": Head(BiGRUClassifier, "BiGRU as the paper has it"),
}


def make_head(name: str) -> Any:
    """A new recogniser by its name. Raises InputError for an unknown one."""
    if name not in HEADS:
        raise InputError(f"there is no recogniser {name!r}; known: {', '.join(HEADS)}")
    return HEADS[name].make()
