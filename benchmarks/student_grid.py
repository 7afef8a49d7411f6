"""The ablations of distillation: named settings, several seeds, accuracy from few labels. Resumes.

    python benchmarks/student_grid.py LIBRARY --out FOLDER \
        --labels labels.csv --splits splits.csv --subsets few_shot.json \
        [--rows default "2D" "default, training scenes" ...] [--seeds 3] [--heads nearest-paper]

LIBRARY has crops and teachers' features (`vpd crop`, `vpd teach`). A row is what `ROWS` names, and trains on
all videos without their labels; rows that end in ``, training scenes`` learn from the training part of the
split alone. What the pose network
reads is kept in FOLDER and shared by the rows. The table has the mean and the standard deviation over seeds
of the mean over draws, and the explained variance of held-out videos.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import time
from pathlib import Path
from typing import Any

from few_shot import read_plain_labels
from vpd.crops import CropFile
from vpd.library.artefact import Recipe
from vpd.library.features import read_features, write_features
from vpd.library.layout import Layout
from vpd.library.poses import read_poses
from vpd.recognition.evaluation import evaluate, prepare
from vpd.recognition.outcomes import KeptOutcomes
from vpd.recognition.protocol import ALL
from vpd.settings import EmbedSettings
from vpd.settings.distill import DistillSettings, HeadSettings
from vpd.student import TorchEngine, VideoSource, distill, embed, features_of, known_tokens, load_student

PAPER = {"motion": (-1,), "decoder": True}
JOINTS, VIPE = HeadSettings(teacher="joints2d"), HeadSettings(teacher="vipe")
ROWS: dict[str, dict[str, Any]] = {
    "default": {},
    "frame alone": {"context_s": (), "heads": (VIPE,)},
    "no flow": {"inputs": ("rgb",)},
    "frame alone, no flow": {"inputs": ("rgb",), "context_s": (), "heads": (VIPE,)},
    "VI": {"heads": (VIPE,)},
    "nothing trained": {"learning_rate": 1e-9, "images": 10_000},
    "paper's decoder and motion": {"heads": (HeadSettings(teacher="vipe", **PAPER),)},
    "decoder without motion": {"heads": (HeadSettings(teacher="vipe", decoder=True),)},
    "decoder, motion over 4 frames": {"heads": (HeadSettings(teacher="vipe", motion=(-4, 4), decoder=True),)},
    "2D": {"heads": (JOINTS,)},
    "2D, paper's decoder and motion": {"heads": (HeadSettings(teacher="joints2d", **PAPER),)},
    "2D, weighed by joint": {"heads": (HeadSettings(teacher="joints2d", weighting="joint"),)},
    "2D and view-invariant": {"heads": (JOINTS, VIPE)},
    "squared error": {"loss": "squared"},
    "weighed by frame": {"heads": (HeadSettings(teacher="vipe", weighting="frame"),)},
    "confidence 0.3": {"min_score": 0.3},
    "confidence 0.7": {"min_score": 0.7},
    "average of weights": {"ema": 0.998},
    "a tenth of the crops seen": {"images": 20_000},
}
"""Changes of the default settings by name."""
ALONE = ", training scenes"


def slug(name: str) -> str:
    """A name for files."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def sources(layout: Layout, videos: list[str], settings: DistillSettings) -> list[VideoSource]:
    """What a student learns from these videos."""
    return [
        VideoSource(
            video,
            layout.crops(video),
            {h.teacher: read_features(layout.features(h.teacher, video)) for h in settings.heads},
            read_poses(layout.poses(video)),
        )
        for video in videos
    ]


def make(layout: Layout, out: Path, name: str, seed: int, videos: dict[str, list[str]]) -> Path:
    """Train one student and embed all videos; returns its folder, which is done where it has done.json."""
    changes = ROWS[name.removesuffix(ALONE)]
    settings = DistillSettings(**{**changes, "seed": seed, "validation_images": 4_000})
    folder = out / "students" / f"{slug(name)}-{seed}"
    if (folder / "done.json").is_file():
        return folder
    corpus = videos["train"] if name.endswith(ALONE) else videos["all"]
    readings = out / "readings" / "-".join(settings.inputs)
    started = time.monotonic()
    distill(sources(layout, corpus, settings), settings, folder, Recipe("grid", 1), readings=readings)
    seconds = time.monotonic() - started
    student = load_student(folder)
    engine = TorchEngine(student)
    for video in videos["all"]:
        crops = CropFile(layout.crops(video))
        known = known_tokens(student, crops, readings, video)
        if known is None:
            found = embed(engine, crops, EmbedSettings(), video)
        else:
            found = features_of(student, crops, known, video)
        path = Layout(out).features(folder.name, video)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_features(path, found, student.spec.d, Recipe("grid", 1))
    epochs = json.loads((folder / "config.json").read_text())["epochs"]
    best = min(epochs, key=lambda e: e["validation_loss"])
    (folder / "done.json").write_text(json.dumps({"r2": best["pose_r2"], "seconds": seconds}))
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("library", type=Path)
    for name in ("labels", "splits", "subsets", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--rows", nargs="+", default=list(ROWS))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--heads", nargs="+", default=["nearest-paper"])
    parser.add_argument("--ks", nargs="+", type=int, default=[1, 2, 4, 8, 16])
    given = parser.parse_args()
    layout, out = Layout(given.library), Layout(given.out)
    given.out.mkdir(parents=True, exist_ok=True)
    segments = read_plain_labels(given.labels)
    parts = prepare(segments, given.out, given.splits, given.subsets, given.ks)
    crops = sorted(path.stem for path in layout.crops("x").parent.glob("*.arrow"))
    of_train = {parts.segments[i].video for i in parts.train}
    videos = {"all": crops, "train": [v for v in crops if v in of_train]}
    for folder in ("frames", "videos.parquet", "vpd.toml"):
        link = given.out / folder
        if not link.exists():
            link.symlink_to((given.library / folder).resolve())
    figures: dict[str, list[dict[str, Any]]] = {}
    heads = given.heads
    print(f"| {' | '.join(['setting', 'R2', 'recogniser', *map(str, given.ks), 'all', 's'])} |", flush=True)
    print("|" + "---|" * (5 + len(given.ks)))
    for name in given.rows:
        folders = [make(layout, given.out, name, seed, videos) for seed in range(given.seeds)]
        figures[name] = [json.loads((folder / "done.json").read_text()) for folder in folders]
        kept = KeptOutcomes(given.out / "outcomes.jsonl")
        found = evaluate(out, parts, [folder.name for folder in folders], heads, kept=kept)
        for head in heads:
            cells = []
            for k in [*given.ks, ALL]:
                means = [100 * found.summary(folder.name, head)[k].mean for folder in folders]
                spread = f" ± {statistics.stdev(means):.1f}" if len(means) > 1 else ""
                cells.append(f"{statistics.mean(means):.1f}{spread}")
            r2 = statistics.mean(f["r2"] for f in figures[name])
            seconds = statistics.mean(f["seconds"] for f in figures[name])
            print(f"| {name} | {r2:.3f} | {head} | {' | '.join(cells)} | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
