"""Few-shot temporal detection on any library: average precision by features, method and labelled videos.

    python benchmarks/detection.py LIBRARY [EVENTS.csv] [--features joints2d ...] [--videos 1 3 5] [--seeds 5]
    python benchmarks/detection.py NEW_LIBRARY --sample      # the synthetic athletes, with exact truth
    python benchmarks/detection.py LIBRARY --paper           # the paper's protocol of Table 4

The segments are a CSV with video, start_s, end_s, label; labels.csv of the library where none is given. Which
videos may be learned from and which are tested on stands in splits.csv of the library; without it those whose
names begin with "train" are learned from; without such, those drawn are learned from and all other labelled
ones are tested on. Nothing is tuned on tested videos. A seed draws the videos that are learned from, and is
that of the networks. ``--cuts FOLDER`` adds what a detector of shot cuts alone reaches on the video files in
FOLDER: the median place of segments after the cuts of the training videos.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch

import vpd
from vpd.detection import PAPER, CombinedDetector, SearchDetector, TrainedDetector, split_reviewed
from vpd.detection.frame_scores import mixed, most_scored
from vpd.library.layout import Layout
from vpd.metrics.average_precision import (
    MEAN_TIOUS,
    PAPER_TIOUS,
    average_precision,
    mean_average_precision,
    precision_recall,
)
from vpd.metrics.error_kinds import count_errors
from vpd.recognition.split import TRAIN, read_split
from vpd.types import Detection, FeatureSequence, Segment
from vpd.verbs.features import with_joints
from vpd.video.frames import read_frames

SAMPLE = Path(vpd.__file__).parent / "sample"
CUT_DIFFERENCE = 0.35
"""Share of the grey levels that change places at a cut, of a histogram with 32 bins."""


def read_events(path: Path) -> list[Segment]:
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Segment(Path(r["video"]).stem, float(r["start_s"]), float(r["end_s"]), None, r["label"])
            for r in csv.DictReader(file)
        ]


def sample(root: Path, features: list[str]) -> None:
    """Make a library of the synthetic athletes at ``root``; its student where one is asked."""
    library = vpd.Library.new(root, SAMPLE / "videos")
    for name in ("labels.csv", "splits.csv"):
        shutil.copyfile(SAMPLE / name, root / name)
    teachers = library.settings.teach.teachers
    last = "teach" if set(features) <= set(teachers) else "embed"
    report = library.run([last], jobs=os.cpu_count() or 1)
    if not report.complete:
        raise SystemExit(f"the sample could not be made: {report.set_aside or report.problems}")


def sides(root: Path, videos: list[str]) -> tuple[list[str], list[str]]:
    """Videos that may be learned from, and those that are tested on; the same where nothing tells."""
    if (root / "splits.csv").exists():
        places = read_split(root / "splits.csv")
        train = [v for v in videos if v in places and places[v].split == TRAIN]
        return train, [v for v in videos if v in places and v not in train]
    train = [v for v in videos if v.startswith(TRAIN)]
    return (train, [v for v in videos if v not in train]) if train else (videos, videos)


def figures(truth: list[Segment], found: list[Detection]) -> dict[str, float]:
    """The columns of the table, in per cent."""
    agnostic = average_precision(truth, found, PAPER_TIOUS)
    by_class = mean_average_precision(truth, found, PAPER_TIOUS).mean
    row = {f"{tiou:.1f}": ap for tiou, ap in zip(PAPER_TIOUS, agnostic, strict=True)}
    row["mean"] = average_precision(truth, found, MEAN_TIOUS).mean()
    row |= {f"class {tiou:.1f}": ap for tiou, ap in zip(PAPER_TIOUS, by_class, strict=True) if tiou != 0.4}
    row["class mean"] = mean_average_precision(truth, found, MEAN_TIOUS).overall
    return {name: 100 * value for name, value in row.items()}


def cuts_of(path: Path) -> np.ndarray:
    """Times (s) of the first frames of shots, the first of the video among them."""
    times, last = [], None
    for frame in read_frames(path):
        grey = frame.rgb[::4, ::4].mean(axis=2)
        now = np.histogram(grey, 32, (0, 256))[0] / grey.size
        if last is None or np.abs(now - last).sum() / 2 > CUT_DIFFERENCE:
            times.append(frame.time_s)
        last = now
    return np.array(times)


def by_cuts(folder: Path, train: list[str], test: list[str], segments: list[Segment]) -> list[Detection]:
    """One detection after each cut of the test videos, where training segments lie after theirs."""
    files = {path.stem: path for path in folder.iterdir()}
    offsets, lengths = [], []
    for video in train:
        cuts = cuts_of(files[video])
        for segment in segments:
            if segment.video == video:
                offsets.append(
                    segment.start_s - cuts[np.searchsorted(cuts, segment.start_s, side="right") - 1]
                )
                lengths.append(segment.duration_s)
    offset, length = np.median(offsets), np.median(lengths)
    found = []
    for video in test:
        cuts = cuts_of(files[video])
        for start, stop in zip(cuts, np.r_[cuts[1:], np.inf], strict=True):
            # A shot that ends before the segment would have begun is less likely to show one.
            score = 0.9 if start + offset + length <= stop else 0.5
            found.append(Detection(video, start + offset, start + offset + length, None, "", score))
    return found


def f1_shown(truth: list[Segment], shown: list[Detection]) -> float:
    """F1 at tIoU 0.3 of what a user is shown."""
    if not shown:
        return 0.0
    curve = precision_recall(truth, shown, 0.3)
    precision, recall = curve.precision[-1], curve.recall[-1]
    return float(2 * precision * recall / max(precision + recall, 1e-9))


Row = dict[str, Any]


def learned(
    shots: list[FeatureSequence],
    test: list[FeatureSequence],
    segments: list[Segment],
    reviewed: list[Segment],
    truth: list[Segment],
    seed: int,
    joints: int,
    paper: dict[str, Any] | None,
) -> Iterator[Row]:
    """A row for each method, learned from ``shots``; scores of the two basic ones are computed once."""
    trained = TrainedDetector(seed=seed, joints=joints, **(paper or {}))
    search = SearchDetector(seed=seed, joints=joints)
    detectors = {"trained": trained} if paper else {"search": search, "trained": trained}
    seconds, scores, speed = {}, {}, {}
    for name, detector in detectors.items():
        wall, cpu = time.perf_counter(), time.process_time()
        detector.fit(shots, segments, reviewed)
        seconds[name] = np.array([time.perf_counter() - wall, time.process_time() - cpu])
        wall = time.perf_counter()
        scores[name] = detector.score_frames(test)
        speed[name] = sum(len(s) for s in test) / (time.perf_counter() - wall)
    found = {name: detectors[name].detections(scores[name]) for name in detectors}
    if not paper:
        combined = CombinedDetector().combine(trained, search)
        pairs = zip(scores["trained"], scores["search"], strict=True)
        detectors["combined"] = combined
        found["combined"] = combined.detections([mixed(a, b, combined.weight_) for a, b in pairs])
        seconds["combined"] = seconds["search"] + seconds["trained"]
    for name, detector in detectors.items():
        wall, cpu = seconds[name].round(1)
        shown = [d for d in found[name] if d.score >= detector.show_from_]
        yield {
            "method": name,
            **figures(truth, found[name]),
            "F1 shown": 100 * f1_shown(truth, shown),
            "s": wall,
            "CPU s": cpu,
            "frames/s": speed.get(name),
            "shown": len(shown) / len(truth),
            "errors": count_errors(truth, found[name][: len(truth)]),
            "held out": detector.trial_.average_precision,
            "share of search": getattr(detector, "weight_", None),
        }
    # What the examples add to telling classes apart: the same detections, named by the network alone.
    trained.naming_ = most_scored
    found_alone = trained.detections(scores["trained"])
    yield {"method": "trained, classes by network alone", **figures(truth, found_alone)}


def print_table(rows: list[Row]) -> None:
    """Mean and standard deviation over seeds of each kind of row."""
    columns = [*[c for c in rows[-1] if c[0].isdigit()], "mean", "class 0.3", "class 0.5", "class 0.7"]
    columns += ["class mean", "F1 shown", "s", "CPU s", "frames/s"]
    print(f"| features, videos | method | seeds | {' | '.join(columns)} |")
    print("|---|" + "---|" * (len(columns) + 2))
    for kind in sorted({(r["features"], r["videos"], r["method"]) for r in rows}, key=_place):
        own = [r for r in rows if (r["features"], r["videos"], r["method"]) == kind]
        cells = []
        for column in columns:
            values = np.array([r[column] for r in own if r.get(column) is not None])
            spread = f" ± {values.std(ddof=1):.1f}" if len(values) > 1 and column[-1] != "s" else ""
            digits = 0 if column == "frames/s" else 1
            cells.append(f"{values.mean():.{digits}f}{spread}" if len(values) else "")
        print(f"| {kind[0]}, {kind[1]} | {kind[2]} | {len(own)} | {' | '.join(cells)} |", flush=True)


def _place(kind: tuple[str, int, str]) -> tuple[str, int, int]:
    features, videos, method = kind
    order = ("alone", "search", "trained", "combined")
    return features, videos, order.index(method) if method in order else len(order)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("library", type=Path)
    parser.add_argument("segments", type=Path, nargs="?", help="by default labels.csv of the library")
    parser.add_argument("--sample", action="store_true", help="make the library of the synthetic athletes")
    parser.add_argument("--features", nargs="*", default=["joints2d"])
    parser.add_argument("--videos", nargs="*", type=int, help="learned from; 1 3 5, with --paper 5")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--cuts", type=Path)
    parser.add_argument(
        "--paper", action="store_true", help="the paper's network and schedule alone (Table 4)"
    )
    parser.add_argument("--windows", type=int, help="windows an epoch, to shorten the paper's schedule")
    parser.add_argument("--patience", type=int, help="epochs without gain, to shorten the paper's schedule")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rows", type=Path, help="keep rows in this file, and do not make those again")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    root: Path = arguments.library
    if arguments.sample:
        sample(root, arguments.features)
    segments, reviewed = split_reviewed(read_events(arguments.segments or root / "labels.csv"))
    paper = None
    if arguments.paper:
        shorter = {"windows": arguments.windows, "patience": arguments.patience}
        paper = PAPER | {name: value for name, value in shorter.items() if value is not None}
    rows: list[Row] = []
    if arguments.rows and arguments.rows.exists():
        rows = [json.loads(line) for line in arguments.rows.read_text().splitlines()]
    done = {(r["features"], r["videos"], r["seed"]) for r in rows}

    def keep(row: Row) -> None:
        rows.append(row)
        if arguments.rows:
            with arguments.rows.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")

    stores = {name: with_joints(Layout(root), name) for name in arguments.features}
    sequences = {
        n: [s for v in store.videos() for s in store.sequences(v)] for n, (store, _) in stores.items()
    }
    labelled = {e.video for e in segments}
    # A seed at a time, so that a run that is stopped leaves a table of fewer seeds.
    counts = arguments.videos or ([5] if paper else [1, 3, 5])
    for seed, count, name in product(range(arguments.seeds), counts, arguments.features):
        train, tested = sides(root, sorted({s.video for s in sequences[name]} & labelled))
        if arguments.cuts and ("cuts", len(train), 0) not in done:
            done.add(("cuts", len(train), 0))
            found = by_cuts(arguments.cuts, train, tested, segments)
            truth = [e for e in segments if e.video in tested]
            keep(
                {"features": "cuts", "videos": len(train), "seed": 0, "method": "alone"}
                | figures(truth, found)
            )
        if (name, count, seed) in done:
            continue
        chosen = np.random.default_rng([seed, count]).permutation(train)[:count]
        shots = [s for s in sequences[name] if s.video in chosen]
        test = [s for s in sequences[name] if s.video in tested and s.video not in chosen]
        truth = [e for e in segments if e.video in {s.video for s in test}]
        if not truth or not len(shots):
            raise SystemExit(
                f"{root}: no labelled video with features of {name} is left to learn from or to test"
            )
        for row in learned(shots, test, segments, reviewed, truth, seed, stores[name][1], paper):
            keep({"features": name, "videos": count, "seed": seed} | row)
        print(f"{name}, {count} videos, seed {seed}", file=sys.stderr, flush=True)
    print_table(rows)


if __name__ == "__main__":
    main()
