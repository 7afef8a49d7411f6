"""One query against 1,000 sequences by dynamic time warping: against dtw-python and against the floor.

The floor is the product of matrices that frame distances need, alone. Times are the best of several rounds
that alternate in one process; processor time sums the cores, and hardly changes on a busy machine.

    python benchmarks/dtw_speed.py [--sequences 1000] [--d 128] [--k 50]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from scipy.spatial.distance import cdist

import dtw as reference
from vpd.dtw import one_to_many, pack, top_k


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
            wall, processor = time.perf_counter(), time.process_time()
            run()
            now = time.perf_counter() - wall, time.process_time() - processor
            best[name] = min(best[name][0], now[0]), min(best[name][1], now[1])
    return best


def measure(args: argparse.Namespace, smooth: bool) -> None:
    """Print the table for one kind of data."""
    rng = np.random.default_rng(args.seed)
    others = sequences(args.sequences, args.d, rng, smooth)
    query = sequences(1, args.d, rng, smooth)[0]
    packed, every = pack(others), np.concatenate(others)
    product = np.empty((len(query), len(every)), np.float32)

    wall, processor = time.perf_counter(), time.process_time()
    want = as_reference(query, others)
    peer = time.perf_counter() - wall, time.process_time() - processor
    got = one_to_many(query, packed, "symmetricP2_or_2")
    np.testing.assert_allclose(got, want, rtol=1e-4)
    strict = one_to_many(query, packed, "symmetricP2")
    nearest = top_k(query, packed, args.k)
    np.testing.assert_allclose(nearest.distances, np.sort(strict)[: args.k], rtol=1e-4)

    times = alternate(
        args.rounds,
        {
            "floor: matrix product alone": lambda: np.matmul(query, every.T, out=product),
            "symmetricP2, all distances": lambda: one_to_many(query, packed, "symmetricP2"),
            "symmetricP2_or_2, all distances": lambda: one_to_many(query, packed, "symmetricP2_or_2"),
            "symmetric2, all distances": lambda: one_to_many(query, packed, "symmetric2"),
            f"symmetricP2, exact top {args.k}": lambda: top_k(query, packed, args.k),
        },
    )
    floor = times["floor: matrix product alone"]
    kind = "movements of 20 kinds" if smooth else "white noise"
    print(f"{args.sequences} sequences of 50..90 frames, d = {args.d}, query of {len(query)}: {kind}")
    print(f"{'':38s}{'ms':>9s}{'x floor':>9s}{'x dtw-python':>14s}{'processor ms':>14s}{'x floor':>9s}")
    for name, (wall, processor) in {"dtw-python as the reference calls it": peer, **times}.items():
        print(
            f"{name:38s}{1e3 * wall:9.2f}{wall / floor[0]:9.2f}{peer[0] / wall:14.1f}"
            f"{1e3 * processor:14.2f}{processor / floor[1]:9.2f}"
        )
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sequences", type=int, default=1000)
    parser.add_argument("--d", type=int, default=128)
    parser.add_argument("--k", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    for smooth in (True, False):
        measure(args, smooth)


if __name__ == "__main__":
    main()
