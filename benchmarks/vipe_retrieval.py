"""Cross-view retrieval on held-out motion: Hit@1, 10, 20 as Pr-VIPE defines it, for joints2d and embeddings.

    python benchmarks/vipe_retrieval.py ../shared/data/mocap [more.safetensors ...]

Random cameras (azimuth any, elevation and roll within 30 degrees, orthographic), the same for every row. A
hit is within 0.1 of the trunk's length after Procrustes alignment. The index holds the queries' own poses
by another camera.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from vipe_held_out import is_held_out
from vpd.pose.skeleton import BODY13
from vpd.settings.vipe import VipeSettings
from vpd.teachers.vipe import Vipe
from vpd.teachers.vipe.camera import project, random_views
from vpd.teachers.vipe.keypoints import encoder_input, with_errors
from vpd.teachers.vipe.motion import Motion
from vpd.teachers.vipe.readers import read_folder
from vpd.teachers.vipe.retrieval import hit_at_k

CAMERAS = {"elevation": 30.0, "roll": 30.0, "wild_cameras": 0.0, "perspective": 0.0}
ERRORS = {
    "ground truth": {"jitter": 0.0, "unsure": 0.0, "dropped": 0.0, "swapped": 0.0},
    "estimator-like": {"dropped": 0.0},
    "with missing joints": {},
}


class Retrieval:
    """Poses of the held-out motion, and how often each is found again from another camera."""

    def __init__(self, motions: Sequence[Motion], poses: int, seeds: int = 3) -> None:
        held_out = [torch.from_numpy(m.joints[:, BODY13]) for m in motions if is_held_out(m.name)]
        self.joints, self.sequences = torch.cat(held_out), len(held_out)
        self.poses, self.seeds = poses, seeds

    def hits(self, kind: str, models: Mapping[str, Vipe]) -> dict[str, list[list[float]]]:
        """Hit@1, 10, 20 of joints2d and of each model, a row a seed, with the errors of that ``kind``."""
        settings = VipeSettings.model_validate({**CAMERAS, **ERRORS[kind]})
        found: dict[str, list[list[float]]] = {name: [] for name in ["joints2d", *models]}
        for seed in range(self.seeds):
            generator = torch.Generator().manual_seed(seed)
            poses = self.joints[torch.randperm(len(self.joints), generator=generator)[: self.poses]]
            looks = []
            for _ in range(2):
                views = random_views(len(poses), settings, generator)
                looks.append(with_errors(*project(poses, views, settings, generator), settings, generator))
            flat = [encoder_input(*look).unflatten(1, (13, 3))[..., :2].flatten(1) for look in looks]
            found["joints2d"].append(hit_at_k(*flat, poses))
            for name, model in models.items():
                z = [torch.from_numpy(model.embed(xy.numpy(), seen.numpy())) for xy, seen in looks]
                found[name].append(hit_at_k(*z, poses))
        return found


def main() -> None:
    """Print a row for every kind of error and every feature."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("motion", type=Path)
    parser.add_argument("weights", type=Path, nargs="*")
    parser.add_argument("--poses", type=int, default=1500)
    args = parser.parse_args()
    torch.set_num_threads(1)
    retrieval = Retrieval(read_folder(args.motion), args.poses)
    models = {"vipe (shipped)": Vipe.load(), **{str(p): Vipe.load(p) for p in args.weights}}
    print(
        f"{len(retrieval.joints)} held-out frames of {retrieval.sequences} sequences; {args.poses} queries; "
        f"{retrieval.seeds} seeds"
    )
    print(f"{'errors':20s} {'feature':24s} Hit@1          Hit@10         Hit@20")
    for kind in ERRORS:
        for name, rows in retrieval.hits(kind, models).items():
            mean, spread = np.mean(rows, axis=0), np.std(rows, axis=0)
            print(
                f"{kind:20s} {name:24s} "
                + "  ".join(f"{m:.3f} ± {s:.3f}" for m, s in zip(mean, spread, strict=True)),
                flush=True,
            )


if __name__ == "__main__":
    main()
