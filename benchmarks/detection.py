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
import time
from pathlib import Path

import numpy as np
import torch

from vpd.detection import PAPER, CombinedDetector, SearchDetector, TrainedDetector
from vpd.library.layout import Layout
from vpd.metrics.average_precision import (
    MEAN_TIOUS,
    PAPER_TIOUS,
    average_precision,
    mean_average_precision,
)
from vpd.metrics.error_kinds import count_errors
from vpd.sequences import FeatureStore
from vpd.types import Detection, Segment
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


def print_row(name: str, rows: list[dict[str, float]], seconds: list[float]) -> None:
    cells = []
    for column in rows[0]:
        values = np.array([row[column] for row in rows])
        cells.append(f"{values.mean():.1f}" + (f" ± {values.std(ddof=1):.1f}" if len(values) > 1 else ""))
    print(f"| {name} | {' | '.join(cells)} | {np.mean(seconds):.1f} |", flush=True)


def header(columns: list[str]) -> None:
    print(f"| features, method, videos | {' | '.join(columns)} | seconds to learn |")
    print("|---|" + "---|" * (len(columns) + 1), flush=True)


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
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    events = read_events(arguments.events)
    first = True
    for features in arguments.features:
        store = FeatureStore(Layout(arguments.library), features)
        sequences = [s for video in store.videos() for s in store.sequences(video)]
        train = sorted({s.video for s in sequences if s.video.startswith("train")})
        test = [s for s in sequences if s.video not in train]
        tested = {s.video for s in test}
        truth = [e for e in events if e.video in tested]
        for count in arguments.videos:
            rows: dict[str, list[dict[str, float]]] = {}
            seconds: dict[str, list[float]] = {}
            errors: dict[str, dict[str, int]] = {}
            for seed in range(arguments.seeds):
                chosen = np.random.default_rng([seed, count]).permutation(train)[:count]
                shots = [s for s in sequences if s.video in chosen]
                settings = PAPER if arguments.paper else {}
                trained, search = TrainedDetector(seed=seed, **settings), SearchDetector(seed=seed)
                methods = {"trained": trained} if arguments.paper else {"search": search, "trained": trained}
                for name, detector in methods.items():
                    begun = time.perf_counter()
                    detector.fit(shots, events)
                    seconds.setdefault(name, []).append(time.perf_counter() - begun)
                if not arguments.paper:
                    methods["combined"] = CombinedDetector().combine(trained, search)
                    seconds.setdefault("combined", []).append(seconds["search"][-1] + seconds["trained"][-1])
                for name, detector in methods.items():
                    found = detector.predict(test)
                    rows.setdefault(name, []).append(figures(truth, found))
                    errors[name] = count_errors(truth, found)
            if first:
                header(list(rows["trained"][0]))
                if arguments.cuts:
                    found = by_cuts(arguments.cuts, train, sorted(tested), events)
                    print_row(f"cuts alone, {len(train)}", [figures(truth, found)], [0.0])
                first = False
            for name in rows:
                print_row(f"{features}, {name}, {count}", rows[name], seconds[name])
            print(f"<!-- errors at tIoU 0.5, last seed: {errors} -->", flush=True)


if __name__ == "__main__":
    main()
