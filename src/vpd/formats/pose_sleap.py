"""Read SLEAP's analysis files: CSV, and HDF5 where h5py is installed."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vpd.errors import InputError, LabelError
from vpd.formats.json_file import read_bytes
from vpd.formats.pose_joints import joint_map
from vpd.formats.pose_reading import GivenPose, GivenPoses, frame_number, numbers, person
from vpd.library.encodings import decode
from vpd.types import Array

FIXED = ("track", "frame_idx", "instance.score")


def is_sleap(head: str) -> bool:
    """Whether a CSV file that begins with ``head`` is SLEAP's."""
    first = head.split("\n", 1)[0].strip().split(",")
    return "frame_idx" in first and any(name.endswith(".x") for name in first)


def read_sleap_csv(path: Path, own: Mapping[str, str]) -> GivenPoses:
    """Columns track, frame_idx, instance.score, then ``NODE.x``, ``NODE.y`` and ``NODE.score``.

    Tracks are athletes 0, 1 and so on, in the order of their names: track_2 comes before track_10. Without
    tracks people are not identified.
    Raises LabelError.
    """
    try:
        rows = list(csv.reader(decode(read_bytes(path)).text.splitlines(), strict=True))
    except LabelError:
        raise
    except (InputError, csv.Error) as error:
        raise LabelError(f"{path} cannot be read: {error}") from error
    header = [name.strip() for name in rows[0]]
    nodes = [name.removesuffix(".x") for name in header if name.endswith(".x")]
    columns = {name: place for place, name in enumerate(header)}
    known = {*FIXED, *(f"{node}.{c}" for node in nodes for c in ("x", "y", "score"))}
    strange = [name for name in header if name not in known]
    if strange or len(columns) < len(header) or any(f"{n}.y" not in columns for n in nodes):
        raise LabelError(
            f"{path}: its columns are not those of a SLEAP analysis: {', '.join(strange) or header}."
        )
    at = np.array([[columns[f"{n}.x"], columns[f"{n}.y"], columns.get(f"{n}.score", -1)] for n in nodes])
    joints = joint_map(nodes, path, own)
    named = {row[columns["track"]] for row in rows[1:] if "track" in columns and row} - {""}
    tracks = sorted(named, key=_by_number)
    poses: list[GivenPose] = []
    for line, row in enumerate(rows[1:], start=2):
        where = f"{path}, line {line}"
        if len(row) != len(header):
            raise LabelError(f"{where}: the row has {len(row)} cells, the header {len(header)}")
        track = row[columns["track"]] if "track" in columns else ""
        cells = ["" if name in FIXED else cell for name, cell in zip(header, row, strict=True)]
        values = np.append(numbers(cells, where), 1.0)
        score = row[columns["instance.score"]] if "instance.score" in columns else ""
        pose = person(
            frame_number(row[columns["frame_idx"]], where),
            tracks.index(track) if track else None,
            values[at],
            joints,
            float(numbers([score], where)[0]) if score else None,
        )
        poses += [] if pose is None else [pose]
    return GivenPoses("SLEAP", poses, joints.missing, joints.left_out)


def _by_number(name: str) -> list[tuple[str, int]]:
    """What orders names by their text and the numbers in it."""
    return [(text, int(number or 0)) for text, number in re.findall(r"([^0-9]*)([0-9]*)", name)]


def read_sleap_h5(path: Path, own: Mapping[str, str]) -> GivenPoses:
    """Datasets ``tracks`` (tracks, 2, nodes, frames), ``node_names``, perhaps ``point_scores``.

    Raises LabelError.
    """
    try:
        import h5py
    except ImportError as error:
        raise LabelError(
            f"{path}: HDF5 files need `pip install h5py`; or export the analysis as CSV (in DeepLabCut: "
            "save_as_csv=True)."
        ) from error
    try:
        with h5py.File(path, "r") as file:
            if "tracks" not in file or "node_names" not in file:
                raise LabelError(
                    f"{path} is no analysis of SLEAP. Of DeepLabCut give the CSV file: its HDF5 is pickled."
                )
            positions = np.asarray(file["tracks"], np.float64)
            nodes = [_text(name) for name in np.asarray(file["node_names"]).ravel()]
            scores = np.asarray(file["point_scores"], np.float64) if "point_scores" in file else None
    except (OSError, ValueError, TypeError) as error:
        raise LabelError(f"{path} cannot be read as HDF5: {error}") from error
    return _from_arrays(path, positions, scores, nodes, own)


def _from_arrays(
    path: Path, positions: Array, scores: Array | None, nodes: Sequence[str], own: Mapping[str, str]
) -> GivenPoses:
    if positions.ndim != 4 or positions.shape[1:3] != (2, len(nodes)):
        raise LabelError(
            f"{path}: tracks has shape {positions.shape}, expected (tracks, 2, {len(nodes)}, frames)."
        )
    wanted = (positions.shape[0], len(nodes), positions.shape[3])
    if scores is None:
        scores = np.ones(wanted)
    if scores.shape != wanted:
        raise LabelError(f"{path}: point_scores has shape {scores.shape}, expected {wanted}.")
    joints = joint_map(nodes, path, own)
    points = np.concatenate([positions, scores[:, None]], 1).transpose(0, 3, 2, 1)
    poses: list[GivenPose] = []
    for athlete, of_track in enumerate(points):
        for frame in np.flatnonzero(np.isfinite(of_track[..., 0]).any(1)).tolist():
            pose = person(frame, athlete, of_track[frame], joints)
            poses += [] if pose is None else [pose]
    return GivenPoses("SLEAP", poses, joints.missing, joints.left_out)


def _text(value: Any) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)
