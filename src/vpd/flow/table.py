"""The optical flow estimators by name, with their requirements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from vpd.errors import unknown_name
from vpd.flow.dis import Dis
from vpd.types import Array


class FlowEstimator(Protocol):
    """A function that estimates motion from the previous to the current pictures.

    Pictures are (N, S, S, 3) uint8 RGB. The result is (N, S, S, 2) float32: for each pixel of the *previous*
    picture how many pixels right and down it moves.
    """

    def __call__(self, previous: Array, current: Array) -> Array: ...


@dataclass(frozen=True)
class FlowEntry:
    """One estimator: its constructor for a device, and whether it downloads weights."""

    make: Callable[[str], FlowEstimator]
    fetches_weights: bool
    uses_device: bool


def _raft(size: Literal["small", "large"]) -> Callable[[str], FlowEstimator]:
    def make(device: str) -> FlowEstimator:
        from vpd.flow.raft import Raft  # torch takes seconds to import

        return Raft(size, device)

    return make


FLOWS = {
    "dis": FlowEntry(lambda device: Dis(), fetches_weights=False, uses_device=False),
    "raft_small": FlowEntry(_raft("small"), fetches_weights=True, uses_device=True),
    "raft_large": FlowEntry(_raft("large"), fetches_weights=True, uses_device=True),
}


def make_flow(name: str, device: str = "cpu") -> FlowEstimator | None:
    """The estimator called ``name``; None for "none". Raises InputError for an unknown name."""
    if name == "none":
        return None
    if name not in FLOWS:
        raise unknown_name("optical flow", name, [*FLOWS, "none"])
    return FLOWS[name].make(device)
