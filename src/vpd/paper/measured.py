"""Outcomes of one row on one library, with what they lack."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vpd.recognition.outcomes import Outcome


@dataclass(frozen=True, eq=False)
class Measured:
    """Outcomes by k (``ALL`` for all labels), and sentences on actions without the row's features."""

    outcomes: dict[int, list[Outcome]]
    notes: tuple[str, ...] = ()


def by_k(outcomes: Iterable[Outcome], notes: Iterable[object]) -> Measured:
    """The outcomes sorted by k."""
    found: dict[int, list[Outcome]] = {}
    for outcome in outcomes:
        found.setdefault(outcome.k, []).append(outcome)
    return Measured(found, tuple(dict.fromkeys(map(str, notes))))
