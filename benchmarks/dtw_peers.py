"""symmetric2-like warping of one query with many sequences: ours beside aeon, tslearn and dtaidistance.

All warp whole frames (dependent, multivariate) without a window. The peers weigh every step once, as our
symmetric1 does, and sum squared distances; tslearn and dtaidistance take the root of the sum. So the results
are compared with symmetric1 on squared distances, and symmetric2 is timed beside it.

    python benchmarks/dtw_peers.py [--sequences 300] [--d 64]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from aeon.distances import dtw_distance as by_aeon
from dtaidistance import dtw_ndim
from tslearn.metrics import dtw as by_tslearn

from vpd.dtw import one_to_many, pack


def best_of(rounds: int, run: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    """Best time (s) after a first run that compiles, and the result."""
    result, best = run(), np.inf
    for _ in range(rounds):
        start = time.perf_counter()
        result = run()
        best = min(best, time.perf_counter() - start)
    return best, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sequences", type=int, default=300)
    parser.add_argument("--d", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    others = [rng.standard_normal((m, args.d)) for m in rng.integers(50, 91, args.sequences)]
    query = rng.standard_normal((70, args.d))
    packed, squared = pack(others), pack(others, "sqeuclidean")
    turned, turned_query = [np.ascontiguousarray(o.T) for o in others], np.ascontiguousarray(query.T)

    runs: dict[str, Callable[[], np.ndarray]] = {
        "vpd symmetric1, squared l2": lambda: one_to_many(query, squared, "symmetric1", normalise=False),
        "vpd symmetric2": lambda: one_to_many(query, packed, "symmetric2"),
        "vpd symmetricP2": lambda: one_to_many(query, packed, "symmetricP2"),
        "aeon": lambda: np.array([by_aeon(turned_query, o) for o in turned]),
        "tslearn": lambda: np.array([by_tslearn(query, o) ** 2 for o in others]),
        "dtaidistance": lambda: np.array([dtw_ndim.distance_fast(query, o) ** 2 for o in others]),
    }
    results = {name: best_of(args.rounds, run) for name, run in runs.items()}
    ours = results["vpd symmetric1, squared l2"]
    for name in ("aeon", "tslearn", "dtaidistance"):
        np.testing.assert_allclose(results[name][1], ours[1], rtol=1e-4)
    print(f"one query of 70 frames, {args.sequences} sequences of 50..90, d = {args.d}")
    print(f"{'':30s}{'ms':>10s}{'us a pair':>12s}{'x the time of ours':>20s}")
    for name, (seconds, _) in results.items():
        pair = 1e6 * seconds / args.sequences
        print(f"{name:30s}{1e3 * seconds:10.2f}{pair:12.1f}{seconds / ours[0]:20.1f}")


if __name__ == "__main__":
    main()
