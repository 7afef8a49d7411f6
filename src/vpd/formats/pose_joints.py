"""Map other programs' points to the 17 joints of COCO: by the points' names, or by a known order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vpd.errors import LabelError, TableError
from vpd.library.csv_file import Columns, read_table
from vpd.types import COCO17, Array

LEAST_JOINTS = 5
"""Least number of joints of a pose, out of nose, shoulders, elbows, wrists, hips, knees and ankles."""
BODY = tuple(name for name in COCO17 if "eye" not in name and "ear" not in name)

_HALPE26 = (
    *COCO17, "head", "neck", "hip", "left_big_toe", "right_big_toe", "left_small_toe", "right_small_toe",
    "left_heel", "right_heel",
)  # fmt: skip
_OPENPOSE18 = (
    "nose", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow",
    "left_wrist", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle",
    "right_eye", "left_eye", "right_ear", "left_ear",
)  # fmt: skip
_BODY25 = (
    *_OPENPOSE18[:8], "mid_hip", *_OPENPOSE18[8:], "left_big_toe", "left_small_toe", "left_heel",
    "right_big_toe", "right_small_toe", "right_heel",
)  # fmt: skip
ORDERS: dict[int, tuple[str, ...]] = {
    17: COCO17,
    18: _OPENPOSE18,
    25: _BODY25,
    26: _HALPE26,
    133: (*COCO17, *[""] * 116),
    136: (*_HALPE26, *[""] * 110),
}
"""By the number of unnamed points, their order: COCO, OpenPose's COCO model, OpenPose's BODY_25, Halpe
(AlphaPose, Sports2D), COCO-WholeBody, Halpe with face and hands.
"""

_SIDES = (("left", ("left", "l")), ("right", ("right", "r")))
_PARTS = tuple(dict.fromkeys(name.partition("_")[2] for name in COCO17 if "_" in name))
_BY_NAME = {"nose": "nose"} | {
    spelt: f"{side}_{part}"
    for side, marks in _SIDES
    for mark in marks
    for part in _PARTS
    for spelt in (mark + part, part + mark)
}
"""Names in lower case without blanks and signs: LShoulder, shoulder_left, Left Shoulder and so on."""
JOINTS_TABLE = Columns(required=("name", "joint"))


def joint_of(name: str, own: Mapping[str, str] | None = None) -> str | None:
    """The COCO joint that a point's name means. The user's words in ``own`` have priority."""
    if own and name.strip() in own:
        return own[name.strip()] or None
    plain = unicodedata.normalize("NFKC", name).casefold()
    return _BY_NAME.get(re.sub(r"[\s_.\-]+", "", plain))


def read_joints(path: Path) -> dict[str, str]:
    """Read the user's table of points: ``name`` in the other program, and COCO's ``joint``, empty for none.

    Raises TableError with line and column.
    """
    if not path.is_file():
        return {}
    found: dict[str, str] = {}
    for record in read_table(path, JOINTS_TABLE).records():
        joint = record.text("joint").casefold().replace(" ", "_")
        if joint and joint not in COCO17:
            raise record.fail("joint", f"{joint!r} is no joint of COCO; these are {', '.join(COCO17)}")
        if record.needed("name") in found:
            raise record.fail("name", f"{record.text('name')!r} is named twice")
        found[record.text("name")] = joint
    return found


@dataclass(frozen=True)
class JointMap:
    """The mapping from points to joints.

    Attributes
    ----------
    places : for each of the 17 joints the index of its point, -1 where there is none.
    missing : joints without a point. ``left_out``: points that are no joint.
    """

    places: Array
    missing: tuple[str, ...]
    left_out: tuple[str, ...]

    def poses(self, points: Array) -> Array:
        """Convert (N, P, 3) points to (N, 17, 3) float32 x, y, score.

        A joint that is missing, is not finite, or has neither position nor score gets score 0 and the mean
        position of the others. Scores below 0 become 0.
        """
        points = np.asarray(points, np.float64).reshape(len(points), -1, 3)
        out: Array = points[:, self.places]
        out[:, self.places < 0] = np.nan
        seen = np.isfinite(out).all(-1) & (out != 0).any(-1)
        scores = np.where(seen, np.maximum(out[..., 2], 0), 0)
        xy = np.where(seen[..., None], out[..., :2], 0)
        middle = xy.sum(1) / np.maximum(seen.sum(1), 1)[:, None]
        xy = np.where(seen[..., None], xy, middle[:, None])
        return np.concatenate([xy, scores[..., None]], -1).astype(np.float32)


def joint_map(names: Sequence[str], where: object, own: Mapping[str, str] | None = None) -> JointMap:
    """The mapping of named points. Raises LabelError for two points of one joint, and for too few joints."""
    places = np.full(len(COCO17), -1)
    left_out = []
    for place, name in enumerate(names):
        joint = joint_of(name, own)
        if joint is None:
            left_out += [name] if name else []
            continue
        if places[COCO17.index(joint)] >= 0:
            other = names[places[COCO17.index(joint)]]
            raise LabelError(f"{where}: both {other!r} and {name!r} are taken for {joint}. {_HOW}")
        places[COCO17.index(joint)] = place
    missing = tuple(j for j, place in zip(COCO17, places, strict=True) if place < 0)
    if sum(name not in missing for name in BODY) < LEAST_JOINTS:
        shown = ", ".join(map(repr, names[:20])) or "none"
        raise LabelError(f"{where}: too few of its points are joints of a person; it has {shown}. {_HOW}")
    return JointMap(places, missing, tuple(left_out))


def order_map(points: int, where: object) -> JointMap:
    """The mapping of unnamed points, by their number. Raises LabelError for an unknown order."""
    if points not in ORDERS:
        known = ", ".join(map(str, ORDERS))
        raise LabelError(f"{where}: a person of {points} points; known without names are {known}.")
    return joint_map(ORDERS[points], where)


_HOW = "Say in poses_given/joints.csv (name,joint) which point is which joint of COCO."


def own_joints(path: Path) -> dict[str, str]:
    """`read_joints` with LabelError for errors."""
    try:
        return read_joints(path)
    except TableError as error:
        raise LabelError(str(error)) from error
