"""Penn Action, 15 actions: networks over skeletons on the official split and across views.

    python benchmarks/skeletons_penn.py ../shared/data/penn_action --out penn.jsonl [--systems stgcn stgcn++]
        [--protocols official left right front back] [--examples 240]

The laptop presets of docs/baselines.md, from random weights, one seed. The data's 13 joints are COCO's
without eyes and ears, which a network sees as missing. Across views the examples are all sequences of one
view, the queries the rest, as in vipe_penn.py. ``--examples`` draws so many training sequences, the same
number of each action where there are enough. Every outcome is a line of JSON as soon as it is there; what is
there already is not measured again.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from vpd.baselines.skeletons import JOINTS, Skeleton
from vpd.baselines.table import BASELINES, make_baseline
from vpd.library.json_lines import add_line, read_lines
from vpd.types import Array

FPS = 30
"""Assumed, since the source gives no frame rate. No network reads it: frames are chosen by their order."""
COCO_OF_13 = (0, *range(5, JOINTS))
"""The places of the 13 joints among COCO's 17: nose (here the head), shoulders to ankles."""
VIEWS = ("left", "right", "front", "back")


def read_penn(folder: Path) -> tuple[list[Skeleton], dict[str, Array]]:
    """The sequences as skeletons, and their columns action, view and split."""
    rows = list(csv.DictReader((folder / "index.csv").open(encoding="utf-8")))
    with np.load(folder / "penn_action.npz") as data:
        joints, offsets = data["keypoints"], data["offsets"]
    found = []
    for row, (first, last) in zip(rows, pairwise(offsets), strict=True):
        keypoints = np.zeros((1, last - first, JOINTS, 3), np.float32)
        mine = joints[first:last]
        keypoints[0][:, COCO_OF_13] = np.where(mine[..., 2:] > 0, mine, 0)
        times = np.arange(last - first) / FPS
        found.append(Skeleton(row["sequence"], (1,), times, keypoints, int(row["width"]), int(row["height"])))
    return found, {name: np.array([row[name] for row in rows]) for name in ("action", "view", "split")}


def parts_of(columns: dict[str, Array], protocol: str) -> tuple[Array, Array]:
    """Indices of the examples and of the queries."""
    train = columns["split"] == "train" if protocol == "official" else columns["view"] == protocol
    return np.flatnonzero(train), np.flatnonzero(~train)


def drawn(train: Array, actions: Array, examples: int) -> Array:
    """At most ``examples`` of ``train``, spread evenly over the actions; all of them for 0."""
    if not examples:
        return train
    order = np.random.default_rng(0).permutation(train)
    names = np.unique(actions[train])
    rank = np.empty(len(order), np.int64)
    for name in names:
        mine = np.flatnonzero(actions[order] == name)
        rank[mine] = np.arange(len(mine))
    return np.sort(order[np.argsort(rank, kind="stable")[:examples]])


def measure(
    system: str, skeletons: list[Skeleton], actions: Array, train: Array, test: Array
) -> dict[str, Any]:
    """Accuracy, and processor seconds to fit and to test."""
    start = time.process_time()
    model = make_baseline(system, device="cpu").fit([skeletons[i] for i in train], actions[train])
    fitted = time.process_time()
    right = model.predict([skeletons[i] for i in test]) == actions[test]
    return {
        "examples": len(train),
        "queries": len(test),
        "accuracy": float(right.mean()),
        "fit_s": round(fitted - start, 1),
        "test_s": round(time.process_time() - fitted, 1),
    }


def main() -> None:
    """Measure what the file lacks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=Path("penn.jsonl"))
    poses = [name for name, baseline in BASELINES.items() if baseline.takes == "poses"]
    parser.add_argument("--systems", nargs="+", default=["stgcn", "stgcn++"], choices=poses)
    parser.add_argument("--protocols", nargs="+", default=["official", *VIEWS], choices=["official", *VIEWS])
    parser.add_argument("--examples", type=int, default=0)
    given = parser.parse_args()
    skeletons, columns = read_penn(given.data)
    known = {(row["system"], row["protocol"], row["asked"]) for row in read_lines(given.out)}
    for system in given.systems:
        for protocol in given.protocols:
            if (system, protocol, given.examples) in known:
                continue
            train, test = parts_of(columns, protocol)
            train = drawn(train, columns["action"], given.examples)
            found = {"system": system, "protocol": protocol, "asked": given.examples}
            found |= measure(system, skeletons, columns["action"], train, test)
            add_line(given.out, found)
            print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
