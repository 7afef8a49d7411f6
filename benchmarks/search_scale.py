"""Uncut search by the index against every frame: recall and work on real features, time and memory at size.

    python benchmarks/search_scale.py recall NAME=FOLDER ... [--penn FOLDER] [--top 50] [--seconds 0.5 1 2]
    python benchmarks/search_scale.py size [--hours 1500] [--distinct 60] [--folder FOLDER]

`recall`: FOLDER holds feature files (`features/vipe-window` of a library); --penn embeds Penn Action by
`vipe-window`. Queries are random spans. A result of the exact search counts as found where the index leads to
one with the same end. Work is processor time, and frames compared exactly as a share of all; a library of a
few minutes has no room for 50 results in a tenth of its frames.

`size`: videos of an hour of one athlete, d = 64, of smooth noise. Only --distinct of them are files of
their own, the others are links to these, so that 71 GB of features fit a small disk; the index has the slots
of all. Each query runs in a process of its own; times include opening the index and comparing its checksums.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vpd.errors import InputError
from vpd.library.artefact import Recipe
from vpd.library.features import write_features
from vpd.library.index_file import IndexedStream
from vpd.library.layout import Layout
from vpd.search.coarse import Basis
from vpd.search.likely import LIKELY
from vpd.search.streams import Stream
from vpd.search.uncut import search_uncut
from vpd.sequences import FeatureStore
from vpd.settings.search import SearchSettings
from vpd.types import FeatureSequence, Segment
from vpd.verbs import search_index
from vpd.verbs.search_index import index_videos, likely_windows
from vpd.verbs.streams import read_streams
from vpd.verbs.uncut import search_videos

NAME, FPS, D = "features", 25.0, 64
VIDEO_FRAMES = 90_000


def linked(folder: Path, root: Path) -> Layout:
    """A library of the feature files in a folder."""
    layout = Layout(root)
    target = layout.features(NAME, "x").parent
    target.parent.mkdir(parents=True)
    target.symlink_to(folder.resolve())
    return layout


def penn(folder: Path, root: Path) -> Layout:
    """Penn Action's sequences, a hundred a video, each an athlete, by `vipe-window`."""
    import torch

    from vpd.teachers.vipe.model import mirrored_2d
    from vpd.teachers.vipe_window.model import VipeWindow
    from vpd.teachers.vipe_window.window import window_rows

    with np.load(folder / "penn_action.npz") as data:
        keypoints, offsets = data["keypoints"], data["offsets"]
    model = VipeWindow.load()
    frames = np.arange(len(keypoints)) + np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    rows = window_rows(frames, frames / 30, model.card.offsets_s)
    seen = (keypoints[..., 2] > 0).astype(np.float32)
    sides = []
    for xy, visible in ((keypoints[..., :2], seen), mirrored_2d(keypoints[..., :2], seen)):
        parts = np.array_split(rows, len(rows) // 4096)
        made = [model.embed(torch.from_numpy(xy[p]), torch.from_numpy(visible[p])).numpy() for p in parts]
        sides.append(np.concatenate(made))
    values = np.stack(sides, axis=1)
    layout = Layout(root)
    with (folder / "index.csv").open(encoding="utf-8") as file:
        count = sum(1 for _ in csv.DictReader(file))
    for first in range(0, count, 100):
        sequences = []
        for i in range(first, min(first + 100, count)):
            n = int(offsets[i + 1] - offsets[i])
            at, ones = np.arange(n), np.ones(n)
            own = values[offsets[i] : offsets[i + 1]]
            sequences.append(FeatureSequence(f"penn{first}", i, at, at / 30, own, ones > 0, ones))
        write_features(layout.features(NAME, f"penn{first}"), sequences, values.shape[2], Recipe("made", 1))
    return layout


def queries(store: FeatureStore, streams: Sequence[Stream], seconds: float, count: int) -> list[Segment]:
    """Random spans of athletes."""
    rng = np.random.default_rng(0)
    long = [s for s in streams if s.times_s[-1] - s.times_s[0] > seconds]
    weights = np.array([len(s) for s in long], float)
    found: list[Segment] = []
    while len(found) < count:
        stream = long[rng.choice(len(long), p=weights / weights.sum())]
        start = float(rng.uniform(stream.times_s[0], stream.times_s[-1] - seconds))
        segment = Segment(stream.video, start, start + seconds, stream.athlete)
        try:
            if store.segment(segment).valid.all():
                found.append(segment)
        except InputError:
            continue
    return found


def recall(layout: Layout, label: str, top: int, lengths: Sequence[float], count: int) -> None:
    """Print a row for each length of queries."""
    store, settings = FeatureStore(layout, NAME), SearchSettings(top=top, sides="same")
    streams = [stream for video in store.videos() for stream in read_streams(layout, NAME, video)]
    index, total = index_videos(layout, NAME), sum(map(len, streams))
    for seconds in lengths:
        shares, firsts, frames, spent = [], [], [], np.zeros(2)
        for segment in queries(store, streams, seconds, count):
            query = [store.segment(segment)]
            clock = [time.process_time()]
            exact = search_uncut(query, streams, settings)
            clock.append(time.process_time())
            windows = likely_windows(index, query, settings, LIKELY * top)
            found = {
                (h.segment.video, h.segment.athlete, round(h.segment.end_s, 3))
                for h in search_uncut(query, windows, settings)
            }
            clock.append(time.process_time())
            same = [(h.segment.video, h.segment.athlete, round(h.segment.end_s, 3)) in found for h in exact]
            shares.append(np.mean(same))
            firsts.append(np.mean(same[:10]))
            frames.append(sum(map(len, windows)) / total)
            spent += np.diff(clock)
        print(
            f"| {label} | {total:,} | {seconds:g} | {np.mean(shares):.3f} | {np.mean(firsts):.3f} | "
            f"{np.mean(frames):.3f} | {1e3 * spent[0] / count:.0f} | {1e3 * spent[1] / count:.0f} |",
            flush=True,
        )


def make(layout: Layout, hours: int, distinct: int) -> None:
    """Feature files of an hour each, and links to them."""
    rng = np.random.default_rng(0)
    at, ones = np.arange(VIDEO_FRAMES), np.ones(VIDEO_FRAMES)
    for number in range(hours):
        path = layout.features(NAME, f"video{number:05}")
        if path.exists():
            continue
        if number >= distinct:
            path.hardlink_to(layout.features(NAME, f"video{number % distinct:05}"))
            continue
        values = rng.standard_normal((VIDEO_FRAMES, 2, D), np.float32) * np.linspace(
            2, 0.1, D, dtype=np.float32
        )
        for _ in range(3):
            values[1:] = 0.5 * (values[1:] + values[:-1])
        sequence = FeatureSequence(path.stem, 0, at, at / FPS, values, ones > 0, ones)
        write_features(path, [sequence], D, Recipe("made", 1))


def index_links(layout: Layout) -> float:
    """Make the index; each file is read once, whatever its links. Returns the seconds that one took."""
    made: dict[int, list[IndexedStream]] = {}
    indexed, spent = search_index._indexed, 0.0

    def once(layout: Layout, name: str, video: str, basis: Basis) -> list[IndexedStream]:
        nonlocal spent
        inode = layout.features(name, video).stat().st_ino
        if inode not in made:
            start = time.process_time()
            made[inode] = indexed(layout, name, video, basis)
            spent += time.process_time() - start
        return [IndexedStream(video, *list(vars(s).values())[1:]) for s in made[inode]]

    search_index._indexed = once
    try:
        index_videos(layout, NAME)
    finally:
        search_index._indexed = indexed
    return spent / max(1, len(made))


def one_query(layout: Layout, seconds: float, exact: bool) -> None:
    """Search, and print what it took as JSON."""
    store = FeatureStore(layout, NAME)
    segment = Segment("video00000", 100.0, 100.0 + seconds, 0)
    query = [store.segment(segment)]
    wall, spent = time.perf_counter(), time.process_time()
    settings = SearchSettings(top=20, exact_up_to=0)
    answer = search_videos(store, query, [segment], settings, exact=exact)
    row = {
        "wall_s": time.perf_counter() - wall,
        "processor_s": time.process_time() - spent,
        "hits": len(answer.hits),
        "exact": answer.exact,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(row))


def size(root: Path, hours: int, distinct: int, exact: bool) -> None:
    """Make the library where it is not there, and search it."""
    layout = Layout(root)
    make(layout, hours, min(hours, distinct))
    each = index_links(layout)
    parts = list(layout.index(NAME).glob("*.arrow"))
    megabytes = sum(path.stat().st_size for path in parts) / 1e6
    print(f"{hours} hours, {hours * VIDEO_FRAMES:,} frames; index {megabytes:,.0f} MB in {len(parts)} files")
    print(f"to index an hour: {each:.2f} s of processor time")
    for seconds in (0.5, 1.6, 4.0):
        for _ in range(2):
            command = [sys.executable, __file__, "one", "--folder", str(root), "--seconds", str(seconds)]
            done = subprocess.run(
                [*command, *(["--exact"] if exact else [])], capture_output=True, text=True, check=True
            )
            print(f"query of {seconds:g} s: {done.stdout.strip()}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=["recall", "size", "one"])
    parser.add_argument("folders", nargs="*", help="NAME=FOLDER of feature files")
    parser.add_argument("--penn", type=Path)
    parser.add_argument("--top", type=int, default=50)
    parser.add_argument("--seconds", type=float, nargs="+", default=[0.5, 1.0, 2.0])
    parser.add_argument("--queries", type=int, default=20)
    parser.add_argument("--hours", type=int, default=1500)
    parser.add_argument("--distinct", type=int, default=60)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--exact", action="store_true", help="size: compare every frame")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        if args.what == "recall":
            print(f"| collection | frames | query, s | of the top {args.top} | of the top 10 | "
                  "frames compared | exact, ms | index, ms |")  # fmt: skip
            print("|---|---|---|---|---|---|---|---|")
            places = dict(text.split("=", 1) for text in args.folders)
            layouts = {name: linked(Path(folder), Path(scratch) / name) for name, folder in places.items()}
            if args.penn:
                layouts["Penn Action"] = penn(args.penn, Path(scratch) / "penn")
            for name, layout in layouts.items():
                recall(layout, name, args.top, args.seconds, args.queries)
        elif args.what == "one":
            one_query(Layout(args.folder), args.seconds[0], args.exact)
        else:
            size(args.folder or Path(scratch), args.hours, args.distinct, args.exact)


if __name__ == "__main__":
    main()
