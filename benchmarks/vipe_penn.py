"""Penn Action, 15 actions: DTW nearest neighbour on the official split and across views.

    python benchmarks/vipe_penn.py ../shared/data/penn_action [--part train] [--weights w.safetensors]
        [--movements m.safetensors]

Across views: the examples are all sequences of one view label, the rest are the queries. Sequences have no
frame rate, so each is sampled at up to --frames frames; the embedding of movements sees the frames around
each as if there were 30 a second. Joints that are not visible are masked for the embeddings. Both
orientations of the examples take part where a row says so. Rows "together" name all queries at once, without
their labels: the nearest by way of others (`vpd.recognition.affinity`) decide. "answerable" is the share of
the queries whose action has an example at all: nobody bowls in a right view, and hardly anybody strums a
guitar in one from the side; no feature gets beyond it. --part train looks at the training part of the
official split alone: choices are made there.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

from vpd.dtw import PATTERNS, many_to_many, pack
from vpd.recognition.affinity import affinity
from vpd.teachers.vipe import Vipe
from vpd.teachers.vipe.model import mirrored_2d
from vpd.teachers.vipe_window.model import VipeWindow
from vpd.teachers.vipe_window.window import window_rows
from vpd.types import Array

TORSO = [1, 2, 7, 8]
FPS = 30
BATCH = 4096
VIEWS = ("left", "right", "front", "back")
Embed = Callable[[Array, Array], Array]
"""(N, 13, 2) joints and (N, 13) visibility to (N, d) features."""


def joints2d(xy: Array, seen: Array) -> Array:
    """The 26 raw normalised joints, visible or not."""
    del seen
    centred = xy - xy[:, 7:9].mean(axis=1, keepdims=True)
    torso = centred[:, TORSO]
    size = np.linalg.norm(torso[:, :, None] - torso[:, None], axis=-1).max(axis=(1, 2))
    return (centred / (2 * np.where(size == 0, 1, size))[:, None, None]).reshape(len(xy), -1)


class Penn:
    """The sequences of one part ("all" or "train") and the protocols on them."""

    def __init__(self, folder: Path, part: str, frames: int = 16, pattern: str = "symmetricP2") -> None:
        rows = list(csv.DictReader((folder / "index.csv").open(encoding="utf-8")))
        with np.load(folder / "penn_action.npz") as data:
            keypoints, offsets = data["keypoints"], data["offsets"]
        chosen = [
            np.rint(np.linspace(a, b - 1, min(b - a, frames))).astype(int) for a, b in pairwise(offsets)
        ]
        self.chosen = np.concatenate(chosen)
        # A gap between two sequences, that no window sees two of them.
        self.frames = np.arange(len(keypoints)) + np.repeat(np.arange(len(chosen)), np.diff(offsets))
        self.pattern = pattern
        self.cuts = np.cumsum([len(c) for c in chosen])[:-1]
        self.xy, self.seen = keypoints[..., :2], (keypoints[..., 2] > 0).astype(np.float32)
        self.action, view, split = (
            np.array([row[key] for row in rows]) for key in ("action", "view", "split")
        )
        inside = split == "train" if part == "train" else np.ones(len(rows), bool)
        self.protocols = {name: (inside & (view == name), inside & (view != name)) for name in VIEWS}
        if part == "all":
            self.protocols = {"official": (split == "train", split == "test"), **self.protocols}

    def answerable(self) -> list[float]:
        """For each protocol the share of the queries whose action has an example."""
        return [
            float(np.isin(self.action[test], self.action[train]).mean())
            for train, test in self.protocols.values()
        ]

    def accuracies(self, embed: Embed, protocols: Sequence[str], mirror: bool = True) -> list[float]:
        """For each protocol the share of the queries whose nearest example has their action."""
        orientations = self._sequences(embed, mirror)
        found = []
        for train, test in (self.protocols[name] for name in protocols):
            queries = [orientations[0][i] for i in np.flatnonzero(test)]
            apart = [
                many_to_many(queries, pack([f[i] for i in np.flatnonzero(train)]), self.pattern)
                for f in orientations
            ]
            nearest = np.min(apart, axis=0).argmin(axis=1)
            found.append(float((self.action[train][nearest] == self.action[test]).mean()))
        return found

    def accuracies_together(self, embed: Embed, protocols: Sequence[str]) -> list[float]:
        """The same where the queries are named at once: the action with the greatest affinity to a query,
        summed over its examples and divided by the root of their number. Both orientations take part.
        """
        orientations = self._sequences(embed, mirror=True)
        apart = [many_to_many(orientations[0], pack(f), self.pattern) for f in orientations]
        between = np.min(apart, axis=0)
        found = []
        for train, test in (self.protocols[name] for name in protocols):
            chosen = np.concatenate([np.flatnonzero(train), np.flatnonzero(test)])
            near = affinity(between[np.ix_(chosen, chosen)])[train.sum() :, : train.sum()]
            actions, of_action = np.unique(self.action[train], return_inverse=True)
            votes = near @ np.eye(len(actions))[of_action] / np.bincount(of_action) ** 0.5
            found.append(float((actions[votes.argmax(axis=1)] == self.action[test]).mean()))
        return found

    def _sequences(self, embed: Embed, mirror: bool) -> list[list[Array]]:
        poses = [(self.xy, self.seen), *([mirrored_2d(self.xy, self.seen)] if mirror else [])]
        return [np.split(embed(*pose)[self.chosen], self.cuts) for pose in poses]


def embed_movements(model: VipeWindow, frames: Array) -> Embed:
    """The embedding of the movement around each of the ``frames`` (N,)."""
    rows = window_rows(frames, frames / FPS, model.card.offsets_s)

    def embed(xy: Array, seen: Array) -> Array:
        parts = np.array_split(rows, max(1, len(rows) // BATCH))
        return np.concatenate(
            [model.embed(torch.from_numpy(xy[p]), torch.from_numpy(seen[p])).numpy() for p in parts]
        )

    return embed


def main() -> None:
    """Print accuracies."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--weights", type=Path, nargs="*", default=[])
    parser.add_argument("--movements", type=Path, nargs="*", default=[])
    parser.add_argument("--frames", type=int, default=16)
    parser.add_argument("--part", choices=["all", "train"], default="all")
    parser.add_argument("--pattern", choices=list(PATTERNS), default="symmetricP2", help="steps (paper: P2)")
    args = parser.parse_args()
    penn = Penn(args.data, args.part, args.frames, args.pattern)
    models = {"vipe (shipped)": Vipe.load(), **{p.stem: Vipe.load(p) for p in args.weights}}
    movements = {
        "movement (shipped)": VipeWindow.load(),
        **{str(p): VipeWindow.load(p) for p in args.movements},
    }
    rows: dict[str, Embed] = {"joints2d": joints2d}
    rows |= {name: model.embed for name, model in models.items()}
    rows |= {name: embed_movements(model, penn.frames) for name, model in movements.items()}
    print(f"{'feature':36s}" + "".join(f"{name:>10s}" for name in penn.protocols))
    print(f"{'answerable':36s}" + "".join(f"{v:10.3f}" for v in penn.answerable()))
    for name, embed in rows.items():
        for mirror in (False, True):
            found = penn.accuracies(embed, list(penn.protocols), mirror)
            label = name + (", both orientations" if mirror else "")
            print(f"{label:36s}" + "".join(f"{v:10.3f}" for v in found), flush=True)
        found = penn.accuracies_together(embed, list(penn.protocols))
        print(f"{name + ', together':36s}" + "".join(f"{v:10.3f}" for v in found), flush=True)


if __name__ == "__main__":
    main()
