"""A library at work for hours, with all that happens to one: it must end whole.

    python benchmarks/soak.py --videos 1000 --rounds 20 --seed 1     (within an hour on two cores)
    python benchmarks/soak.py --videos 6 --rounds 4                  (some minutes)
    python benchmarks/soak.py --videos 30 --rounds 8 --small-disk    (as root on Linux)

Each round adds a share of the videos and starts a run to the features of a teacher, to the crops, or to those
of a student, whose training takes eight steps. While it works, labels are added and removed, searches are
made, and files are replaced, taken away and brought back, all drawn by the seed. Then the run is killed
(SIGKILL) or asked to end (SIGTERM), a file is damaged, or nothing happens. All is counted, and no step
depends on the clock.

At the end everything is brought back, one run is left to end, and these must hold: the run is complete,
`vpd check --deep` finds nothing damaged, `vpd status` finds nothing to do, every label that was added and not
removed is there, once, no unfinished file is left, and no command ended with a traceback or an unexpected
error. With ``--small-disk`` the library lies on a small file system in memory, which is all but full in
every second round: then commands may fail, with the message of a full disk and with no other.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.outcomes import report
from tests.pipeline.disks import filled, small_disk
from tests.pipeline.made import BASE, TRAINER, make_video, write_boxes, write_given_poses
from vpd.library.artefact import write_text
from vpd.library.layout import Layout

FRAMES = 12
ESTIMATED = 10
"""Of so many videos the poses of one are estimated; of the others they are given, which takes less time."""
DISK_MB = 600
"""Room for a student and the two checkpoints that a training has for a moment, 330 MB."""
FREE = 60_000
"""Bytes that are left at most in a round with a full disk."""
EDITS = 5
"""Edits, searches and mishaps while one run works."""
STEPS = ("teach", "crop", "embed")
"""What a run does, with all before it."""
SETTINGS = BASE.replace("averages", "resnet18") + 'inputs = ["rgb"]\n[crop]\nsize = 32\n'
"""A student that is trained and asked quickly, and that a command knows."""


@dataclass
class Soak:
    """The library, the labels that must be in it, and what became of the commands."""

    root: Path
    videos: Path
    rng: np.random.Generator
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    away: dict[Path, Path] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)
    full: bool = False

    @property
    def layout(self) -> Layout:
        """The library's paths."""
        return Layout(self.root)

    def vpd(self, *words: str) -> subprocess.Popen[str]:
        """Start a command."""
        command = [sys.executable, "-m", "vpd", *words, "--library", str(self.root)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def end(self, process: subprocess.Popen[str], what: str) -> tuple[int, str]:
        """Wait for a command; an unexpected end is noted."""
        out, err = process.communicate()
        self.counts[what] += 1
        if "Traceback" in err or "Unexpected" in err:
            self.wrong.append(f"{what}: {err[-400:]}")
        if "No space left" in out + err or ("disk is full" in out + err and not self.full):
            self.wrong.append(f"{what}: another message of a full disk: {(out + err)[-400:]}")
        self.counts["full disk said"] += "disk is full" in out + err
        return process.returncode, out

    def call(self, what: str, *words: str) -> tuple[int, str]:
        """A command from start to end."""
        return self.end(self.vpd(*words), what)

    def add_videos(self, count: int) -> None:
        """Make videos, and put them into the library."""
        for _ in range(count):
            name = f"v{len(self.made):04d}"
            make_video(self.videos / f"{name}.mp4", seed=len(self.made), frames=FRAMES)
            write_boxes(self.layout, name, frames=FRAMES)
            if len(self.made) % ESTIMATED:
                write_given_poses(self.layout, name, len(self.made), FRAMES)
            self.made.append(name)
        self.call("scan", "scan", str(self.videos))

    def a_video(self) -> str:
        """One of the videos, drawn."""
        return str(self.rng.choice(self.made))

    def edit(self) -> None:
        """Add a label, or remove one."""
        if self.labels and self.rng.random() < 0.3:
            gone = str(self.rng.choice(sorted(self.labels)))
            if self.call("label removed", "labels", "remove", gone)[0] == 0:
                del self.labels[gone]
            return
        start = round(float(self.rng.uniform(0, 0.2)), 3)
        span = f"{self.a_video()}@{start}-{round(start + 0.2, 3)}"
        code, out = self.call("label added", "labels", "add", span, "a", "--json")
        if code == 0:
            self.labels.update({label["id"]: span for label in json.loads(out)["labels"]})

    def mishap(self) -> None:
        """Replace a video, take one away, or bring one back."""
        path, kind = self.videos / f"{self.a_video()}.mp4", int(self.rng.integers(0, 3))
        if kind == 0 and path.exists():
            make_video(path, seed=int(self.rng.integers(10_000, 20_000)), frames=FRAMES)
            self.counts["video replaced"] += 1
        elif kind == 1 and path.exists():
            # Elsewhere, as on a disk that was taken out: in its folder a scan would find it as a moved video.
            self.away[path] = self.videos.with_name("away") / path.name
            self.away[path].parent.mkdir(exist_ok=True)
            path.replace(self.away[path])
            self.counts["video taken away"] += 1
        elif self.away:
            self.bring_back(sorted(self.away)[0])

    def bring_back(self, path: Path) -> None:
        """Put a video that was taken away into its place."""
        self.away.pop(path).replace(path)
        self.counts["video brought back"] += 1

    def damage(self) -> None:
        """Turn a bit of an artefact."""
        files = sorted(p for p in self.root.rglob("*") if p.suffix in (".parquet", ".arrow"))
        if files:
            path = files[int(self.rng.integers(0, len(files)))]
            place = int(self.rng.integers(0, path.stat().st_size))
            with path.open("rb+") as file:
                file.seek(place)
                (byte,) = file.read(1)
                file.seek(place)
                file.write(bytes([byte ^ 0x40]))
            self.counts["file damaged"] += 1

    def round(self) -> None:
        """One run, with all that happens beside it."""
        run = self.vpd(str(self.rng.choice(STEPS)), "-j", "2")
        for _ in range(EDITS):
            kind = int(self.rng.integers(0, 4))
            if kind <= 1:
                self.edit()
            elif kind == 2:
                video = self.a_video()
                self.call("search", "search", f"{video}@0-0.4", "--uncut", "--json")
            else:
                self.mishap()
        ending = int(self.rng.integers(0, 4))
        if ending <= 1 and run.poll() is None:
            run.send_signal(signal.SIGKILL if ending == 0 else signal.SIGTERM)
            self.counts["run killed" if ending == 0 else "run asked to end"] += 1
        self.end(run, "run")
        if ending == 2:
            self.damage()

    def finish(self) -> None:
        """Bring all back, run to the end, and look whether the library is whole."""
        for path in sorted(self.away):
            self.bring_back(path)
        for step in STEPS:
            code, out = self.call("last run", step, "-j", "2", "--json")
            if code != 0:
                self.wrong.append(f"the last run: {out[-400:]}")
        if self.call("check", "check", "--deep")[0] != 0:
            self.wrong.append("check --deep: something is damaged")
        found = {
            words[0]: self.call(words[0], *words, "--json")
            for words in (("status",), ("labels", "list"), ("search", "v0000@0-0.4", "--uncut", "-f", "vpd"))
        }
        if any(code for code, _ in found.values()):
            self.wrong.append(f"at the end: {found}"[:600])
            return
        self.judge(json.loads(found["status"][1]))
        there = [x["id"] for x in json.loads(found["labels"][1])["labels"]]
        if sorted(there) != sorted(self.labels):
            self.wrong.append(f"labels: {len(there)} there, {len(self.labels)} were kept")
        parts = [p.name for p in self.root.rglob("*.part")]
        if parts:
            self.wrong.append(f"unfinished files: {parts[:5]}")

    def judge(self, state: dict[str, Any]) -> None:
        """Note where a status says that the library is not whole."""
        due = [video for video, row in state["videos"].items() if row["due"]]
        unfinished = due or state["student"]["due"] or state["set_aside"] or state["missing"]
        if unfinished or len(state["videos"]) != len(self.made):
            many = f"{len(state['videos'])} of {len(self.made)} videos"
            self.wrong.append(f"status: {unfinished}, {many}")


def main() -> int:
    """Work, and say whether the library is whole; 1 where it is not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--small-disk", action="store_true", help="on a small disk that fills up")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        place = Path(folder) / "disk"
        place.mkdir()
        if given.small_disk:
            stack.enter_context(small_disk(place, DISK_MB))
        soak = Soak(place / "lib", Path(folder) / "videos", np.random.default_rng(given.seed))
        soak.videos.mkdir()
        soak.root.mkdir(parents=True)
        write_text(SETTINGS, soak.layout.settings)
        write_text(TRAINER, soak.root / "trainer.toml")
        said = 0
        for number in range(given.rounds):
            so_far = given.videos * (number + 1) // given.rounds
            soak.add_videos(so_far - len(soak.made))
            soak.full = given.small_disk and number % 2 == 1
            if soak.made:
                with filled(place, int(soak.rng.integers(0, FREE))) if soak.full else nullcontext():
                    soak.round()
            soak.full = False
            print(
                f"round {number + 1}: {len(soak.made)} videos", *soak.wrong[said:], sep="\n", file=sys.stderr
            )
            said = len(soak.wrong)
        soak.finish()
    return report("times", soak.counts, soak.wrong)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    sys.exit(main())
