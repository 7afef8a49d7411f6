"""Joint arrays: Human3.6M positions (`.cdf`, `.npz`), AMASS with joints, and `.npz` of joints in COCO
order."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np

from vpd.errors import InputError
from vpd.library.npz_file import read_npz
from vpd.types import Array

H36M_32 = {
    1: "right_hip",
    2: "right_knee",
    3: "right_ankle",
    6: "left_hip",
    7: "left_knee",
    8: "left_ankle",
    14: "nose",
    15: "skull_top",
    17: "left_shoulder",
    18: "left_elbow",
    19: "left_wrist",
    25: "right_shoulder",
    26: "right_elbow",
    27: "right_wrist",
}
"""The joints that are used of the 32 of Human3.6M."""
H36M_17 = (
    "root",
    "right_hip",
    "right_knee",
    "right_ankle",
    "left_hip",
    "left_knee",
    "left_ankle",
    "spine",
    "thorax",
    "nose",
    "skull_top",
    "left_shoulder",
    "left_elbow",
    "left_wrist",
    "right_shoulder",
    "right_elbow",
    "right_wrist",
)
SMPL_22 = (
    "pelvis",
    "left_hip",
    "right_hip",
    "spine1",
    "left_knee",
    "right_knee",
    "spine2",
    "left_ankle",
    "right_ankle",
    "spine3",
    "left_toe",
    "right_toe",
    "neck",
    "left_collar",
    "right_collar",
    "head",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
)
"""The first joints of SMPL, SMPL-H and SMPL-X, which are the same."""


def h36m_names(count: int) -> list[str]:
    """Names of Human3.6M's joints, by their number: 32 or 17."""
    if count == 17:
        return list(H36M_17)
    if count == 32:
        return [H36M_32.get(index, f"unused_{index}") for index in range(32)]
    raise InputError(f"Human3.6M has 32 or 17 joints, not {count}")


def read_h36m_cdf(path: Path) -> tuple[list[str], Array]:
    """Joint names and positions (T, 32, 3) in millimetres of a `D3_Positions` file."""
    try:
        library = importlib.import_module("cdflib")
    except ImportError as error:
        raise InputError(
            f"{path}: reading CDF needs the package cdflib. Run `pip install cdflib`."
        ) from error
    try:
        pose = np.asarray(library.CDF(str(path)).varget("Pose"), dtype=np.float64)
        positions = pose.reshape(-1, 32, 3)
    except (OSError, ValueError, AttributeError) as error:
        raise InputError(f"{path} does not hold Human3.6M positions: {error}") from error
    return h36m_names(32), positions


def npz_arrays(path: Path) -> dict[str, Array]:
    """Read the arrays of an `.npz` without unpickling."""
    return read_npz(path)
