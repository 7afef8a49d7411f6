"""3D motion: one sequence of joints in one layout, from any kind of file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vpd.errors import InputError
from vpd.types import Array


@dataclass(frozen=True, eq=False)
class Motion:
    """Joint positions of one person over time.

    Attributes
    ----------
    name : of the sequence, unique in its source.
    source : the collection it is from; validation holds out whole sources or sequences.
    joints : (T, 17, 3) float32, metres, z up, COCO order.
    fps : frames per second.
    """

    name: str
    source: str
    joints: Array
    fps: float

    def __post_init__(self) -> None:
        joints = np.asarray(self.joints, dtype=np.float32)
        if joints.ndim != 3 or joints.shape[1:] != (17, 3):
            raise InputError(f"{self.name}: joints have shape {joints.shape}, expected (frames, 17, 3)")
        if not np.isfinite(joints).all():
            raise InputError(f"{self.name}: joints hold values that are not finite")
        object.__setattr__(self, "joints", joints)


def check_held_out(motions: Sequence[Motion], held_out: Sequence[Motion]) -> None:
    """Raise InputError where no sequence is held out, or where one is also trained on."""
    both = {(m.source, m.name) for m in motions} & {(m.source, m.name) for m in held_out}
    if both or not held_out:
        raise InputError(f"held-out motion must be there and not be trained on; in both: {sorted(both)[:3]}")
