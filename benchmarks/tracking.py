"""How well the athlete is followed, on videos of synthetic athletes whose place is known.

    python tools/synthetic/generate.py --out FOLDER --videos 16 --scenes 8 --seed 101 --blur 0.5 --people 3
    python benchmarks/tracking.py FOLDER [--per-video] [--set detect_every_s=0.1]

FOLDER holds videos/, truth/ and labels.csv; without one, the sample that the package brings is taken. Of all
frames: with a box; *followed*, where the box overlaps the true one by at least 0.3; *astray*, where they
overlap by less than 0.1. Of all labelled actions: *seen*, followed through at least nine tenths.
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

import numpy as np

import vpd
from vpd.athletes import NanoDet, track
from vpd.athletes.boxes import iou
from vpd.settings import TrackSettings
from vpd.types import Track
from vpd.video import read_frames, read_video_info

SAMPLE = Path(vpd.__file__).parent / "sample"
FOLLOWED, ASTRAY, SEEN = 0.3, 0.1, 0.9
COLUMNS = ("video", "with a box", "followed", "astray", "mean IoU", "actions seen")


def true_boxes(folder: Path, video: str) -> np.ndarray:
    """(T, 4) xywh, one row a frame."""
    if folder == SAMPLE:
        with np.load(folder / "truth.npz") as truth:
            return truth[f"{video}/boxes"].astype(np.float64)
    with np.load(folder / "truth" / f"{video}.npz") as truth:
        return truth["boxes"].astype(np.float64)


def overlaps(tracks: list[Track], truth: np.ndarray) -> np.ndarray:
    """(T,) overlap of athlete 0's box with the true one; NaN where there is no box."""
    found = np.full(len(truth), np.nan)
    if tracks:
        frames = tracks[0].frames
        rows = frames < len(truth)
        found[frames[rows]] = [
            iou(box, true)[0, 0] for box, true in zip(tracks[0].boxes[rows], truth[frames[rows]], strict=True)
        ]
    return found


def seen(found: np.ndarray, times_s: np.ndarray, spans: list[tuple[float, float]]) -> list[bool]:
    """Of every action, whether it was followed."""
    followed = found >= FOLLOWED
    return [bool(followed[(times_s >= a) & (times_s < b)].mean() >= SEEN) for a, b in spans]


def row(name: str, found: np.ndarray, actions: list[bool]) -> str:
    """A line of the table."""
    known = ~np.isnan(found)
    values = [known, found >= FOLLOWED, found < ASTRAY]
    shares = " | ".join(f"{100 * v.mean():.1f}" for v in values)
    overlap = f"{found[known].mean():.3f}" if known.any() else ""
    return f"| {name} | {shares} | {overlap} | {sum(actions)} of {len(actions)} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=SAMPLE)
    parser.add_argument("--per-video", action="store_true")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="settings of [track]")
    parser.add_argument("--threads", type=int, default=0)
    args = parser.parse_args()
    chosen = {name: json.loads(value) for name, value in (pair.split("=", 1) for pair in args.set)}
    settings = TrackSettings.model_validate(chosen)
    detector = NanoDet(settings.min_score, args.threads)
    with (args.folder / "labels.csv").open(newline="") as file:
        labels = list(csv.DictReader(file))
    print("| " + " | ".join(COLUMNS) + " |\n|" + "---|" * len(COLUMNS))
    all_found, all_actions = [], []
    for path in sorted((args.folder / "videos").glob("*.mp4")):
        info = read_video_info(path)
        result = track(read_frames(path), info.width, info.height, settings, detector)
        found = overlaps(result.tracks, true_boxes(args.folder, path.stem))
        spans = [(float(r["start_s"]), float(r["end_s"])) for r in labels if r["video"] == path.stem]
        actions = seen(found, info.times_s[: len(found)], spans)
        all_found.append(found)
        all_actions += actions
        if args.per_video:
            print(row(path.stem, found, actions), flush=True)
    print(row("all", np.concatenate(all_found), all_actions))


if __name__ == "__main__":
    main()
