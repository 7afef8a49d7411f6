"""Read ASF and AMC (Acclaim), the CMU database's own files: a subject's skeleton, and rotations by frame."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from vpd.errors import InputError
from vpd.types import Array

FPS = 120.0
"""Frames a second of the CMU database. The files do not state it."""
METRES = 0.0254 / 0.45
"""Metres a unit: lengths are inches times the scale 0.45 of the skeletons."""
CALLED = {"lwrist": "left lower forearm", "rwrist": "right lower forearm"}
"""Bones with a misleading name: these end at the wrist, where those called hand begin."""
_TURNS = {"rx": 0, "ry": 1, "rz": 2}


@dataclass(frozen=True)
class _Bone:
    """Its parent, its vector in the rest pose, the frame that its rotations are given in, and their axes."""

    parent: str
    vector: Array
    frame: Rotation
    axes: tuple[int | None, ...]


def read_amc(path: Path) -> tuple[list[str], Array, float]:
    """Names of the bones, the start of each (T, N, 3) in metres, y up, and frames per second.

    The skeleton is an .asf file in the same folder: of the same name, of the part before "_", or the only
    one. Raises InputError where there is none, or the two do not fit.
    """
    bones = _skeleton(_skeleton_of(path))
    frames: list[dict[str, list[float]]] = []
    try:
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            words = line.split()
            if not words or words[0][0] in "#:":
                continue
            if len(words) == 1 and words[0].isdigit():
                frames.append({})
            else:
                frames[-1][words[0]] = [float(word) for word in words[1:]]
        return [CALLED.get(name, name) for name in bones], _positions(bones, frames), FPS
    except (IndexError, KeyError, ValueError) as error:
        raise InputError(f"{path} is no AMC file that fits its skeleton: {error!r}") from error


def _skeleton_of(path: Path) -> Path:
    for name in (path.stem, path.stem.split("_")[0]):
        if (path.parent / f"{name}.asf").is_file():
            return path.parent / f"{name}.asf"
    found = sorted(path.parent.glob("*.asf"))
    if len(found) != 1:
        raise InputError(f"{path} needs its skeleton, the subject's .asf file, in the same folder")
    return found[0]


def _skeleton(path: Path) -> dict[str, _Bone]:
    """The bones by name, each after its parent."""
    section, bones, parents = "", {}, {}
    fields: dict[str, list[str]] = {}
    try:
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            words = line.split()
            if not words:
                continue
            if words[0].startswith(":"):
                section = words[0]
            elif section == ":bonedata" and words[0] == "begin":
                fields = {}
            elif section == ":bonedata" and words[0] == "end":
                bones[fields["name"][0]] = fields
            elif section == ":bonedata":
                fields[words[0]] = words[1:]
            elif section == ":hierarchy" and words[0] not in ("begin", "end"):
                parents.update(dict.fromkeys(words[1:], words[0]))
        return {name: _bone(bones[name], parent) for name, parent in parents.items()}
    except (IndexError, KeyError, ValueError) as error:
        raise InputError(f"{path} is no ASF skeleton that can be read: {error!r}") from error


def _bone(fields: dict[str, list[str]], parent: str) -> _Bone:
    direction = np.array(fields["direction"], np.float64)
    angles = np.array(fields["axis"][:3], np.float64)
    axes = tuple(_TURNS.get(name) for name in fields.get("dof", ()))
    vector = direction * float(fields["length"][0]) * METRES
    return _Bone(parent, vector, Rotation.from_euler("xyz", angles, degrees=True), axes)


def _positions(bones: dict[str, _Bone], frames: list[dict[str, list[float]]]) -> Array:
    root = np.array([frame["root"] for frame in frames])
    turns = {"root": Rotation.from_euler("xyz", root[:, 3:6], degrees=True)}
    ends = {"root": root[:, :3] * METRES}
    starts = []
    for name, bone in bones.items():
        angles = np.zeros((len(frames), 3))
        given = np.array([frame[name] for frame in frames]) if bone.axes else angles
        for column, axis in enumerate(bone.axes):
            if axis is not None:
                angles[:, axis] = given[:, column]
        own = bone.frame * Rotation.from_euler("xyz", angles, degrees=True) * bone.frame.inv()
        turns[name] = turns[bone.parent] * own
        starts.append(ends[bone.parent])
        ends[name] = ends[bone.parent] + turns[name].apply(bone.vector)
    return np.stack(starts, axis=1)
