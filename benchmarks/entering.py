"""Entering videos in the middle: is each picture that of the pass from the start, and how long does it take?

    python benchmarks/entering.py [CASES] [FOLDER ...]

Tries CASES random places (2,000) over the files that the tests make and all files of the folders, pixel by
pixel, and prints what differed. Then times entering 1080p videos with a keyframe every 2 s: with B-frames,
and as phones write them, where each picture refers to the one before.
"""

from __future__ import annotations

import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.video.indexed import indexed
from tests.video.made import Made, make_all, x264
from vpd.errors import VideoError
from vpd.library.frames import Recording
from vpd.video import find_videos, frame_at, read_frames

LIMIT_MS = 150


def try_files(files: list[Path], cases: int, scratch: Path) -> tuple[int, list[str]]:
    """How many places were tried, and what differed."""
    chance = np.random.default_rng(0)
    tried, wrong = 0, []
    readable: list[tuple[Path, Recording, list[tuple[float, int]]]] = []
    for path in files:
        try:
            video = indexed(path, scratch, 25.0)
            # Hashes, not pictures, so that long videos fit into memory.
            frames = [(f.time_s, hash(f.rgb.tobytes())) for f in read_frames(path if video.index else video)]
        except VideoError as error:
            print(f"{path.name}: refused: {error}")
            continue
        readable.append((path, video, frames))
    for case in range(cases):
        path, video, frames = readable[case % len(readable)]
        start = int(chance.integers(len(frames)))
        found = next(read_frames(video, start))
        tried += 1
        if (found.frame, found.time_s, hash(found.rgb.tobytes())) != (start, *frames[start]):
            wrong.append(f"{path.name}: frame {start}")
    return tried, wrong


def time_entering(scratch: Path, b_frames: int) -> None:
    """Print the milliseconds, of a core and by the clock, to come to a random second of a 1080p video."""
    options = {**x264(f":bframes={b_frames}"), "g": "60", "preset": "veryfast"}
    path = Made("hd.mp4", "libx264", frames=240, rate=Fraction(30), size=(1920, 1080), options=options).write(
        scratch
    )
    video = indexed(path, scratch)
    spent, waited = [], []
    for moment in np.random.default_rng(1).uniform(0, 8, 40):
        fresh = Recording(video.path, video.index_path)
        started, began = time.process_time(), time.perf_counter()
        frame_at(fresh, float(moment))
        spent.append(1000 * (time.process_time() - started))
        waited.append(1000 * (time.perf_counter() - began))
    print(f"1080p, a keyframe every 2 s, {b_frames} B-frames between others (aim {LIMIT_MS} ms):")
    for name, ms in (("by the clock", waited), ("of a core", spent)):
        median, most, last = np.percentile(ms, [50, 95, 100])
        print(f"  ms {name}: median {median:.0f}, 95 % {most:.0f}, most {last:.0f}")


def main() -> None:
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    folders = [Path(name) for name in sys.argv[2:]]
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        files = [*make_all(scratch), *(find_videos(folders).videos if folders else [])]
        tried, wrong = try_files(files, cases, scratch)
        print(f"{tried} places in {len(files)} files, {len(wrong)} differed")
        for line in wrong:
            print(" ", line)
        for b_frames in (3, 0):
            time_entering(scratch, b_frames)
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
