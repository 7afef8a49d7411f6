"""Convert a file's joints to the 17 of COCO. Names, units and the up axis are checked, missing joints
listed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from vpd.errors import InputError
from vpd.pose.skeleton import COCO17
from vpd.teachers.vipe.motion import Motion
from vpd.types import Array

Axis = Literal["x", "y", "z"]

_PART_NAMES = {
    "shoulder": ("shoulder", "arm", "uparm", "upperarm", "humerus", "sho", "acromion"),
    "elbow": ("elbow", "forearm", "lowerarm", "lowarm", "radius", "elb"),
    "wrist": ("wrist", "hand", "wri", "wrb"),
    "hip": ("hip", "upleg", "upperleg", "thigh", "femur", "hipjc"),
    "knee": ("knee", "leg", "lowerleg", "calf", "shin", "tibia", "kne"),
    "ankle": ("ankle", "foot", "ank"),
}
"""Names of collections for the joint at the upper end of each bone, in lower case without separators."""
_SIDES = {"left": ("left", "l"), "right": ("right", "r")}
HEAD_NAMES = ("head", "headcentre", "headcenter", "skull")
_FACE_FROM_HEAD = {
    "nose": (0.10, 0.0, 0.0),
    "left_eye": (0.085, 0.032, 0.035),
    "right_eye": (0.085, -0.032, 0.035),
    "left_ear": (0.0, 0.075, 0.02),
    "right_ear": (0.0, -0.075, 0.02),
}
"""Offsets in metres forward, left and up from the centre of the head, for sources without a face."""
_HEAD_ABOVE_JOINT = 0.10
"""Metres along the trunk from the joint at the base of the skull to the centre of the head."""
BODY_HEIGHT = (0.5, 2.6)
"""Range in metres of a person's median size (longest distance of two joints). Outside it the units are
wrong.
"""


def plain(name: str) -> str:
    """A joint's name without case, separators, and the prefix of its program (mixamorig:, skel_...)."""
    return re.sub(r"[^a-z0-9]", "", re.split(r"[:|]", name)[-1].lower())


def _aliases() -> dict[str, str]:
    table = {plain(name): name for name in COCO17}
    for side, marks in _SIDES.items():
        for part, words in _PART_NAMES.items():
            for mark in marks:
                for word in words:
                    table.setdefault(mark + word, f"{side}_{part}")
                    table.setdefault(word + mark, f"{side}_{part}")
    return table


ALIASES = _aliases()


def coco_names(names: Sequence[str]) -> dict[str, int]:
    """For each COCO joint (and "head"), the index of its name in ``names``. Absent joints are left out.

    "LeftShoulder" is the collar joint in files that also have "LeftArm". There the arm is used.
    """
    found: dict[str, int] = {}
    plains = [plain(name) for name in names]
    for index, name in enumerate(plains):
        joint = "head" if name in HEAD_NAMES else ALIASES.get(name)
        if joint is not None and joint not in found:
            found[joint] = index
    for side in ("left", "right"):
        for part, preferred in (("shoulder", "arm"), ("hip", "upleg"), ("knee", "leg")):
            for mark in _SIDES[side]:
                if mark + preferred in plains:
                    found[f"{side}_{part}"] = plains.index(mark + preferred)
    return found


