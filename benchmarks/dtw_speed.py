"""One query against 1,000 sequences by dynamic time warping: against dtw-python and against the floor.

The floor is the product of all frames with all frames, alone, by the library's product of matrices. Times are
the best of several rounds that alternate in one process; processor time sums the cores, and changes less on a
busy machine.

    python benchmarks/dtw_speed.py [--sequences 1000] [--d 128] [--k 10 50] [--library DIR]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.spatial.distance import cdist

import dtw as reference
from vpd.dtw import Packed, one_to_many, pack, top_k
from vpd.library.layout import Layout
from vpd.sequences import FeatureStore

PAUSE_S = 0.1
"""Before each run: the threads of numpy's matrix products look for work for some time after the last one,
which would count towards what runs next, and slow it."""


def sequences(count: int, d: int, rng: np.random.Generator, smooth: bool) -> list[np.ndarray]:
    """Sequences of 50..90 frames: white noise, or movements of 20 kinds with noise and changes of tempo."""
    lengths = rng.integers(50, 91, count)
    if not smooth:
        return [rng.standard_normal((m, d)).astype(np.float32) for m in lengths]
    kinds = np.cumsum(rng.standard_normal((20, 12, d)), axis=1)
    made = []
    for m in lengths:
        at = np.sort(np.r_[0, rng.uniform(0, 11, 6), 11])
        when = np.interp(np.linspace(0, 7, m), np.arange(8), at)
        kind = kinds[rng.integers(20)]
        path = np.stack([np.interp(when, np.arange(12), kind[:, k]) for k in range(d)], axis=1)
        made.append((path + 0.3 * rng.standard_normal((m, d))).astype(np.float32))
    return made


def as_reference(query: np.ndarray, others: list[np.ndarray]) -> np.ndarray:
    """As the reference implementation calls dtw-python: symmetricP2, and symmetric2 where that fails."""
    found = []
    for other in others:
        dist = cdist(query, other)
        try:
            result = reference.dtw(dist, step_pattern=reference.symmetricP2, distance_only=True)
        except ValueError:
            result = reference.dtw(dist, step_pattern=reference.symmetric2, distance_only=True)
        found.append(result.normalizedDistance)
    return np.array(found)


def alternate(rounds: int, runs: dict[str, Callable[[], object]]) -> dict[str, tuple[float, float]]:
    """Best wall and processor time (s) of each of several runs, taken in turn."""
    best = dict.fromkeys(runs, (np.inf, np.inf))
    for _ in range(rounds + 1):
        for name, run in runs.items():
            time.sleep(PAUSE_S)
            wall, processor = time.perf_counter(), time.process_time()
            run()
            now = time.perf_counter() - wall, time.process_time() - processor
            best[name] = min(best[name][0], now[0]), min(best[name][1], now[1])
    return best


def of_library(root: Path, name: str) -> list[np.ndarray]:
    """Features of the athlete with most valid frames of every video, as they are and mirrored."""
    store, made = FeatureStore(Layout(root), name), []
    for video in store.videos():
        athlete = max(store.sequences(video), key=lambda s: int(s.valid.sum()), default=None)
        if athlete is not None and athlete.valid.any():
            made.extend(athlete.values[athlete.valid, side] for side in (0, 1))
    return made


def measure(kind: str, query: np.ndarray, others: list[np.ndarray], args: argparse.Namespace) -> None:
    """Print the table for one kind of data."""
    packed, every = pack(others), np.concatenate(others)
    sketched = pack(others, sketch=True)
    product = np.empty((len(query), len(every)), np.float32)

    # A part of the candidates is enough for the peer: its time a pair hardly varies.
    part = others[: args.peer_sequences]
    got = one_to_many(query, packed, "symmetricP2_or_2")[: len(part)]
    np.testing.assert_allclose(got, as_reference(query, part), rtol=1e-4, atol=1e-2)
    ks = [k for k in args.k if k <= len(others)]

    def top(which: Packed, k: int) -> Callable[[], object]:
        return lambda: top_k(query, which, k)

    reference_name = "dtw-python as the reference calls it"
    runs: dict[str, Callable[[], object]] = {
        reference_name: lambda: as_reference(query, part),
        "floor: matrix product alone": lambda: np.matmul(query, every.T, out=product),
        "symmetricP2, all distances": lambda: one_to_many(query, packed, "symmetricP2"),
        "symmetricP2_or_2, all distances": lambda: one_to_many(query, packed, "symmetricP2_or_2"),
        "symmetric2, all distances": lambda: one_to_many(query, packed, "symmetric2"),
    }
    for k in ks:
        runs[f"symmetricP2, exact top {k}, no bounds"] = top(packed, k)
        runs[f"symmetricP2, exact top {k}, bounds"] = top(sketched, k)
        first, second = top_k(query, packed, k), top_k(query, sketched, k)
        np.testing.assert_array_equal(first.indices, second.indices)
    times = alternate(args.rounds, runs)
    times[reference_name] = peer = tuple(t * len(others) / len(part) for t in times[reference_name])
    floor = times["floor: matrix product alone"]
    frames = f"{min(map(len, others))}..{max(map(len, others))}"
    print(f"{kind}: {len(others)} sequences of {frames} frames, d = {packed.d}, query of {len(query)}")
    ratios = f"{'x floor':>9s}{'x peer':>8s}"
    print(f"{'':38s}|{'wall ms':>9s}{ratios} |{'processor ms':>13s}{ratios}")
    for name, (wall, processor) in times.items():
        print(
            f"{name:38s}|{1e3 * wall:9.2f}{wall / floor[0]:9.2f}{peer[0] / wall:8.1f} |"
            f"{1e3 * processor:13.2f}{processor / floor[1]:9.2f}{peer[1] / processor:8.1f}"
        )
    print(flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sequences", type=int, default=1000)
    parser.add_argument("--d", type=int, default=128)
    parser.add_argument("--k", type=int, nargs="+", default=[10, 50])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peer-sequences", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--library", type=Path, help="measure on this library's features too")
    parser.add_argument("--features", nargs="+", default=["joints2d"])
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    for name in args.features if args.library else []:
        others = of_library(args.library, name)
        measure(f"{args.library.name}, {name}", others[int(rng.integers(len(others)))], others, args)
    for kind, smooth in (("movements of 20 kinds", True), ("white noise", False)):
        query, *others = sequences(args.sequences + 1, args.d, rng, smooth)
        measure(kind, query, others, args)


if __name__ == "__main__":
    main()
