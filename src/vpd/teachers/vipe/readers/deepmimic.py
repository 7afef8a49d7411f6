"""Read DeepMimic's humanoid motions: JSON of root position and quaternions, on one fixed skeleton."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from vpd.errors import InputError
from vpd.types import Array

# Joint, parent, offset in the parent's frame (metres; x forward, y up, z to the right) and numbers a frame:
# 4 is a quaternion w, x, y, z, 1 a hinge about z (DeepMimic, data/characters/humanoid3d.txt).
SKELETON = (
    ("root", -1, (0.0, 0.0, 0.0), 4),
    ("chest", 0, (0.0, 0.236151, 0.0), 4),
    ("neck", 1, (0.0, 0.223894, 0.0), 4),
    ("right_hip", 0, (0.0, 0.0, 0.084887), 4),
    ("right_knee", 3, (0.0, -0.421546, 0.0), 1),
    ("right_ankle", 4, (0.0, -0.40987, 0.0), 4),
    ("right_shoulder", 1, (-0.02405, 0.24350, 0.18311), 4),
    ("right_elbow", 6, (0.0, -0.274788, 0.0), 1),
    ("left_hip", 0, (0.0, 0.0, -0.084887), 4),
    ("left_knee", 8, (0.0, -0.421546, 0.0), 1),
    ("left_ankle", 9, (0.0, -0.40987, 0.0), 4),
    ("left_shoulder", 1, (-0.02405, 0.24350, -0.18311), 4),
    ("left_elbow", 11, (0.0, -0.274788, 0.0), 1),
)
FIXED = (("right_wrist", 7, (0.0, -0.258947, 0.0)), ("left_wrist", 12, (0.0, -0.258947, 0.0)),
         ("head", 2, (0.0, 0.075, 0.0)))  # fmt: skip
WIDTH = 1 + 3 + sum(joint[3] for joint in SKELETON)


def read_deepmimic(path: Path) -> tuple[list[str], Array, float]:
    """Joint names, positions (T, N, 3) in metres, y up, and frames per second."""
    try:
        frames = np.array(json.loads(path.read_text(encoding="utf-8"))["Frames"], dtype=np.float64)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise InputError(f"{path} is not a DeepMimic motion: {error}") from error
    if frames.ndim != 2 or frames.shape[1] != WIDTH:
        raise InputError(f"{path}: a frame has {frames.shape[-1]} numbers, expected {WIDTH}")
    places: list[Array] = []
    turns: list[Rotation] = []
    column = 4
    for _, parent, offset, size in SKELETON:
        values = frames[:, column : column + size]
        column += size
        if size == 4:
            if not values.any(axis=1).all():
                raise InputError(f"{path}: a rotation of a frame is of zeros alone")
            turn = Rotation.from_quat(values[:, [1, 2, 3, 0]])
        else:
            turn = Rotation.from_rotvec(values * np.array([0.0, 0.0, 1.0]))
        places.append(frames[:, 1:4] if parent < 0 else places[parent] + turns[parent].apply(offset))
        turns.append(turn if parent < 0 else turns[parent] * turn)
    places += [places[parent] + turns[parent].apply(offset) for _, parent, offset in FIXED]
    names = [joint[0] for joint in SKELETON] + [joint[0] for joint in FIXED]
    return names, np.stack(places, axis=1), 1 / float(np.median(frames[:, 0][frames[:, 0] > 0]))
