"""What grows with the number of videos: status, a run with nothing to do, label check, search, the server.

    python benchmarks/scale.py [--videos 1000 10000 100000] [--folder FOLDER] [--only status run ...]

A made-up library: all videos are links to one file and have one content key, so their artefacts are links to
one file a step, with the recipes that a run would give them. Each has a label, and features of 10 s. What
is measured is the table, its rows and the files that must be looked at. Each measurement is a process of its
own: seconds by the clock, of processor time, and its largest memory; twice, as a first run takes note of what
is up to date, and a first search makes the index.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa

from vpd.library.artefact import write_arrow, write_parquet
from vpd.library.features import CONTENT, write_features
from vpd.library.layout import Layout
from vpd.library.videos import OK, VideoRow, Videos
from vpd.pipeline.due import notes_of
from vpd.pipeline.run import open_sources
from vpd.pipeline.scan import FOR_THE_TABLE, FOUND
from vpd.pipeline.table import outputs
from vpd.settings.toml import HEADER
from vpd.types import FeatureSequence

KEY = "0123456789abcdef" * 2
LINKS = 50_000
"""Names that one file may have; file systems allow 65,000."""
FRAMES, FPS, D = 250, 25, 64
VIDEO_BYTES = 1_000_000
STEPS = ("scan", "track", "pose", "crop", "teach")


def name_of(number: int) -> str:
    """The id of a made-up video."""
    return f"game_{number // 20:05}_{number % 20:02}"


def row_of(root: Path, number: int, mtime_ns: int) -> VideoRow:
    """The row of a made-up video."""
    name = name_of(number)
    return VideoRow(
        name, f"{root}/footage/{name}.mp4", f"footage/{name}.mp4", VIDEO_BYTES, mtime_ns, KEY,
        1280, 720, 0, FPS, 1, FRAMES, 0.0, FRAMES / FPS, FRAMES / FPS, OK,
    )  # fmt: skip


def link(path: Path, names: Sequence[str]) -> None:
    """Each of ``names`` as another name of a file, or of a copy where it has as many as it may."""
    state = path.stat()
    for first in range(0, len(names), LINKS):
        copy = path.with_name(f"{path.name}-{first}")
        copy.write_bytes(path.read_bytes())
        os.utime(copy, ns=(state.st_atime_ns, state.st_mtime_ns))
        for name in names[first : first + LINKS]:
            os.link(copy, name)


def make(root: Path, count: int, noted: bool) -> Layout:
    """The library of so many videos; with ``noted``, with what a run notes at its end."""
    layout = Layout(root)
    root.mkdir(parents=True, exist_ok=True)
    layout.settings.write_text(HEADER, encoding="utf-8")
    store = root / "store"
    store.mkdir()
    (root / "footage").mkdir()
    video = store / "video"
    with video.open("wb") as file:
        file.truncate(VIDEO_BYTES)
    rows = [row_of(root, number, video.stat().st_mtime_ns) for number in range(count)]
    link(video, [row.path for row in rows])
    Videos(layout, rows).write()
    sources, first = open_sources(layout), rows[0]
    for step in STEPS:
        for output in outputs(sources, first.video, step):
            notes = (
                {name: getattr(first, name) for name in (*FOUND, *FOR_THE_TABLE)} if step == "scan" else {}
            )
            recipe = replace(output.recipe, notes=notes or {CONTENT: KEY})
            if step == "teach":
                rng = np.random.default_rng(0)
                at, ones = np.arange(FRAMES), np.ones(FRAMES)
                values = np.cumsum(rng.standard_normal((FRAMES, 2, D)), axis=0)
                sequence = FeatureSequence(first.video, 0, at, at / FPS, values, ones > 0, ones)
                write_features(output.path, [sequence], D, recipe)
            else:
                table = pa.table({"frame": np.arange(FRAMES), "time_s": np.arange(FRAMES) / FPS})
                (write_arrow if output.path.suffix == ".arrow" else write_parquet)(table, output.path, recipe)
            kept = store / f"{output.path.parent.name}-{output.path.name}"
            output.path.rename(kept)
            link(kept, [f"{output.path.parent}/{row.video}{kept.suffix}" for row in rows])
    if noted:
        notes = notes_of(sources)
        for row in rows:
            for step in STEPS:
                paths = [output.path for output in outputs(sources, first.video, step)]
                notes.keep(row, step, [path.with_name(f"{row.video}{path.suffix}") for path in paths])
        notes.write(rows)
    lines = [
        "video,start_s,end_s,label",
        *(f"{row.video},1.0,2.0,{'ab'[i % 2]}" for i, row in enumerate(rows)),
    ]
    layout.labels.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return layout


def status(layout: Layout) -> None:
    from vpd.pipeline.status import status as look

    found = look(layout)
    assert not any(step.due for name, step in found.steps.items() if name in STEPS), found.steps


def run(layout: Layout) -> None:
    from vpd.pipeline.run import run as do

    report = do(layout, ["teach", "crop"])
    assert not report.missing, report


def check(layout: Layout) -> None:
    from vpd.verbs.label_check import CheckRequest
    from vpd.verbs.label_check import check as look

    look(layout, CheckRequest())


def search(layout: Layout) -> None:
    from vpd.verbs.search import SearchRequest
    from vpd.verbs.search import search as find

    result = find(layout, SearchRequest(["game_00000_00@1-2.6#0"], uncut=True, top=5))
    assert result.hits


MEASURED: dict[str, Callable[[Layout], None]] = {
    "status": status,
    "run": run,
    "check": check,
    "search": search,
}


def peak_mb(process: int) -> float:
    """The largest memory of a process. `resource` would count that of the process that started it, too."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def served(layout: Layout) -> dict[str, float]:
    """Seconds to the address, and to the first answer about the library: by the clock, and processor time."""
    command = [sys.executable, "-m", "vpd", "serve", "--no-open", "--library", str(layout.root)]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        address = ""
        for line in process.stdout or ():
            if "http" in line:
                address = line[line.index("http") :].split()[0]
                break
        started = time.perf_counter() - start
        with urllib.request.urlopen(f"{address}api/library") as answer:
            size = len(answer.read())
        answered = time.perf_counter() - start
        peak, spent = peak_mb(process.pid), sum(psutil.Process(process.pid).cpu_times()[:2])
    finally:
        process.terminate()
        process.wait()
    return {
        "address_s": started,
        "library_s": answered,
        "processor_s": spent,
        "answer_mb": size / 1e6,
        "peak_mb": peak,
    }


