"""Search of 1.5 million memory-mapped frames (17 hours) for a query of 40 frames, in both orientations.

The floor is the matrix product alone, of the query's two orientations with all frames, in blocks. Times are
the best of rounds that alternate in one process; memory is what the process holds beyond the mapped file.

    python benchmarks/uncut_search.py [--frames 1500000] [--d 64]
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np

from vpd.dtw.subsequence import BLOCK
from vpd.dtw.threads import one_thread_each
from vpd.machine import cores
from vpd.search import Stream, search_uncut
from vpd.settings.search import SearchSettings
from vpd.types import FeatureSequence

FPS = 25.0
VIDEO_FRAMES = 100_000


def anonymous_mb() -> float:
    """Memory of this process that no file backs, in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


def streams(values: np.ndarray) -> Iterator[Stream]:
    """The frames as videos of 67 minutes."""
    for number, start in enumerate(range(0, len(values), VIDEO_FRAMES)):
        part = values[start : start + VIDEO_FRAMES]
        yield Stream(f"video_{number}", 0, np.arange(len(part)) / FPS, part, np.ones(len(part), bool))


def products(query: np.ndarray, values: np.ndarray) -> None:
    """The matrix product of the query with all frames, block by block, on all cores."""

    def shard(bounds: tuple[int, int]) -> None:
        out = np.empty((len(query), BLOCK), np.float32)
        for start in range(*bounds, BLOCK):
            block = values[start : min(start + BLOCK, bounds[1])]
            np.matmul(query, block.T, out=out[:, : len(block)])

    edges = np.linspace(0, len(values), cores() + 1).astype(int)
    with one_thread_each(), ThreadPoolExecutor(cores()) as pool:
        list(pool.map(shard, pairwise(edges)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=1_500_000)
    parser.add_argument("--d", type=int, default=64)
    parser.add_argument("--query", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=4)
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        values = np.lib.format.open_memmap(
            Path(folder) / "features.npy", "w+", np.float32, (args.frames, args.d)
        )
        for start in range(0, args.frames, VIDEO_FRAMES):
            part = values[start : start + VIDEO_FRAMES]
            part[:] = rng.standard_normal(part.shape, np.float32)
            part[1:] = 0.7 * part[:-1] + 0.7 * part[1:]
        planted = args.frames // 2
        n = args.query
        regular = np.array(values[planted : planted + n])
        both = np.stack([regular, rng.standard_normal((n, args.d), np.float32)], axis=1)
        query = FeatureSequence("query", 0, np.arange(n), np.arange(n) / FPS, both, np.ones(n), np.ones(n))
        stacked = both.transpose(1, 0, 2).reshape(-1, args.d).copy()
        settings = SearchSettings()
        before, peak, done = anonymous_mb(), 0.0, threading.Event()

        def watch() -> None:
            nonlocal peak
            while not done.wait(0.01):
                peak = max(peak, anonymous_mb())

        watcher = threading.Thread(target=watch)
        watcher.start()
        floor, search = np.inf, np.inf
        for _ in range(args.rounds + 1):
            start = time.perf_counter()
            products(stacked, values)
            floor = min(floor, time.perf_counter() - start)
            start = time.perf_counter()
            hits = search_uncut([query], streams(values), settings)
            search = min(search, time.perf_counter() - start)
        done.set()
        watcher.join()
        first = hits[0]
        assert first.distance < 1e-6, first
        assert round(first.segment.start_s * FPS) == planted % VIDEO_FRAMES, first
    print(f"{args.frames} frames, d = {args.d}, query of {n}, both orientations, top {len(hits)}")
    print(f"floor (matrix products alone)  {floor:8.3f} s")
    print(f"search                         {search:8.3f} s   {search / floor:.2f} x the floor")
    print(f"memory beyond the mapped file  {peak - before:8.0f} MB")


if __name__ == "__main__":
    main()
