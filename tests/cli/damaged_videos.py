"""Videos that were damaged at drawn places: read to their end, or refused by a sentence, and no crash."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from tests.pipeline.damage import damaged
from tests.pipeline.made import make_video
from vpd.errors import VpdError
from vpd.video import read_frames, read_video_info

AT_ONCE = 50
"""Files that one process reads: a crash names the process's files. It is no fork of this one, in which FFmpeg
waits for threads that a fork does not have.
"""
ROOT = Path(__file__).parents[2]
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
        command = [sys.executable, "-m", "tests.cli.damaged_videos", *map(str, paths)]
        ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
        if ended.returncode < REFUSED:
            wrong.append(f"videos {seed}/{start} and the next: {ended.returncode} {ended.stderr[-500:]}")
        else:
            refused += ended.returncode - REFUSED
            read += len(paths) - (ended.returncode - REFUSED)
        for path in paths:
            path.unlink()
    return read, refused, wrong


if __name__ == "__main__":
    sys.exit(_read([Path(name) for name in sys.argv[1:]]))
