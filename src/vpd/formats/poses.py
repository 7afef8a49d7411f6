"""Poses in the files of other programs, one program a file of this folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vpd.errors import InputError, LabelError
from vpd.formats.json_file import read_bytes, read_json
from vpd.formats.pose_alphapose import is_alphapose, read_alphapose
from vpd.formats.pose_coco import read_coco, read_reference
from vpd.formats.pose_deeplabcut import is_deeplabcut, read_deeplabcut
from vpd.formats.pose_mmpose import is_mmpose, read_mmpose
from vpd.formats.pose_openpose import read_openpose
from vpd.formats.pose_reading import GivenPose, GivenPoses, ReadPoses, check_scores, in_pixels
from vpd.formats.pose_sleap import is_sleap, read_sleap_csv, read_sleap_h5
from vpd.formats.pose_trc import read_trc, read_trc_folder
from vpd.library.encodings import decode


@dataclass(frozen=True)
class PoseFormat:
    """Poses of one program: the kind of its files, and their reader."""

    files: str
    read: ReadPoses


POSE_FORMATS = {
    "coco": PoseFormat("COCO keypoint results (.json, .json.gz)", read_coco),
    "reference": PoseFormat("coco_keypoints.json.gz of the reference implementation", read_reference),
    "deeplabcut": PoseFormat("DeepLabCut, .csv", read_deeplabcut),
    "sleap-csv": PoseFormat("SLEAP analysis, .csv", read_sleap_csv),
    "sleap-h5": PoseFormat("SLEAP analysis, .h5", read_sleap_h5),
    "mmpose": PoseFormat("MMPose predictions, .json", read_mmpose),
    "alphapose": PoseFormat("alphapose-results.json", read_alphapose),
    "openpose": PoseFormat("folder of a JSON file a frame: OpenPose, Pose2Sim, Sports2D", read_openpose),
    "trc": PoseFormat("TRC in pixels, of Sports2D", read_trc),
    "trc-folder": PoseFormat("folder of TRC files, one a person", read_trc_folder),
}


def guess_pose_format(path: Path) -> str:
    """Guess the format of a file or folder from suffix and content. Raises LabelError."""
    if path.is_dir():
        return "trc-folder" if any(path.glob("*.trc")) else "openpose"
    suffix = path.suffix.lower()
    if suffix == ".trc":
        return "trc"
    if suffix in (".h5", ".hdf5"):
        return "sleap-h5"
    if suffix == ".csv":
        return _csv_format(path)
    content = read_json(path)
    if is_mmpose(content):
        return "mmpose"
    if is_alphapose(content):
        return "alphapose"
    if isinstance(content, list):
        return "coco" if content and isinstance(content[0], dict) else "reference"
    if isinstance(content, dict) and "people" in content:
        raise LabelError(f"{path} is one frame of OpenPose: give the folder with the files of all frames.")
    raise LabelError(f"{path} holds no list of poses, and is of no program that is known.")


def _csv_format(path: Path) -> str:
    try:
        head = decode(read_bytes(path)).text[:100_000].lstrip("\ufeff")
    except LabelError:
        raise
    except InputError as error:
        raise LabelError(f"{path} cannot be read: {error}") from error
    if is_deeplabcut(head):
        return "deeplabcut"
    if is_sleap(head):
        return "sleap-csv"
    raise LabelError(f"{path} is neither of DeepLabCut nor an analysis of SLEAP.")


def read_given(path: Path, own: Mapping[str, str] | None = None) -> GivenPoses:
    """Read the poses of a file or folder. ``own`` is the user's table of points.

    Raises LabelError for a file that is not fully understood.
    """
    found = POSE_FORMATS[guess_pose_format(path)].read(path, own or {})
    in_pixels(found.poses, path)
    check_scores(found.poses, path)
    return found


__all__ = ["POSE_FORMATS", "GivenPose", "GivenPoses", "PoseFormat", "guess_pose_format", "read_given"]