def one(what: str, layout: Layout) -> None:
    """Do one thing, and print what it took."""
    wall, spent = time.perf_counter(), time.process_time()
    MEASURED[what](layout)
    row = {
        "wall_s": round(time.perf_counter() - wall, 2),
        "processor_s": round(time.process_time() - spent, 2),
        "start_s": round(spent, 2),
        "peak_mb": round(peak_mb(os.getpid())),
    }
    print(json.dumps(row))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--videos", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--folder", type=Path)
    parser.add_argument(
        "--noted", action="store_true", help="write the notes of a first run, and leave it out"
    )
    parser.add_argument(
        "--only",
        nargs="+",
        choices=[*MEASURED, "serve"],
        default=["run", "status", "check", "search", "serve"],
    )
    parser.add_argument("--one", choices=list(MEASURED), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        one(args.one, Layout(args.folder))
        return
    with tempfile.TemporaryDirectory(dir=args.folder) as scratch:
        for count in args.videos:
            start = time.perf_counter()
            layout = make(Path(scratch) / str(count), count, args.noted)
            print(f"{count:,} videos, made in {time.perf_counter() - start:.0f} s", flush=True)
            for what in args.only:
                if what == "serve":
                    print("  serve", json.dumps(served(layout)), flush=True)
                    continue
                command = [sys.executable, __file__, "--one", what, "--folder", str(layout.root)]
                for which in ("first", "again"):
                    done = subprocess.run(command, capture_output=True, text=True, check=False)
                    said = done.stdout.strip() or done.stderr[-500:]
                    print(f"  {what}, {which}: {said}", flush=True)


if __name__ == "__main__":
    main()
