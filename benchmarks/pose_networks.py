"""Pose networks against the truth of synthetic videos: joints missed, by orientation, and what scores say.

    python tools/synthetic/generate.py --out FOLDER --blur 1 --videos 5 --scenes 5 --seed 77
    python benchmarks/pose_networks.py FOLDER [FOLDER ...] --networks published tuned.onnx [--turned]

Crops are those of the true boxes, a little moved, so that tracking does not count. ``--turned`` estimates
as the pipeline does, with looks at turned pictures (docs/pose.md); without it every box gets its one or two
looks. The 13 joints of features count; one further than a quarter of the torso from its place is missed. A
torso shorter than the video's median counts as the median, for bodies that are seen end on.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from vpd.models.session import open_session, session_device
from vpd.pose.estimation import estimate, poses_of
from vpd.pose.movenet import MoveNet
from vpd.pose.skeleton import BODY13
from vpd.settings.pose import PoseSettings
from vpd.types import Array, Track
from vpd.video import Frame, read_frames

FAR = 0.25
"""Torsos from the true place beyond which a joint counts as missed."""
MOVED = 0.06
"""Standard deviation of a box's errors (centre and size), in its longer sides."""
PUBLISHED = "published"


class FromFile(MoveNet):
    """MoveNet with the weights of another file of the same graph."""

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        self.session = open_session(path, 1)
        self.device = session_device(self.session)


def samples(video: Path, truth: Path, every: int) -> tuple[list[Frame], Array, Array]:
    """Every ``every``-th frame, its true keypoints (T, 17, 2), and boxes (T, 4) as a detector has them."""
    with np.load(truth) as known:
        keypoints, boxes = known["keypoints2d"].astype(float), known["boxes"].astype(float)
    frames = [frame for frame in read_frames(video) if frame.frame % every == 0 and frame.frame < len(boxes)]
    rows = [frame.frame for frame in frames]
    boxes = boxes[rows]
    digest = hashlib.sha256(video.name.encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:4], "little"))
    sides = boxes[:, 2:].max(axis=1, keepdims=True)
    centre = boxes[:, :2] + boxes[:, 2:] / 2 + MOVED * sides * rng.standard_normal((len(boxes), 2))
    size = boxes[:, 2:] * np.exp(MOVED * rng.standard_normal((len(boxes), 2)))
    return frames, keypoints[rows], np.concatenate([centre - size / 2, size], axis=1).astype(np.float32)


def found(network: MoveNet, frames: list[Frame], boxes: Array, *, turned: bool) -> Array:
    """Poses (T, 17, 3)."""
    settings = PoseSettings()
    if not turned:
        return poses_of([f.rgb for f in frames], boxes, network, settings.second_pass_below)
    track = Track(
        0,
        np.array([f.frame for f in frames]),
        np.array([f.time_s for f in frames]),
        boxes,
        np.ones(len(boxes), np.float32),
        np.full(len(boxes), "detected"),
    )
    return estimate(frames, [track], network, settings)[0].keypoints


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", help="folders of tools/synthetic/generate.py")
    parser.add_argument("--networks", nargs="+", default=[PUBLISHED], help=f"ONNX files, or {PUBLISHED!r}")
    parser.add_argument("--every", type=int, default=2)
    parser.add_argument("--videos", type=int, help="of each folder, the first so many")
    parser.add_argument("--turned", action="store_true")
    parser.add_argument("--keep", type=Path, help="write the poses there (.npz)")
    given = parser.parse_args()
    networks = {n: MoveNet(1) if n == PUBLISHED else FromFile(Path(n)) for n in given.networks}
    print(
        "| folder | network | missed: all | upright | sideways | upside down | error, all "
        "| mean score right, missed | missed told by score (AUC) | right above 0.5 | poses below 0.5 |\n|"
        + "---|"
        * 11
    )
    kept: dict[str, Array] = {}
    for folder in given.folders:
        parts: dict[str, list[tuple[Array, ...]]] = {name: [] for name in networks}
        for video in sorted((folder / "videos").glob("*.mp4"))[: given.videos]:
            frames, truth, boxes = samples(video, folder / "truth" / f"{video.stem}.npz", given.every)
            trunk = truth[:, 5:7].mean(axis=1) - truth[:, 11:13].mean(axis=1)
            length = np.linalg.norm(trunk, axis=1)
            torso = np.maximum(length, np.median(length))
            for name, network in networks.items():
                poses = found(network, frames, boxes, turned=given.turned)
                kept[f"{folder.name}/{video.stem}/{name}"] = poses
                error = np.linalg.norm(poses[..., :2] - truth, axis=2)[:, BODY13] / torso[:, None]
                parts[name].append((error, poses[:, BODY13, 2], trunk[:, 1] / np.maximum(length, 1e-6)))
        for name, rows in parts.items():
            error, score, down = (np.concatenate(c) for c in zip(*rows, strict=True))
            print(f"| {folder.name} | {name} | {' | '.join(figures(error, score, down))} |", flush=True)
    if given.keep:
        np.savez_compressed(given.keep, **kept)


def figures(error: Array, score: Array, down: Array) -> list[str]:
    """The cells of a row from errors and scores (T, 13) and the trunk's direction down (T,), -1 upright."""
    missed = error > FAR
    parts = [np.ones_like(down, bool), down < -0.7, np.abs(down) <= 0.7, down > 0.7]
    return [
        *(f"{100 * missed[of].mean():.1f} %" for of in parts),
        f"{error.mean():.3f}",
        f"{score[~missed].mean():.2f}, {score[missed].mean():.2f}",
        f"{roc_auc_score(missed.ravel(), -score.ravel()):.3f}",
        f"{100 * (~missed)[score > 0.5].mean():.1f} %",
        f"{100 * (score.mean(axis=1) < 0.5).mean():.0f} %",
    ]


if __name__ == "__main__":
    main()
