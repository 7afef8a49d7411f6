"""What each setting of the view-invariant embedding gives: trainings alike but for one setting.

    python benchmarks/vipe_ablation.py ../shared/data/mocap ../shared/data/penn_action --rows rows.jsonl

Each row of the grid is trained with --steps and the --seed, on all motion but that of `vipe_held_out.py`, and
judged by what none was trained on: retrieval of held-out poses by other cameras and with missing joints (the
same for all rows), and Penn Action across views within the training part of its official split. Rows that the
file of rows already holds are not trained again; the table is printed from it. --only trains some rows alone.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from vipe_held_out import is_held_out
from vipe_penn import Penn
from vipe_retrieval import Retrieval
from vpd.settings.vipe import VipeSettings
from vpd.teachers.vipe import Vipe, VipeCard
from vpd.teachers.vipe.motion import Motion
from vpd.teachers.vipe.readers import read_folder
from vpd.teachers.vipe.train import train

EXACT: dict[str, Any] = {"jitter": 0.0, "unsure": 0.0, "dropped": 0.0, "swapped": 0.0}
PAPER_CAMERAS: dict[str, Any] = {"perspective": 0.0, "wild_cameras": 0.0, "elevation": 30.0, "roll": 30.0}
GRID: dict[str, dict[str, Any]] = {
    "shipped setting": {},
    "another seed": {"seed": 1},
    "no neighbour loss": {"neighbour_weight": 0.0},
    "no metric loss": {"metric_weight": 0.0},
    "neither: the paper's hinge and decoder": {
        "neighbour_weight": 0.0, "metric_weight": 0.0, "pair_weight": 1.0,
    },
    "no decoder": {"decode_weight": 0.0},
    "no gravity": {"gravity": 0.0},
    "no perspective": {"perspective": 0.0},
    "no wild cameras": {"wild_cameras": 0.0},
    "roll up to 30 degrees (paper)": {"roll": 30.0},
    "the paper's cameras": PAPER_CAMERAS,
    "no jitter": {"jitter": 0.0},
    "no unsure joints": {"unsure": 0.0},
    "no missing joints": {"dropped": 0.0},
    "no exchanged sides": {"swapped": 0.0},
    "nose where the nose is": {"head_centre": False},
    "no errors of keypoints at all": {**EXACT, "head_centre": False},
    "nothing sampled": {"sampled": 0.0},
    "nothing mixed": {"mixed": 0.0},
    "captured poses alone": {"sampled": 0.0, "mixed": 0.0},
    "nothing captured": {"captured": 0.0, "mixed": 0.0},
    "no poses in between": {"interpolate": 0.0},
    "one length of limbs": {"limb_lengths": 0.0},
    "nobody at any orientation": {"inverted": 0.0},
    "no supports": {"supports": False},
    "paper's cameras, no errors, captured alone": {
        **PAPER_CAMERAS, **EXACT, "head_centre": False, "sampled": 0.0, "mixed": 0.0,
    },
}  # fmt: skip
"""Name of a row and what is changed in it."""
COLUMNS = ("hit1", "hit10", "hit20", "left", "right", "s")


def judged(
    changes: dict[str, Any], motions: list[Motion], penn: Penn, retrieval: Retrieval, steps: int, seed: int
) -> dict[str, float]:
    """Figures of one training."""
    settings = VipeSettings.model_validate({"steps": steps, "validate_every": steps, "seed": seed, **changes})
    training = [m for m in motions if not is_held_out(m.name)]
    started = time.perf_counter()
    trained = train(training, [m for m in motions if is_held_out(m.name)], settings)
    seconds = time.perf_counter() - started
    model = Vipe(VipeCard(settings.d, settings.width, settings.blocks), trained.encoder, trained.decoder)
    hits = np.mean(retrieval.hits("with missing joints", {"": model})[""], axis=0)
    left, right = penn.accuracies(model.embed, ("left", "right"))
    return dict(zip(COLUMNS, (*hits.tolist(), left, right, seconds), strict=True))


def main() -> None:
    """Train what is missing, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("motion", type=Path)
    parser.add_argument("penn", type=Path)
    parser.add_argument("--rows", type=Path, required=True, help="JSON lines, made or added to")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", choices=list(GRID), default=list(GRID))
    args = parser.parse_args()
    torch.set_num_threads(1)
    motions = read_folder(args.motion)
    penn, retrieval = Penn(args.penn, "train"), Retrieval(motions, 1500)
    key = {"steps": args.steps, "seed": args.seed}
    rows = [json.loads(line) for line in args.rows.read_text().splitlines()] if args.rows.exists() else []
    done = {row["row"]: row for row in rows if key.items() <= row.items()}
    for name in args.only:
        if name not in done:
            figures = judged(GRID[name], motions, penn, retrieval, args.steps, args.seed)
            done[name] = {"row": name, **key, **figures}
            with args.rows.open("a", encoding="utf-8") as file:
                file.write(json.dumps(done[name]) + "\n")
    print("| one thing changed | " + " | ".join(COLUMNS[:-1]) + " |")
    print("|---|" + "---|" * len(COLUMNS[:-1]))
    for name in GRID:
        if name in done:
            print(f"| {name} | " + " | ".join(f"{done[name][c]:.3f}" for c in COLUMNS[:-1]) + " |")


if __name__ == "__main__":
    main()