def to_motion(
    name: str,
    source: str,
    names: Sequence[str],
    positions: Array,
    fps: float,
    metres: float | None,
    up: Axis | None,
) -> Motion:
    """The motion of named ``positions`` (T, N, 3).

    ``metres`` is the length of one unit; None derives it from the size of the body (metres, decimetres,
    centimetres, inches or millimetres). ``up`` None derives the axis from heads being above feet. Frames that
    are not finite are left out. Raises InputError that names missing joints, and for a size that no person
    has.
    """
    found = coco_names(names)
    wanted = [joint for joint in COCO17[5:] if joint not in found]
    if "nose" not in found and "head" not in found:
        wanted.insert(0, "nose (or head)")
    if wanted:
        raise InputError(
            f"{name}: the skeleton lacks {', '.join(wanted)}. Its joints are {', '.join(names)}. "
            "Rename them, or give an .npz with joints (frames, 17, 3) in COCO order."
        )
    points = np.asarray(positions, np.float64)
    used = sorted(set(found.values()))
    points = points[np.isfinite(points[:, used]).all(axis=(1, 2))]
    if not len(points):
        raise InputError(f"{name}: no frame has all the joints")
    points = points * (unit_of(name, points[:, used]) if metres is None else metres)
    points = z_up(points, axis_up(name, points, found) if up is None else up)
    body = {joint: points[:, index] for joint, index in found.items()}
    if any(joint not in body for joint in _FACE_FROM_HEAD):
        body = _face(body) | body
    motion = Motion(name, source, np.stack([body[joint] for joint in COCO17], axis=1), fps)
    check_size(motion)
    return motion


def body_size(points: Array) -> float:
    """Median over frames of the diagonal of the box around (T, N, 3) points."""
    return float(np.median(np.linalg.norm(np.ptp(points, axis=1), axis=1)))


def unit_of(name: str, points: Array) -> float:
    """Metres a unit, from the size of the body."""
    size = body_size(points)
    for metres in (1.0, 0.0254, 0.01, 0.001):
        if 0.9 <= size * metres <= 2.4:
            return metres
    raise InputError(
        f"{name}: the body measures {size:.3g} units, which is nobody's size in metres, inches, "
        "centimetres or millimetres. Say what a unit is with --unit."
    )


def axis_up(name: str, points: Array, found: Mapping[str, int]) -> Axis:
    """The axis along which shoulders are above ankles, over the whole sequence."""
    missing = [k for k in ("left_shoulder", "right_shoulder", "left_ankle", "right_ankle") if k not in found]
    if missing:
        raise InputError(f"{name}: the skeleton lacks {', '.join(missing)}")
    shoulders = points[:, [found["left_shoulder"], found["right_shoulder"]]].mean(axis=1)
    ankles = points[:, [found["left_ankle"], found["right_ankle"]]].mean(axis=1)
    mean = (shoulders - ankles).mean(axis=0)
    axis = int(np.abs(mean).argmax())
    if mean[axis] < 0.3 or np.abs(np.delete(mean, axis)).max() > 0.7 * mean[axis]:
        raise InputError(f"{name}: which axis points up cannot be told from this motion. Say so with --up.")
    axes: tuple[Axis, Axis, Axis] = ("x", "y", "z")
    return axes[axis]


def z_up(points: Array, up: Axis) -> Array:
    """Rotate points, without mirroring, so that ``up`` becomes z."""
    order = {"x": [1, 2, 0], "y": [2, 0, 1], "z": [0, 1, 2]}[up]
    return points[..., order]


def check_size(motion: Motion) -> None:
    """Raise InputError where the joints have no person's size in metres."""
    size = body_size(motion.joints)
    if not BODY_HEIGHT[0] <= size <= BODY_HEIGHT[1]:
        raise InputError(
            f"{motion.name}: the body measures {size:.3g} m. Joints are expected in metres; "
            "say what a unit is with --unit."
        )


def _face(body: Mapping[str, Array]) -> dict[str, Array]:
    """Points of the face at fixed positions in the head's frame, which is taken to be that of the chest."""
    shoulders = (body["left_shoulder"] + body["right_shoulder"]) / 2
    hips = (body["left_hip"] + body["right_hip"]) / 2

    def normalised(v: Array) -> Array:
        unit: Array = v / np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-9)
        return unit

    left = normalised(body["left_shoulder"] - body["right_shoulder"])
    up = shoulders - hips
    up = normalised(up - (up * left).sum(1, keepdims=True) * left)
    forward = np.cross(left, up)
    if "nose" in body:
        centre = body["nose"] - _FACE_FROM_HEAD["nose"][0] * forward
    else:
        centre = body["head"] + _HEAD_ABOVE_JOINT * up
    return {
        joint: centre + f * forward + side * left + u * up for joint, (f, side, u) in _FACE_FROM_HEAD.items()
    }
