"""The share of a command's time that comparing features with their checksums takes, at first and later.

    python benchmarks/checksums.py --videos 20 --gb 2

Makes a library whose features take so much room, and runs `vpd search --uncut` and `vpd status` in it: right
after the features were written, in a copy of the library where nothing was compared before, and there again.
Prints the seconds of each process and those spent on checksums and on remembering them. Exits with 1 where a
command that is not the first in a copy spends more than 2 % on them.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STARTED = time.perf_counter()

import numpy as np  # noqa: E402 - the time of imports is the command's, too

sys.path.insert(0, str(Path(__file__).parents[1]))

from vpd.library import checksum, verified  # noqa: E402

D = 128
MOST = 0.02


def timed(words: list[str]) -> None:
    """Run a command in this process; the last line of the standard error has its seconds."""
    from vpd.cli import main as cli

    spent, depth = 0.0, 0

    def clocked(function):
        def call(*given):
            nonlocal spent, depth
            depth += 1
            begun = time.perf_counter()
            try:
                return function(*given)
            finally:
                depth -= 1
                spent += 0.0 if depth else time.perf_counter() - begun

        return call

    for name in ("is_whole", "is_untouched"):
        setattr(checksum, name, clocked(getattr(checksum, name)))
    keep = clocked(verified.keep)
    sys.argv = ["vpd", *words]
    try:
        cli.main()
    finally:
        keep()
        print(json.dumps([spent, time.perf_counter() - STARTED]), file=sys.stderr)


def made(folder: Path, videos: int, size: float) -> Path:
    """A library of videos of one second, with features that take ``size`` GB."""
    from tests.pipeline.made import make_video
    from vpd.library.artefact import Recipe
    from vpd.library.features import write_features
    from vpd.pipeline.register import add_videos, make_library
    from vpd.types import FeatureSequence

    layout = make_library(folder / "lib")
    names = [f"v{number:04d}" for number in range(videos)]
    add_videos(layout, [make_video(folder / "videos" / f"{name}.mp4", i, 25) for i, name in enumerate(names)])
    rng = np.random.default_rng(0)
    frames = int(size * 1e9 / videos / (2 * 4 * D))
    for name in names:
        values, ones = rng.standard_normal((frames, 2, D), np.float32), np.ones(frames)
        numbers = np.arange(frames)
        sequence = FeatureSequence(name, 0, numbers, numbers / 25, values, ones > 0, ones)
        write_features(layout.features("vpd", name), [sequence], D, Recipe("embed", 1))
    verified.keep()
    return layout.root


def main() -> int:
    """Make the library, and run the commands."""
    if sys.argv[1:2] == ["--timed"]:
        timed(sys.argv[2:])
        return 0
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=int, default=20)
    parser.add_argument("--gb", type=float, default=2.0)
    given = parser.parse_args()
    too_much = False
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LOCALAPPDATA" if verified.WINDOWS else "XDG_CACHE_HOME"] = folder
        library = made(Path(folder), given.videos, given.gb)
        copy = Path(folder) / "copy"
        shutil.copytree(library, copy)
        search = ("search", "v0000@0.4-2", "--uncut", "--json")
        print(f"{given.gb:g} GB of features, {given.videos} videos\n")
        print("| command | seconds | of which checksums | share |\n|---|---|---|---|")
        for what, place, words, free in (
            ("search, after they were written", library, search, True),
            ("status, after they were written", library, ("status", "--json"), True),
            ("search, the first in a copy of the library", copy, search, False),
            ("search, the second there", copy, search, True),
        ):
            command = [sys.executable, __file__, "--timed", *words, "-L", str(place)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            spent, whole = json.loads(done.stderr.splitlines()[-1])
            print(f"| {what} | {whole:.2f} | {spent:.4f} | {100 * spent / whole:.2f} % |")
            too_much |= free and spent > MOST * whole
    return 1 if too_much else 0


if __name__ == "__main__":
    sys.exit(main())
