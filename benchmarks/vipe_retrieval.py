"""Cross-view retrieval on held-out motion: Hit@1, 10, 20 as Pr-VIPE defines it, for joints2d and embeddings.

    python benchmarks/vipe_retrieval.py ../shared/data/mocap [more.safetensors ...]

Random cameras (azimuth any, elevation and roll within 30 degrees, orthographic), the same for every row. A
hit is within 0.1 of the trunk's length after Procrustes alignment. The index holds the queries' own poses
by another camera.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from vipe_held_out import is_held_out
from vpd.pose.skeleton import BODY13
from vpd.settings.vipe import VipeSettings
from vpd.teachers.vipe import Vipe
from vpd.teachers.vipe.camera import project, random_views
from vpd.teachers.vipe.keypoints import encoder_input, with_errors
from vpd.teachers.vipe.readers import read_folder
from vpd.teachers.vipe.retrieval import hit_at_k

CAMERAS = {"elevation": 30.0, "roll": 30.0, "wild_cameras": 0.0, "perspective": 0.0}
ERRORS = {
    "ground truth": {"jitter": 0.0, "unsure": 0.0, "dropped": 0.0, "swapped": 0.0},
    "estimator-like": {"dropped": 0.0},
    "with missing joints": {},
}


def main() -> None:
    """Print a row for every kind of error and every feature."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("motion", type=Path)
    parser.add_argument("weights", type=Path, nargs="*")
    parser.add_argument("--poses", type=int, default=1500)
    args = parser.parse_args()
    torch.set_num_threads(1)
    motions = [m for m in read_folder(args.motion) if is_held_out(m.name)]
    joints = torch.cat([torch.from_numpy(m.joints[:, BODY13]) for m in motions])
    models = {"vipe (shipped)": Vipe.load(), **{p.stem: Vipe.load(p) for p in args.weights}}
    print(f"{len(joints)} held-out frames of {len(motions)} sequences; {args.poses} queries; 3 seeds")
    print(f"{'errors':20s} {'feature':24s} Hit@1         Hit@10        Hit@20")
    for kind, errors in ERRORS.items():
        settings = VipeSettings.model_validate({**CAMERAS, **errors})
        hits: dict[str, list[list[float]]] = {name: [] for name in ["joints2d", *models]}
        for seed in range(3):
            generator = torch.Generator().manual_seed(seed)
            poses = joints[torch.randperm(len(joints), generator=generator)[: args.poses]]
            looks = []
            for _ in range(2):
                views = random_views(len(poses), settings, generator)
                looks.append(with_errors(*project(poses, views, settings, generator), settings, generator))
            flat = [encoder_input(*look).unflatten(1, (13, 3))[..., :2].flatten(1) for look in looks]
            hits["joints2d"].append(hit_at_k(*flat, poses))
            for name, model in models.items():
                z = [torch.from_numpy(model.embed(xy.numpy(), seen.numpy())) for xy, seen in looks]
                hits[name].append(hit_at_k(*z, poses))
        for name, rows in hits.items():
            mean, spread = np.mean(rows, axis=0), np.std(rows, axis=0)
            print(
                f"{kind:20s} {name:24s} "
                + "  ".join(f"{m:.3f} ± {s:.3f}" for m, s in zip(mean, spread, strict=True))
            )


if __name__ == "__main__":
    main()
