"""The kinds of files with 3D motion, by suffix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vpd.errors import InputError
from vpd.pose.skeleton import COCO17
from vpd.teachers.vipe.motion import Motion
from vpd.teachers.vipe.readers.amc import read_amc
from vpd.teachers.vipe.readers.arrays import SMPL_22, h36m_names, npz_arrays, read_h36m_cdf
from vpd.teachers.vipe.readers.bvh import read_bvh
from vpd.teachers.vipe.readers.c3d import read_c3d
from vpd.teachers.vipe.readers.deepmimic import read_deepmimic
from vpd.teachers.vipe.readers.layout import Axis, axis_up, coco_names, to_motion
from vpd.teachers.vipe.readers.smpl import BODY_JOINTS, body_model_for
from vpd.teachers.vipe.readers.trc import read_trc
from vpd.types import Array

H36M_FPS = 50.0
DEFAULT_FPS = 30.0
"""Frames a second of arrays that do not state them. Training uses poses one by one, so the value matters
little.
"""


@dataclass(frozen=True)
class Given:
    """Facts about the files that the user states: metres a unit, the axis up, and the body model (a file, or
    a folder with one a gender) of files with body parameters only.
    """

    metres: float | None = None
    up: Axis | None = None
    body_model: Path | None = None


def _bvh(path: Path, source: str, given: Given) -> list[Motion]:
    names, positions, fps = read_bvh(path)
    return [to_motion(path.stem, source, names, positions, fps, given.metres, given.up)]


def _trc(path: Path, source: str, given: Given) -> list[Motion]:
    names, positions, fps, metres = read_trc(path)
    return [to_motion(path.stem, source, names, positions, fps, given.metres or metres, given.up)]


def _c3d(path: Path, source: str, given: Given) -> list[Motion]:
    names, positions, fps, metres = read_c3d(path)
    return [to_motion(path.stem, source, names, positions, fps, given.metres or metres, given.up)]


def _amc(path: Path, source: str, given: Given) -> list[Motion]:
    names, positions, fps = read_amc(path)
    return [to_motion(path.stem, source, names, positions, fps, 1.0, "y")]


def _deepmimic(path: Path, source: str, given: Given) -> list[Motion]:
    names, positions, fps = read_deepmimic(path)
    return [to_motion(path.stem, source, names, positions, fps, 1.0, "y")]


def _cdf(path: Path, source: str, given: Given) -> list[Motion]:
    names, positions = read_h36m_cdf(path)
    return [to_motion(path.stem, source, names, positions, H36M_FPS, given.metres or 0.001, given.up)]


def _npz(path: Path, source: str, given: Given) -> list[Motion]:
    """Read AMASS with joints (`jtr`, `joints` or `Jtr`), Human3.6M, or one array of joints a sequence."""
    arrays = npz_arrays(path)
    if {"poses", "trans"} <= arrays.keys() and not arrays.keys() & {"jtr", "Jtr", "joints"}:
        return [_amass(path, source, given, arrays)]
    found = {k: a for k, a in arrays.items() if a.ndim == 3 and a.shape[2] == 3 and a.dtype.kind == "f"}
    fps = _fps(arrays)
    motions = []
    for key, array in found.items():
        names = _names(path, key, array, arrays)
        up = given.up
        if up is None and len(found) > 1 and len({a.shape[1] for a in found.values()}) == 1:
            # Sequences of one archive share their axes: those of people lying down learn it from the rest.
            up = axis_up(path.stem, np.concatenate(list(found.values())), coco_names(names))
        name = key if len(found) > 1 else path.stem
        motions.append(to_motion(name, source, names, array, fps, given.metres, up))
    if not motions:
        raise InputError(
            f"{path} holds no joints: arrays of floats with shape (frames, joints, 3) are expected"
        )
    return motions


def _fps(arrays: dict[str, Array]) -> float:
    rates = (float(arrays[k]) for k in ("mocap_framerate", "mocap_frame_rate", "fps") if k in arrays)
    return next(rates, 0.0) or DEFAULT_FPS


def _amass(path: Path, source: str, given: Given, arrays: dict[str, Array]) -> Motion:
    if given.body_model is None:
        raise InputError(
            f"{path} holds AMASS body parameters without joints. Joints need the SMPL-H body model, which "
            "may not be shipped: give your copy with --body-model."
        )
    poses, trans = arrays["poses"], arrays["trans"]
    if poses.ndim != 2 or poses.shape[1] < 3 * BODY_JOINTS or trans.shape != (len(poses), 3):
        raise InputError(f"{path}: poses {poses.shape} and trans {trans.shape} are not those of AMASS")
    model = body_model_for(given.body_model, _gender(arrays))
    joints = model.joints(poses, np.ravel(arrays.get("betas", np.zeros(0))), trans)
    return to_motion(path.stem, source, list(SMPL_22), joints, _fps(arrays), 1.0, given.up or "z")


def _gender(arrays: dict[str, Array]) -> str:
    gender = arrays.get("gender", np.array("neutral")).item()
    return gender.decode() if isinstance(gender, bytes) else str(gender)


def _names(path: Path, key: str, array: Array, arrays: dict[str, Array]) -> list[str]:
    count = array.shape[1]
    if "names" in arrays:
        return [str(name) for name in np.ravel(arrays["names"])]
    if key in ("jtr", "Jtr", "joints") and count >= len(SMPL_22) and "trans" in arrays:
        return [*SMPL_22, *(f"unused_{i}" for i in range(len(SMPL_22), count))]
    if count == len(COCO17) and "h36m" not in path.name.lower():
        return list(COCO17)
    try:
        return h36m_names(count)
    except InputError as error:
        raise InputError(
            f"{path}: {key} has {count} joints and no names. Give an array `names`, "
            "or 17 joints in COCO order."
        ) from error


READERS: dict[str, Callable[[Path, str, Given], list[Motion]]] = {
    ".bvh": _bvh,
    ".trc": _trc,
    ".c3d": _c3d,
    ".txt": _deepmimic,
    ".amc": _amc,
    ".cdf": _cdf,
    ".npz": _npz,
}
"""For each suffix the reader of one file."""


def read_motions(path: Path, given: Given | None = None, source: str = "") -> list[Motion]:
    """Read all sequences in one file. ``source`` is by default the file's name without suffix for archives of
    many sequences, and the folder's name for others. Raises InputError that states the error.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"{path}: no reader for {path.suffix!r}; there are {', '.join(READERS)}")
    own = path.stem if path.suffix.lower() == ".npz" else path.parent.name
    return reader(path, source or own, given or Given())


def read_folder(path: Path, given: Given | None = None) -> list[Motion]:
    """Read all sequences of all files below a folder, or of one file, in the order of their names."""
    if path.is_file():
        return read_motions(path, given)
    files = sorted(p for p in path.rglob("*") if p.suffix.lower() in READERS and p.is_file())
    if not files:
        raise InputError(f"{path} holds no motion: files ending in {', '.join(READERS)} are read")
    return [motion for file in files for motion in read_motions(file, given)]
