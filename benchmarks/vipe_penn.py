"""Penn Action, 15 actions: DTW nearest neighbour on the official split and across views.

    python benchmarks/vipe_penn.py ../shared/data/penn_action [--part train] [--weights w.safetensors]

Across views: the examples are all sequences of one view label, the rest are the queries. Sequences have no
frame rate, so each is sampled at up to --frames frames. Joints that are not visible are masked for the
embedding. Both orientations of the examples take part where a row says so. --part train looks at the training
part of the official split alone: choices are made there.
"""

from __future__ import annotations

import argparse
import csv
from itertools import pairwise
from pathlib import Path

import numpy as np

from vpd.dtw import many_to_many, pack
from vpd.teachers.vipe import Vipe
from vpd.teachers.vipe.model import mirrored_2d
from vpd.types import Array

TORSO = [1, 2, 7, 8]


def joints2d(xy: Array, seen: Array) -> Array:
    """The 26 raw normalised joints, visible or not."""
    del seen
    centred = xy - xy[:, 7:9].mean(axis=1, keepdims=True)
    torso = centred[:, TORSO]
    size = np.linalg.norm(torso[:, :, None] - torso[:, None], axis=-1).max(axis=(1, 2))
    return (centred / (2 * np.where(size == 0, 1, size))[:, None, None]).reshape(len(xy), -1)


def main() -> None:
    """Print accuracies."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--frames", type=int, default=16)
    parser.add_argument("--part", choices=["all", "train"], default="all")
    args = parser.parse_args()
    rows = list(csv.DictReader((args.data / "index.csv").open(encoding="utf-8")))
    with np.load(args.data / "penn_action.npz") as data:
        keypoints, offsets = data["keypoints"], data["offsets"]
    chosen = [
        np.rint(np.linspace(a, b - 1, min(b - a, args.frames))).astype(int) for a, b in pairwise(offsets)
    ]
    frames = keypoints[np.concatenate(chosen)]
    cuts = np.cumsum([len(c) for c in chosen])[:-1]
    xy, seen = frames[..., :2], (frames[..., 2] > 0).astype(np.float32)
    model = Vipe.load(args.weights)
    action, view, split = (np.array([row[key] for row in rows]) for key in ("action", "view", "split"))
    inside = split == "train" if args.part == "train" else np.ones(len(rows), bool)
    protocols = {
        name: (inside & (view == name), inside & (view != name))
        for name in ("left", "right", "front", "back")
    }
    if args.part == "all":
        protocols = {"official": (split == "train", split == "test"), **protocols}
    print(f"{'feature':28s}" + "".join(f"{name:>10s}" for name in protocols))
    for name, embed in (("joints2d", joints2d), ("vipe", model.embed)):
        regular, mirrored = (np.split(embed(*pose), cuts) for pose in ((xy, seen), mirrored_2d(xy, seen)))
        both: list[float] = []
        plain: list[float] = []
        for train, test in protocols.values():
            queries = [regular[i] for i in np.flatnonzero(test)]
            labels = action[train]
            once, again = (
                many_to_many(queries, pack([f[i] for i in np.flatnonzero(train)]), "symmetric2")
                for f in (regular, mirrored)
            )
            plain.append(float((labels[once.argmin(1)] == action[test]).mean()))
            both.append(float((labels[np.minimum(once, again).argmin(1)] == action[test]).mean()))
        print(f"{name:28s}" + "".join(f"{v:10.3f}" for v in plain))
        print(f"{name + ', both orientations':28s}" + "".join(f"{v:10.3f}" for v in both), flush=True)


if __name__ == "__main__":
    main()
