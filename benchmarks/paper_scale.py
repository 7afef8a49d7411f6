"""Time and memory of retrieval and import at the size of the paper's data sets, on made-up features and
labels.

    python benchmarks/paper_scale.py retrieval [--d 26 64] [--queries 1970] [--corpus 16997]
    python benchmarks/paper_scale.py import FOLDER [--actions 16997] [--frames 4]

Retrieval: random walks with 20 to 180 frames (Diving48 at 25 frames a second: 112 on average), of 47 classes.
Import: a Diving48 of videos of a few frames; label files, videos and library are written to FOLDER.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path

import numpy as np

from vpd.paper.bring import bring
from vpd.paper.retrieval import precision_of
from vpd.types import FeatureSequence
from vpd.video import write_video

CLASSES = 47


def made(count: int, d: int, rng: np.random.Generator) -> tuple[list[FeatureSequence], np.ndarray]:
    labels = rng.integers(CLASSES, size=count)
    shapes = rng.normal(size=(CLASSES, 4, 2, d)).astype(np.float32)
    sequences = []
    for i in range(count):
        n = int(np.clip(rng.normal(112, 25), 20, 180))
        at = np.linspace(0, 3, n)
        low = np.minimum(at.astype(int), 2)
        share = (at - low)[:, None, None].astype(np.float32)
        path = shapes[labels[i]]
        values = path[low] * (1 - share) + path[low + 1] * share
        values += rng.normal(size=values.shape).astype(np.float32)
        frames = np.arange(n)
        ones = np.ones(n)
        sequences.append(FeatureSequence(f"v{i}", 0, frames, frames / 25, values, ones > 0, ones))
    return sequences, labels.astype(str)


def memory_gib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def retrieval(sizes: list[int], queries: int, corpus: int) -> None:
    print("| d | queries | corpus | s | processor s | peak GiB | P@1 | P@10 | P@50 |")
    print("|---|---|---|---|---|---|---|---|---|")
    for d in sizes:
        sequences, labels = made(corpus, d, np.random.default_rng(0))
        began, used = time.perf_counter(), time.process_time()
        found = precision_of(sequences, labels, list(range(corpus - queries, corpus)))
        seconds, used = time.perf_counter() - began, time.process_time() - used
        at = " | ".join(f"{100 * found.at[k]:.1f}" for k in found.at)
        print(
            f"| {d} | {queries} | {corpus} | {seconds:.0f} | {used:.0f} | {memory_gib():.1f} | {at} |",
            flush=True,
        )


def import_(folder: Path, actions: int, frames: int) -> None:
    rng = np.random.default_rng(0)
    names = [f"dive_{i:05d}" for i in range(actions)]
    videos, labels = folder / "videos", folder / "labels"
    videos.mkdir(parents=True, exist_ok=True)
    labels.mkdir(exist_ok=True)
    for name in names:
        out = videos / f"{name}.mp4"
        if not out.exists():
            pictures = rng.integers(0, 40, (frames, 2, 2, 3), dtype=np.uint8)
            write_video((np.kron(p, np.ones((8, 8, 1), np.uint8)) for p in pictures), 25, out)
    words = [[str(c), "", "", ""] for c in range(48)]
    rows = [
        {"vid_name": n, "label": i % CLASSES, "start_frame": 0, "end_frame": frames - 1}
        for i, n in enumerate(names)
    ]
    tested = max(1, actions * 1970 // 16997)
    (labels / "Diving48_vocab.json").write_text(json.dumps(words))
    (labels / "Diving48_V2_train.json").write_text(json.dumps(rows[tested:]))
    (labels / "Diving48_V2_test.json").write_text(json.dumps(rows[:tested]))
    began = time.perf_counter()
    found = bring("diving48", labels, videos, folder / "lib")
    seconds = time.perf_counter() - began
    print(f"{found.imported.card.coverage}: {seconds:.0f} s, peak {memory_gib():.1f} GiB")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    kinds = parser.add_subparsers(dest="kind", required=True)
    one = kinds.add_parser("retrieval")
    one.add_argument("--d", nargs="*", type=int, default=[26, 64])
    one.add_argument("--queries", type=int, default=1970)
    one.add_argument("--corpus", type=int, default=16997)
    two = kinds.add_parser("import")
    two.add_argument("folder", type=Path)
    two.add_argument("--actions", type=int, default=16997)
    two.add_argument("--frames", type=int, default=4)
    given = parser.parse_args()
    if given.kind == "retrieval":
        retrieval(given.d, given.queries, given.corpus)
    else:
        import_(given.folder, given.actions, given.frames)


if __name__ == "__main__":
    main()
