"""Few-shot temporal detection on any library: average precision by features, method and labelled videos.

    python benchmarks/detection.py LIBRARY EVENTS.csv [--features joints2d ...] [--videos 1 3 5] [--seeds 5]

The events are a CSV with video, start_s, end_s, label. Videos whose names begin with "train" are learned
from, the others are tested on; nothing is tuned on the latter. ``--cuts FOLDER`` adds what a detector of
shot cuts alone reaches on the video files in FOLDER: the median place of events after the cuts of the
training videos.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch

from vpd.detection import PAPER, CombinedDetector, SearchDetector, TrainedDetector
from vpd.detection.frame_scores import mixed
from vpd.library.layout import Layout
from vpd.metrics.average_precision import (
    MEAN_TIOUS,
    PAPER_TIOUS,
    average_precision,
    mean_average_precision,
    precision_recall,
)
from vpd.metrics.error_kinds import count_errors
from vpd.sequences import FeatureStore
from vpd.types import Detection, FeatureSequence, Segment
from vpd.video.frames import read_frames

CUT_DIFFERENCE = 0.35
"""Share of the grey levels that change places at a cut, of a histogram with 32 bins."""


def read_events(path: Path) -> list[Segment]:
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Segment(Path(r["video"]).stem, float(r["start_s"]), float(r["end_s"]), None, r["label"])
            for r in csv.DictReader(file)
        ]


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


def by_cuts(folder: Path, train: list[str], test: list[str], events: list[Segment]) -> list[Detection]:
    """One detection after each cut of the test videos, where training events lie after theirs."""
    files = {path.stem: path for path in folder.iterdir()}
    offsets, lengths = [], []
    for video in train:
        cuts = cuts_of(files[video])
        for event in events:
            if event.video == video:
                offsets.append(event.start_s - cuts[np.searchsorted(cuts, event.start_s, side="right") - 1])
                lengths.append(event.duration_s)
    offset, length = np.median(offsets), np.median(lengths)
    found = []
    for video in test:
        cuts = cuts_of(files[video])
        for start, stop in zip(cuts, np.r_[cuts[1:], np.inf], strict=True):
            # A shot that ends before the event would have begun is less likely to show one.
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
    events: list[Segment],
    truth: list[Segment],
    seed: int,
    paper: bool,
) -> Iterator[Row]:
    """A row for each method, learned from ``shots``; scores of the two basic ones are computed once."""
    trained, search = TrainedDetector(seed=seed, **(PAPER if paper else {})), SearchDetector(seed=seed)
    detectors = {"trained": trained} if paper else {"search": search, "trained": trained}
    seconds, scores = {}, {}
    for name, detector in detectors.items():
        wall, cpu = time.perf_counter(), time.process_time()
        detector.fit(shots, events)
        seconds[name] = np.array([time.perf_counter() - wall, time.process_time() - cpu])
        scores[name] = detector.score_frames(test)
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
            "shown": len(shown) / len(truth),
            "errors": count_errors(truth, found[name][: len(truth)]),
            "held out": detector.trial_.average_precision,
            "share of search": getattr(detector, "weight_", None),
        }
    # What the examples add to telling classes apart: the same detections, named by the network alone.
    trained.naming_ = None
    found_alone = trained.detections(scores["trained"])
    yield {"method": "trained, classes by network alone", **figures(truth, found_alone)}


def print_table(rows: list[Row]) -> None:
    """Mean and standard deviation over seeds of each kind of row, in the order in which they came."""
    columns = [*[c for c in rows[-1] if c[0].isdigit()], "mean", "class 0.3", "class 0.5", "class 0.7"]
    columns += ["class mean", "F1 shown", "s", "CPU s"]
    print(f"| features, method, videos | seeds | {' | '.join(columns)} |")
    print("|---|" + "---|" * (len(columns) + 1))
    kinds = sorted({(r["features"], r["videos"], r["method"]) for r in rows})
    for kind in kinds:
        own = [r for r in rows if (r["features"], r["videos"], r["method"]) == kind]
        cells = []
        for column in columns:
            values = np.array([r[column] for r in own if column in r])
            spread = f" ± {values.std(ddof=1):.1f}" if len(values) > 1 and column[-1] != "s" else ""
            cells.append(f"{values.mean():.1f}{spread}" if len(values) else "")
        name = f"{kind[0]}, {kind[2]}, {kind[1]}"
        print(f"| {name} | {len(own)} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("library", type=Path)
    parser.add_argument("events", type=Path)
    parser.add_argument("--features", nargs="*", default=["joints2d"])
    parser.add_argument("--videos", nargs="*", type=int, default=[1, 3, 5])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--cuts", type=Path)
    parser.add_argument(
        "--paper", action="store_true", help="the paper's network and schedule alone (Table 4)"
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rows", type=Path, help="keep rows in this file, and do not make those again")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    events = read_events(arguments.events)
    rows: list[Row] = []
    if arguments.rows and arguments.rows.exists():
        rows = [json.loads(line) for line in arguments.rows.read_text().splitlines()]
    done = {(r["features"], r["videos"], r["seed"]) for r in rows}

    def keep(row: Row) -> None:
        rows.append(row)
        if arguments.rows:
            with arguments.rows.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")

    stores = {name: FeatureStore(Layout(arguments.library), name) for name in arguments.features}
    sequences = {n: [s for v in store.videos() for s in store.sequences(v)] for n, store in stores.items()}
    # A seed at a time, so that a run that is stopped leaves a table of fewer seeds.
    for seed, count, name in product(range(arguments.seeds), arguments.videos, arguments.features):
        train = sorted({s.video for s in sequences[name] if s.video.startswith("train")})
        test = [s for s in sequences[name] if s.video not in train]
        tested = sorted({s.video for s in test})
        truth = [e for e in events if e.video in tested]
        if arguments.cuts and ("cuts", len(train), 0) not in done:
            done.add(("cuts", len(train), 0))
            found = by_cuts(arguments.cuts, train, tested, events)
            keep(
                {"features": "cuts", "videos": len(train), "seed": 0, "method": "alone"}
                | figures(truth, found)
            )
        if (name, count, seed) in done:
            continue
        chosen = np.random.default_rng([seed, count]).permutation(train)[:count]
        shots = [s for s in sequences[name] if s.video in chosen]
        for row in learned(shots, test, events, truth, seed, arguments.paper):
            keep({"features": name, "videos": count, "seed": seed} | row)
        print(f"{name}, {count} videos, seed {seed}", file=sys.stderr, flush=True)
    print_table(rows)


if __name__ == "__main__":
    main()
