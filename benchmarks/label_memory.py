"""How much memory a corpus of labels takes: features of every label, in the order of the file and shuffled.

    python benchmarks/label_memory.py --labels 100000 --videos 3000

Writes videos of 100 frames with features of 64 numbers, and labels of 10 frames in them. A label must keep
its own frames in memory and not those of its whole video. Prints the peak of the process beyond what it had
before, and exits with 1 where it passes 1 GB.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from vpd.library.artefact import Recipe
from vpd.library.features import write_features
from vpd.library.layout import Layout
from vpd.recognition.examples import load_examples
from vpd.sequences import FeatureStore
from vpd.types import FeatureSequence, Segment

FRAMES, D, FPS, LABEL_FRAMES = 100, 64, 25, 10
MOST_GB = 1.0


def _made(folder: Path, videos: int) -> FeatureStore:
    layout, frames, rng = Layout(folder), np.arange(FRAMES), np.random.default_rng(0)
    values = rng.standard_normal((FRAMES, 2, D)).astype(np.float32)
    for number in range(videos):
        name = f"v{number:05d}"
        sequence = FeatureSequence(name, 0, frames, frames / FPS, values, frames >= 0, np.ones(FRAMES))
        write_features(layout.features("made", name), [sequence], D, Recipe("made", 1))
    return FeatureStore(layout, "made")


def _peak_gb() -> float:
    return (
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e9
    )


def main() -> int:
    """Measure; 1 where the limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=int, default=100_000)
    parser.add_argument("--videos", type=int, default=3_000)
    parser.add_argument("--grouped", action="store_true", help="labels by video, not shuffled")
    given = parser.parse_args()
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        store = _made(Path(folder), given.videos)
        videos = np.arange(given.labels) % given.videos
        videos = np.sort(videos) if given.grouped else rng.permutation(videos)
        starts = rng.integers(0, FRAMES - LABEL_FRAMES, given.labels) / FPS
        segments = [
            Segment(f"v{v:05d}", float(s), float(s) + LABEL_FRAMES / FPS, 0, "a")
            for v, s in zip(videos, starts, strict=True)
        ]
        before, started = _peak_gb(), time.perf_counter()
        found = load_examples(store, segments)
        spent, peak = time.perf_counter() - started, _peak_gb()
    own = sum(s.values.nbytes for s in found.sequences if s is not None) / 1e9
    order = "grouped" if given.grouped else "shuffled"
    print("| labels | videos | order | their own frames, GB | peak, GB | s |\n|---|---|---|---|---|---|")
    print(f"| {given.labels} | {given.videos} | {order} | {own:.2f} | {peak - before:.2f} | {spent:.0f} |")
    return int(peak - before > MOST_GB)


if __name__ == "__main__":
    sys.exit(main())
