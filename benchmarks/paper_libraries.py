"""Time and memory of importing FSJump6, Tennis7 and FX35 at their size, and of the tables on them.

    python benchmarks/paper_libraries.py library FOLDER fs|tennis|fx --labels LABELS --meta video_meta.csv.gz
    python benchmarks/paper_libraries.py tables FOLDER table1 [table3 table4] [--epochs 1]

LABELS are the published label files. The table --meta has a line for each video: dataset, video, fps, frames.
Videos of so many grey frames are written to FOLDER, imported, and given features at random (26 numbers a
frame, as many as 2D joints). FineGym's times are made from its ids where its annotation is not there.
Run each table by itself: the peak of memory is that of the process.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import re
import resource
import shutil
import time
from collections import defaultdict
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from vpd.library.artefact import Recipe
from vpd.library.features import CONTENT, write_features
from vpd.library.frames import read_times
from vpd.library.layout import Layout, find_library
from vpd.library.videos import Videos
from vpd.paper.bring import bring
from vpd.paper.columns import open_columns
from vpd.paper.datasets.finegym import ANNOTATION
from vpd.paper.options import Options
from vpd.paper.tables import measure_table, rows_of_each
from vpd.types import FeatureSequence

JOINTS2D, D = "joints2d", 26
SIDE = 16
_ELEMENT = re.compile(r"(.{11})_(E_(\d+)_(\d+))_(A_(\d+)_(\d+)) ")


class Spent:
    """Prints the seconds by the clock and of the processor, and the peak of memory, of a block."""

    def __init__(self, what: str) -> None:
        self.what = what

    def __enter__(self) -> None:
        self.began, self.used = time.perf_counter(), time.process_time()

    def __exit__(self, *_: object) -> None:
        seconds, used = time.perf_counter() - self.began, time.process_time() - self.used
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"| {self.what} | {seconds:.0f} s | {used:.0f} s | {peak:.1f} GiB |", flush=True)


def write_grey(path: Path, frames: int, fps: float, rng: np.random.Generator) -> None:
    """A video of one small picture that no other video shows."""
    picture = av.VideoFrame.from_ndarray(rng.integers(0, 255, (SIDE, SIDE, 3), dtype=np.uint8))
    picture = picture.reformat(format="yuv420p")
    rate = Fraction(fps).limit_denominator(1001)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=rate)
        stream.width, stream.height, stream.pix_fmt = SIDE, SIDE, "yuv420p"
        for number in range(frames):
            picture.pts, picture.time_base = number, 1 / rate
            container.mux(stream.encode(picture))
        container.mux(stream.encode())


def write_videos(folder: Path, meta: Path, data: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    with gzip.open(meta, "rt") as file:
        for row in csv.DictReader(file):
            out = folder / f"{row['video']}.mp4"
            if row["dataset"] == data and not out.exists():
                write_grey(out, int(row["frames"]), float(row["fps"]), rng)


def made_times(labels: Path) -> None:
    """FineGym's annotation for the elements of its lists, at the seconds that their ids name."""
    found: dict[str, dict[str, dict[str, object]]] = defaultdict(dict)
    for path in labels.rglob("gym99_*_element*.txt"):
        for video, event, start, stop, action, first, last in _ELEMENT.findall(path.read_text()):
            times = [[int(start), int(stop)]]
            entry = found[video].setdefault(event, {"event": 2, "timestamps": times, "segments": {}})
            span = [[int(first), max(int(last), int(first) + 1)]]
            entry["segments"][action] = {"stages": 1, "timestamps": span}  # type: ignore[index]
    (labels / ANNOTATION).write_text(json.dumps(found))


def write_made_features(layout: Layout, people: int) -> None:
    videos, rng = Videos.read(layout), np.random.default_rng(0)
    for video, row in videos.rows.items():
        times = read_times(layout.frames(video))
        ones = np.ones(len(times))
        sequences = [
            FeatureSequence(
                video,
                athlete,
                np.arange(len(times)),
                times,
                rng.standard_normal((len(times), 2, D), np.float32),
                ones > 0,
                ones,
            )
            for athlete in range(people)
        ]
        recipe = Recipe("made", 1, {"video": video}, notes={CONTENT: row.key})
        write_features(layout.features(JOINTS2D, video), sequences, D, recipe)


def library(folder: Path, data: str, labels: Path, meta: Path) -> None:
    print("| what | clock | processor | peak |\n|---|---|---|---|")
    with Spent("videos written"):
        write_videos(folder / "videos", meta, data)
    if data == "fx" and not list(labels.rglob(ANNOTATION)):
        labels = Path(shutil.copytree(labels, folder / "labels", dirs_exist_ok=True))
        made_times(labels)
    with Spent("import"):
        found = bring(data, labels, folder / "videos", folder / "lib")
    print(f"{found.imported.card.coverage}; left out: {found.imported.left_out}")
    with Spent("features written"):
        write_made_features(Layout(folder / "lib"), 2 if data == "tennis" else 1)


def tables(folder: Path, names: list[str], epochs: int) -> None:
    print("| what | clock | processor | peak |\n|---|---|---|---|")
    options = Options(fresh=True, epochs=epochs, detector="laptop")
    for name in names:
        columns = open_columns([find_library(folder / "lib")], subsets=1)
        with Spent(name):
            table = measure_table(name, columns, rows_of_each([name], [JOINTS2D])[name], options, 1)
        print([cell.ours if cell.ours is not None else cell.reason for cell in table.lines[0].cells])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    kinds = parser.add_subparsers(dest="kind", required=True)
    one = kinds.add_parser("library")
    one.add_argument("folder", type=Path)
    one.add_argument("data", choices=["fs", "tennis", "fx"])
    one.add_argument("--labels", type=Path, required=True)
    one.add_argument("--meta", type=Path, required=True)
    two = kinds.add_parser("tables")
    two.add_argument("folder", type=Path)
    two.add_argument("names", nargs="+")
    two.add_argument("--epochs", type=int, default=1)
    given = parser.parse_args()
    if given.kind == "library":
        library(given.folder, given.data, given.labels, given.meta)
    else:
        tables(given.folder, given.names, given.epochs)


if __name__ == "__main__":
    main()
