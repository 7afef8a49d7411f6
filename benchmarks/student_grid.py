"""The ablations of distillation: named settings, several seeds, accuracy from few labels. Resumes.

    python benchmarks/student_grid.py LIBRARY --out FOLDER \
        --labels labels.csv --splits splits.csv --subset-file few_shot.json \
        [--rows default "2D" "default, training scenes" ...] [--seeds 3] [--heads nearest-paper]

LIBRARY has crops and teachers' features (`vpd crop`, `vpd teach`). A row is what `ROWS` names, and trains
on all videos without their labels; rows that end in ``, training scenes`` learn from the training part of
the split alone; rows that are names of the library's features show what these reach. What the pose network
reads is kept in FOLDER and shared by the rows.

The table has the explained variance of held-out videos, the accuracy of the nearest neighbour with 1, 4, 8
and 16 examples by cross-validation on the training scenes (by which a setting may be chosen; see
`recognition_gains.py`), and that on the test scenes (by which it may not). Where there are several seeds of
the student: mean and standard deviation over them.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from few_shot import read_plain_labels
from recognition_gains import KS, Trial
from vpd.crops import CropFile
from vpd.library.artefact import Recipe
from vpd.library.features import read_features, write_features
from vpd.library.layout import Layout
from vpd.library.poses import read_poses
from vpd.recognition.examples import load_examples
from vpd.recognition.outcomes import ALL, KeptOutcomes
from vpd.recognition.split import read_split
from vpd.sequences import FeatureStore
from vpd.sequences.transforms import Smooth
from vpd.settings import EmbedSettings
from vpd.settings.distill import DistillSettings, HeadSettings
from vpd.student import TorchEngine, VideoSource, distill, features_of, load_student, prepare_video
from vpd.verbs.few_shot import Parts, measure, prepare

PAPER = {"motion": (-1,), "decoder": True}
JOINTS, VIPE, MOVEMENT = (HeadSettings(teacher=name) for name in ("joints2d", "vipe", "vipe-window"))


ROWS: dict[str, dict[str, Any]] = {
    "default": {},
    "vipe-window": {"heads": (MOVEMENT,)},
    "no flow": {"inputs": ("rgb",)},
    "nothing trained": {"learning_rate": 1e-9, "images": 10_000},
    "VI": {"heads": (VIPE,)},
    "VI, frame alone": {"context_s": (), "heads": (VIPE,)},
    "VI, frame alone, no flow": {"inputs": ("rgb",), "context_s": (), "heads": (VIPE,)},
    "VI, decoder": {"heads": (HeadSettings(teacher="vipe", decoder=True),)},
    "VI, decoder and motion (paper)": {"heads": (HeadSettings(teacher="vipe", **PAPER),)},
    "VI, decoder, motion over 4 frames": {
        "heads": (HeadSettings(teacher="vipe", motion=(-4, 4), decoder=True),)
    },
    "2D": {"heads": (JOINTS,)},
    "2D, decoder and motion (paper)": {"heads": (HeadSettings(teacher="joints2d", **PAPER),)},
    "2D and VI": {"heads": (JOINTS, VIPE)},
    "2D and VI, decoder and motion (Concat)": {
        "heads": tuple(HeadSettings(teacher=name, **PAPER) for name in ("joints2d", "vipe"))
    },
    "movement and VI": {"heads": (MOVEMENT, VIPE)},
    "movement and 2D": {"heads": (MOVEMENT, JOINTS)},
    "squared error": {"loss": "squared"},
    "confidence 0.3": {"min_score": 0.3},
    "confidence 0.7": {"min_score": 0.7},
    **{f"{n:,} crops seen": {"images": n} for n in (5_000, 20_000, 60_000, 600_000)},
}
"""Changes of the default settings by name."""
ALONE = ", training scenes"


def slug(name: str) -> str:
    """A name for files."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def settings_of(name: str, seed: int) -> DistillSettings:
    """The settings of a row."""
    changes = ROWS[name.removesuffix(ALONE)]
    return DistillSettings(**{**changes, "seed": seed, "validation_images": 4_000, "name": slug(name)})


def sources(places: Sequence[Layout], videos: list[str], settings: DistillSettings) -> list[VideoSource]:
    """What a student learns from these videos of the first place; features may lie in others."""

    def features(name: str, video: str) -> Any:
        paths = [place.features(name, video) for place in places]
        return read_features(next(path for path in paths if path.is_file()))

    return [
        VideoSource(
            video,
            places[0].crops(video),
            {head.teacher: features(head.teacher, video) for head in settings.heads},
            read_poses(places[0].poses(video)),
        )
        for video in videos
    ]


