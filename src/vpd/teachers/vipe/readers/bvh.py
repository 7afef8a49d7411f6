"""Read BVH: a hierarchy with offsets, and one line of channels a frame; positions by forward kinematics."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from vpd.errors import InputError
from vpd.types import Array

_AXES = {"X": 0, "Y": 1, "Z": 2}
_CHANNEL = re.compile(r"[XYZ](position|rotation)", re.IGNORECASE)


@dataclass
class _Joint:
    name: str
    parent: int
    offset: Array = field(default_factory=lambda: np.zeros(3))
    channels: list[str] = field(default_factory=list)


def read_bvh(path: Path) -> tuple[list[str], Array, float]:
    """Joint names, positions (T, N, 3) in the file's units and frames per second of a BVH file.

    End sites are left out. Raises InputError where the file is not BVH or its frames do not fit its channels.
    """
    words = path.read_text(encoding="utf-8", errors="replace").split()
    try:
        joints, motion = _hierarchy(words)
        frames = int(words[motion + 2])
        step = float(words[motion + 5])
        numbers = np.array(words[motion + 6 :], dtype=np.float64)
    except (IndexError, ValueError) as error:
        raise InputError(f"{path} is not a BVH file that can be read: {error}") from error
    width = sum(len(joint.channels) for joint in joints)
    if frames < 1 or not 0 < step < math.inf or numbers.size != frames * width:
        raise InputError(
            f"{path}: {numbers.size} numbers do not make {frames} frames of {width} channels each"
        )
    return [j.name for j in joints], _positions(joints, numbers.reshape(frames, width)), 1 / step


def _hierarchy(words: list[str]) -> tuple[list[_Joint], int]:
    joints: list[_Joint] = []
    open_joints: list[int] = []
    at = words.index("HIERARCHY") + 1
    while words[at] != "MOTION":
        word = words[at]
        if word in ("ROOT", "JOINT"):
            joints.append(_Joint(words[at + 1], open_joints[-1] if open_joints else -1))
            open_joints.append(len(joints) - 1)
            at += 3
        elif word == "End":
            at = words.index("}", at) + 1
        elif word == "OFFSET":
            joints[open_joints[-1]].offset = np.array(words[at + 1 : at + 4], dtype=np.float64)
            at += 4
        elif word == "CHANNELS":
            count = int(words[at + 1])
            channels = words[at + 2 : at + 2 + max(0, count)]
            if len(channels) != count or not all(map(_CHANNEL.fullmatch, channels)):
                raise ValueError(f"{words[at + 1]} channels {' '.join(channels)[:80]!r}")
            joints[open_joints[-1]].channels = channels
            at += 2 + count
        elif word == "}":
            open_joints.pop()
            at += 1
        else:
            raise ValueError(f"unexpected {word!r}")
    return joints, at


def _positions(joints: list[_Joint], numbers: Array) -> Array:
    frames = len(numbers)
    positions = np.empty((frames, len(joints), 3))
    rotations = np.empty((frames, len(joints), 3, 3))
    column = 0
    for index, joint in enumerate(joints):
        offset = np.tile(joint.offset, (frames, 1))
        rotation = np.tile(np.eye(3), (frames, 1, 1))
        moved = [c for c in joint.channels if c.lower().endswith("position")]
        if moved and joint.parent < 0:
            offset = np.zeros((frames, 3))
        for channel in joint.channels:
            values, axis = numbers[:, column], _AXES[channel[0].upper()]
            column += 1
            if channel in moved:
                # A joint's own position channels replace its offset, as in files of motion capture systems.
                offset[:, axis] = values
            else:
                rotation = rotation @ _about(axis, np.deg2rad(values))
        if joint.parent < 0:
            positions[:, index], rotations[:, index] = offset, rotation
        else:
            turn = rotations[:, joint.parent]
            positions[:, index] = positions[:, joint.parent] + (turn @ offset[..., None])[..., 0]
            rotations[:, index] = turn @ rotation
    return positions


def _about(axis: int, angle: Array) -> Array:
    a, b = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.zeros((len(angle), 3, 3))
    matrix[:, axis, axis] = 1
    matrix[:, a, a] = matrix[:, b, b] = np.cos(angle)
    matrix[:, b, a], matrix[:, a, b] = np.sin(angle), -np.sin(angle)
    return matrix
