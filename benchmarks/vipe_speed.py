"""Poses embedded a second: the shipped encoder, and wider ones, in float32 and bfloat16.

    python benchmarks/vipe_speed.py [--threads 2]

Each row is the best of alternating repeats in one process. "embed" counts the normalisation of keypoints too.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch

from vpd.teachers.vipe import Vipe
from vpd.teachers.vipe.network import Encoder

POSES = 32768
REPEATS = 8


def main() -> None:
    """Print poses a second."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    torch.set_num_threads(parser.parse_args().threads)
    model = Vipe.load()
    rng = np.random.default_rng(0)
    xy = rng.normal(size=(POSES, 13, 2)).astype(np.float32)
    seen = rng.uniform(0.3, 1, (POSES, 13)).astype(np.float32)
    x = torch.randn(8192, 39)
    runs: dict[str, tuple[int, Callable[[], object]]] = {
        f"embed, shipped, width {model.card.width}": (POSES, lambda: model.embed(xy, seen))
    }
    for width in (model.card.width, 1024):
        for dtype in (torch.float32, torch.bfloat16):
            encoder = Encoder(64, width, 2, 0.0).eval().folded().to(dtype)
            runs[f"encoder, width {width}, {str(dtype)[6:]}"] = (8192, lambda e=encoder, d=dtype: e(x.to(d)))
    best = dict.fromkeys(runs, np.inf)
    with torch.inference_mode():
        for _ in range(REPEATS):
            for name, (_, call) in runs.items():
                start = time.perf_counter()
                call()
                best[name] = min(best[name], time.perf_counter() - start)
    first = next(iter(best))
    for name, seconds in best.items():
        rate = runs[name][0] / seconds
        print(f"{name:36s} {rate:12,.0f} poses/s  {rate / (runs[first][0] / best[first]):5.2f} x")


if __name__ == "__main__":
    main()
