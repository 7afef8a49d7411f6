"""Videos that were damaged at drawn places: read to their end, or refused by a sentence, and no crash."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.cli.attacks import forked
from tests.pipeline.damage import damaged
from tests.pipeline.made import make_video
from vpd.errors import VpdError
from vpd.video import read_frames, read_video_info

AT_ONCE = 20
"""Files that one fork reads: a crash names the fork's files."""
REFUSED = 100


def _read(paths: list[Path]) -> int:
    """`REFUSED` and the number of files that were refused."""
    refused = 0
    for path in paths:
        try:
            info = read_video_info(path)
            assert sum(1 for _ in read_frames(path)) <= max(1, info.frames), path
        except VpdError:
            refused += 1
    return REFUSED + refused


def fuzz_videos(folder: Path, count: int, seed: int) -> tuple[int, int, list[str]]:
    """How many were read and refused, and what must not be: another error, or a crash."""
    whole = make_video(folder / "whole.mp4", seed=3, frames=12).read_bytes()
    read, refused, wrong = 0, 0, []
    for start in range(0, count, AT_ONCE):
        paths = []
        for number in range(start, min(start + AT_ONCE, count)):
            path = folder / f"damaged-{number}.mp4"
            path.write_bytes(damaged(whole, np.random.default_rng([seed, number])))
            paths.append(path)
        ended = forked(lambda paths=paths: _read(paths))
        if ended.code < REFUSED:
            wrong.append(f"videos {seed}/{start} and the next: {ended.code} {ended.text[-500:]}")
        else:
            refused += ended.code - REFUSED
            read += len(paths) - (ended.code - REFUSED)
        for path in paths:
            path.unlink()
    return read, refused, wrong
