"""How the pose estimator errs on athletes whose pose is known, beside the errors that training makes.

    python benchmarks/vipe_errors.py CROPS [--images 300] [--sides 256 96]

CROPS is a folder made by tools/synthetic/crops.py. Pictures are shrunk to each of --sides first: athletes in
footage are seldom 256 pixels tall. Errors are in units of the encoder's input, in which the trunk measures
0.5. For each range of scores: its share of the joints, the median and the 90th percentile of the error.
"""

from __future__ import annotations

import argparse
import io
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch
from PIL import Image

from vpd.pose.estimation import poses_of
from vpd.pose.movenet import MoveNet
from vpd.pose.skeleton import BODY13, MIRROR13
from vpd.settings.pose import PoseSettings
from vpd.settings.vipe import VipeSettings
from vpd.teachers.vipe.keypoints import with_errors
from vpd.types import Array

TORSO = [1, 2, 7, 8]
EDGES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.001)


def size_of(xy: Array) -> Array:
    """(N, 1) lengths that become 1 in the encoder's input: twice the largest distance in the torso."""
    torso = xy[:, TORSO]
    return 2 * np.linalg.norm(torso[:, :, None] - torso[:, None], axis=-1).max(axis=(1, 2))[:, None]


def table(title: str, truth: Array, found: Array, score: Array) -> None:
    """Print the errors of ``found`` (N, 13, 2) by score."""
    error = np.linalg.norm(found - truth, axis=2) / size_of(truth)
    print(f"\n{title}\nscore      share  median    90 %")
    for low, high in pairwise(EDGES):
        here = (score >= low) & (score < high)
        if here.any():
            middle, most = np.quantile(error[here], (0.5, 0.9))
            print(f"{low:.1f}..{min(high, 1):.1f}  {here.mean():6.3f}  {middle:6.3f}  {most:6.3f}")
    swapped = np.linalg.norm(found[:, MIRROR13] - truth, axis=2) / size_of(truth)
    for name, joints in (("arms", [3, 4, 5, 6]), ("legs", [9, 10, 11, 12])):
        both = (swapped[:, joints].mean(axis=1) < 0.5 * error[:, joints].mean(axis=1)).mean()
        print(f"sides of the {name} exchanged: {both:.3f}")


def main() -> None:
    """Print a table for each size of pictures, and one of the training's errors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("crops", type=Path)
    parser.add_argument("--images", type=int, default=300)
    parser.add_argument("--sides", type=int, nargs="*", default=[256, 96])
    args = parser.parse_args()
    with pa.memory_map(str(sorted(args.crops.rglob("part_*.arrow"))[0])) as file:
        rows = pa.ipc.open_file(file).read_all()
    rows = rows.take(np.linspace(0, len(rows) - 1, args.images).astype(int))
    truth = np.array(rows["keypoints"].to_pylist(), np.float32).reshape(-1, 17, 3)[:, BODY13, :2]
    boxes = np.array(rows["box"].to_pylist(), np.float32)
    images = [Image.open(io.BytesIO(picture)) for picture in rows["image"].to_pylist()]
    estimator, again = MoveNet(1), PoseSettings().second_pass_below
    for side in args.sides:
        scale = side / images[0].width
        small = [np.asarray(image.resize((side, side), Image.Resampling.LANCZOS)) for image in images]
        parts = [
            poses_of(small[i : i + 16], boxes[i : i + 16] * scale, estimator, again)
            for i in range(0, len(small), 16)
        ]
        found = np.concatenate(parts)[:, BODY13]
        table(f"{estimator.name}, pictures of {side} pixels", truth, found[..., :2] / scale, found[..., 2])
    xy = torch.from_numpy(truth).repeat(20, 1, 1)
    generator = torch.Generator().manual_seed(0)
    moved, seen = with_errors(xy, torch.zeros(len(xy), 13), VipeSettings(), generator)
    table("training; a score of 0 is a missing joint", xy.numpy(), moved.numpy(), seen.numpy())


if __name__ == "__main__":
    main()