def make(layout: Layout, out: Path, name: str, seed: int, videos: dict[str, list[str]]) -> Path:
    """Train one student and embed all videos; returns its folder, which is done where it has done.json."""
    settings = settings_of(name, seed)
    folder = out / "students" / f"{slug(name)}-{seed}"
    if (folder / "done.json").is_file():
        return folder
    corpus = videos["train"] if name.endswith(ALONE) else videos["all"]
    readings = out / "readings" / "-".join(settings.inputs)
    started = time.monotonic()
    learned = sources([layout, Layout(out)], corpus, settings)
    distill(learned, settings, folder, Recipe("grid", 1), readings=readings)
    seconds = time.monotonic() - started
    student = load_student(folder)
    engine = TorchEngine(student)  # of a corpus that is read, it has nothing to do
    for video in videos["all"]:
        crops = CropFile(layout.crops(video))
        prepared = prepare_video(student, crops, readings, video, lambda: engine, EmbedSettings())
        found = features_of(student, crops, prepared, video)
        path = Layout(out).features(folder.name, video)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_features(path, found, student.spec.d, Recipe("grid", 1))
    epochs = json.loads((folder / "config.json").read_text())["epochs"]
    best = min(epochs, key=lambda e: e["validation_loss"])
    (folder / "done.json").write_text(json.dumps({"r2": best["pose_r2"], "seconds": seconds}))
    return folder


def cross_validated(place: Layout, features: str, parts: Parts, scenes: dict[str, Any]) -> list[float]:
    """Accuracy in per cent with each of ``KS`` examples, on the training part alone."""
    segments = [parts.segments[i] for i in parts.train]
    examples = load_examples(FeatureStore(place, features), segments)
    present = examples.present()
    labels = np.array([segments[i].label for i in present])
    of = np.array([scenes[segments[i].video].scene for i in present])
    trial = Trial([examples.sequences[i] for i in present], labels, of)
    return [100 * a for a in trial.nearest(trial.distances(Smooth(0.033), mirror_query=True))]


def cell(values: Sequence[float]) -> str:
    """Mean, and deviation where there are several."""
    spread = f" ± {statistics.stdev(values):.1f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.1f}{spread}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("library", type=Path)
    for name in ("labels", "splits", "subset-file", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--rows", nargs="+", default=list(ROWS))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--recognisers", nargs="+", default=["nns"])
    parser.add_argument("--ks", nargs="+", type=int, default=[1, 2, 4, 8, 16])
    given = parser.parse_args()
    layout, out = Layout(given.library), Layout(given.out)
    given.out.mkdir(parents=True, exist_ok=True)
    segments = read_plain_labels(given.labels)
    parts = prepare(segments, given.out, given.splits, given.subset_file, given.ks)
    scenes = read_split(given.splits)
    crops = sorted(path.stem for path in layout.crops("x").parent.glob("*.arrow"))
    of_train = {parts.segments[i].video for i in parts.train}
    videos = {"all": crops, "train": [v for v in crops if v in of_train]}
    for folder in ("frames", "videos.parquet", "vpd.toml"):
        link = given.out / folder
        if not link.exists():
            link.symlink_to((given.library / folder).resolve())
    asked = [*(f"CV {k}" for k in KS), *map(str, given.ks), "all"]
    print(f"| setting | seeds | R2 | recogniser | {' | '.join(asked)} | s |", flush=True)
    print("|" + "---|" * (5 + len(asked)))
    kept = KeptOutcomes(given.out / "outcomes.jsonl")
    for name in given.rows:
        if name in layout.feature_names():
            place, names, figures = layout, [name], []
        else:
            folders = [make(layout, given.out, name, seed, videos) for seed in range(given.seeds)]
            place, names = out, [folder.name for folder in folders]
            figures = [json.loads((folder / "done.json").read_text()) for folder in folders]
        chosen = [cross_validated(place, n, parts, scenes) for n in names]
        found = measure(place, parts, names, given.recognisers, kept=kept)
        r2, seconds = (
            f"{statistics.mean(f[key] for f in figures):{form}}" if figures else ""
            for key, form in (("r2", ".3f"), ("seconds", ".0f"))
        )
        for head in given.recognisers:
            cells = [cell(values) for values in zip(*chosen, strict=True)]
            cells += [cell([100 * found.summary(n, head)[k].mean for n in names]) for k in [*given.ks, ALL]]
            print(f"| {name} | {len(names)} | {r2} | {head} | {' | '.join(cells)} | {seconds} |", flush=True)


if __name__ == "__main__":
    main()
