"""A video of hours run to the end: memory and speed of each step by the share of the video that is done.

    python benchmarks/long_video.py CLIP [--minutes 10 120] [--every 2]

The video is made from a short clip of a person: 60 of its pictures in 1080p, forth and back, as often as the
time takes. A library of this one video is run step by step, each in a process of its own: scan, track, pose
and crop in one pass, a student of a few steps (ResNet-18, crops of 64 pixels, settings below), embed. After
each tenth of a step: frames per second of processor time, and the memory of the process; at its end the
peak. A scan says how far it is at its end alone.

At a frame every two seconds two hours have 3,600 frames. People are looked for in every frame, and gaps of
one frame are closed, so that every frame goes through all steps.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import islice, pairwise
from pathlib import Path

import av
import cv2
import psutil

from vpd.library.layout import Layout
from vpd.library.videos import Videos
from vpd.pipeline.register import add_videos, make_library
from vpd.pipeline.report import Silent
from vpd.pipeline.run import run
from vpd.video import read_frames
from vpd.video.write import OPTIONS, write_timed

SIZE = (1920, 1080)
PICTURES = 60
PARTS: dict[str, tuple[str, ...]] = {
    "scan": ("scan",),
    "track": ("track",),
    "pose + crop": ("pose", "crop"),
    "teach": ("teach",),
    "distill + embed": ("embed",),
}
SETTINGS = """
[track]
lost_s = {0}
max_gap_s = {0}
[crop]
size = 64
[teach]
teachers = ["joints2d"]
[distill]
backbone = "resnet18"
heads = [{{ teacher = "joints2d" }}]
images = 64
epoch_images = 32
trainer = "trainer.toml"
min_score = 0.0
device = "cpu"
"""
TRAINER = "batch = 8\nvalidation_images = 8\n"


def make_video(clip: Path, out: Path, minutes: float, every_s: float) -> None:
    """The clip forth and back in 1080p for so many minutes; packets are repeated, and not encoded again."""
    there = [cv2.resize(frame.rgb, SIZE) for frame in islice(read_frames(clip), PICTURES)]
    loop, once = [*there, *there[::-1]], out.with_suffix(".once.mp4")
    timed = ((i * every_s, rgb) for i, rgb in enumerate(loop))
    write_timed(timed, once, options={**OPTIONS, "bf": "0", "g": "30"})  # no packet refers to a later one
    with av.open(str(once)) as source, av.open(str(out), "w") as file:
        stream = file.add_stream_from_template(source.streams.video[0])
        packets = [(bytes(p), p.is_keyframe, p.time_base) for p in source.demux(video=0) if p.size]
        for i in range(int(minutes * 60 / every_s)):
            content, key, base = packets[i % len(packets)]
            packet = av.Packet(content)
            packet.stream, packet.time_base, packet.is_keyframe = stream, base, key
            packet.pts = packet.dts = round(i * every_s / base)
            file.mux(packet)
    once.unlink()


class Tenths(Silent):
    """Notes about each tenth: the share that is done, processor time in seconds, and memory in MB."""

    def __init__(self) -> None:
        self.total_ms = self.done_ms = 0.0
        self.rows: list[tuple[float, float, float]] = []

    def begin(self, what: str, videos: int, cost_ms: float) -> None:
        self.total_ms, self.done_ms, self.rows = cost_ms, 0.0, []
        self._note()

    def advance(self, cost_ms: float) -> None:
        self.done_ms += cost_ms
        if self.done_ms / self.total_ms >= self.rows[-1][0] + 0.0999:
            self._note()

    def _note(self) -> None:
        memory = psutil.Process().memory_info().rss / 2**20
        self.rows.append((self.done_ms / self.total_ms, time.process_time(), memory))


def peak_mb() -> float:
    """The largest memory of this process. `resource` counts that of the process that started it, too."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def one(part: str, layout: Layout) -> None:
    """Do one part, and print what it took."""
    tenths, began = Tenths(), time.process_time()
    report = run(layout, PARTS[part], listener=tenths)
    assert report.complete, report
    spent = time.process_time() - began
    (row,) = Videos.read(layout).rows.values()
    speeds = [(b[0] - a[0]) * row.frames / (b[1] - a[1]) for a, b in pairwise(tenths.rows)]
    found = {
        "part": part,
        "frames": row.frames,
        "frames_a_s": round(row.frames / spent, 1),
        "by_tenths": [round(speed, 1) for speed in speeds],
        "memory_mb": [round(memory) for _, _, memory in tenths.rows],
        "peak_mb": round(peak_mb()),
    }
    print(json.dumps(found), flush=True)


def make(folder: Path, clip: Path, minutes: float, every_s: float) -> Layout:
    """The library of the one video, where it is not there yet."""
    layout = Layout(folder / f"{minutes:g}-minutes")
    if layout.settings.is_file():
        return layout
    video = folder / f"{minutes:g}.mp4"
    make_video(clip, video, minutes, every_s)
    made = make_library(layout.root)
    add_videos(made, [video])
    made.settings.write_text(SETTINGS.format(1.5 * every_s), encoding="utf-8")
    (made.root / "trainer.toml").write_text(TRAINER, encoding="utf-8")
    return made


def measure(folder: Path, clip: Path, minutes: Sequence[float], every_s: float, parts: Sequence[str]) -> None:
    """Each part of each video in a process of its own."""
    for length in minutes:
        layout = make(folder, clip, length, every_s)
        print(f"{length:g} minutes", flush=True)
        for part in parts:
            command = [sys.executable, __file__, str(clip), "--folder", str(layout.root), "--one", part]
            subprocess.run(command, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("clip", type=Path, help="a short video of one person")
    parser.add_argument("--minutes", type=float, nargs="+", default=[10, 120])
    parser.add_argument("--every", type=float, default=2, help="seconds from one frame to the next")
    parser.add_argument("--folder", type=Path, help="where libraries are kept between calls")
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--one", choices=list(PARTS), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        one(args.one, Layout(args.folder))
    elif args.folder:
        args.folder.mkdir(parents=True, exist_ok=True)
        measure(args.folder, args.clip, args.minutes, args.every, args.parts)
    else:
        with tempfile.TemporaryDirectory() as folder:
            measure(Path(folder), args.clip, args.minutes, args.every, args.parts)


if __name__ == "__main__":
    main()
