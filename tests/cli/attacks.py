"""Commands that are killed, interrupted or run into a full disk at a drawn moment, and what is left.

Each command runs in a fork of this process, so that a try takes as long as the command alone. Moments are
counted and not timed: the n-th time that the command opens, renames or removes a file, so that a seed gives
the same moments on every computer. Shared by the tests and `benchmarks/attack.py`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import numpy as np

import vpd
from tests.pipeline.disks import filled
from vpd.cli import main as cli

EVENTS = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.utime", "os.truncate")
"""What Python reports of a program's work on files."""
GIVEN = ("labels.csv", "athletes.csv", "answers.csv", "vpd.toml", "trainer.toml")
"""What a user wrote: after any end it is as it was before the command, or as the command leaves it."""
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
SAID = {
    getattr(signal, name): code
    for name, code in (("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129))
    if hasattr(signal, name)
}


MOST_LEFT = 8192
"""Bytes that are left at most to a command that takes less, two blocks."""


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code (negative: the signal), what it printed, how many events it had."""

    code: int
    text: str
    events: int


def import_all() -> None:
    """Import what commands import, so that forks need not."""
    for module in walk_packages(vpd.__path__, "vpd."):
        if "__main__" not in module.name:
            import_module(module.name)


def forked(work: Callable[[], Any], stop_at: int = 0, number: int = KILL) -> Ended:
    """Do ``work`` in a fork of this process, which at its ``stop_at``-th event sends itself a signal."""
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as counted:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                os.dup2(said.fileno(), 1)
                os.dup2(said.fileno(), 2)
                sys.stdout, sys.stderr = (os.fdopen(fd, "w", closefd=False) for fd in (1, 2))
                for ignored in SAID:  # nohup ignores them, and so would a command
                    signal.signal(ignored, signal.SIG_DFL)
                seen = 0

                def hook(event: str, arguments: Any) -> None:
                    nonlocal seen
                    if event in EVENTS and signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
                        seen += 1
                        if seen == stop_at:
                            os.kill(os.getpid(), number)

                sys.addaudithook(hook)
                try:
                    code = work() or 0
                except SystemExit as ended:
                    code = int(ended.code or 0)
                os.pwrite(counted.fileno(), str(seen).encode(), 0)
            except BaseException:  # noqa: BLE001 - whatever it is, it is shown
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        _, status = os.waitpid(child, 0)
        said.seek(0)
        counted.seek(0)
        text = said.read().decode(errors="replace")
        return Ended(os.waitstatus_to_exitcode(status), text, int(counted.read() or 0))


def command(words: Iterable[object], **stop: Any) -> Ended:
    """A command of the command line, as `forked`; events count from where it answers signals."""

    def work() -> None:
        sys.argv = ["vpd", *map(str, words)]
        cli.main()

    return forked(work, **stop)


LEFT = {"results", "cache", ".locks", "labels.backup", "athletes.backup", ".noted.parquet"}
TIMED = {"config.json", "history.csv"}
"""Files of a student that say how many seconds its training took."""


def files(root: Path) -> dict[str, bytes]:
    """The files of a library that must be the same after the same work: no results, locks, backups or
    notes of what an earlier command found up to date, which the second of two equal commands writes."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not LEFT & set(path.relative_to(root).parts) and path.name not in TIMED
    }


def given(root: Path) -> dict[str, str]:
    """What the user wrote, without the ids of labels, which are drawn."""
    found = {name: (root / name).read_text() for name in GIVEN if (root / name).is_file()}
    return {name: re.sub(r"\b[0-9a-f]{8,}\b", "", text) for name, text in found.items()}


@dataclass
class Try:
    """One command and where it works: ``base`` is copied to ``root`` before each try.

    Attributes
    ----------
    words : of the command; ROOT, OUT, VIDEO and ID stand for the library, a new folder, a new video, a label.
    again : whether the same command must end well after it was stopped.
    same : whether the library's files must then be those of an undisturbed command.
    """

    words: tuple[str, ...]
    again: bool = True
    same: bool = False


@dataclass(frozen=True)
class Undisturbed:
    """A command that was left alone: its events, the bytes that it took of the disk, the library's files, and
    what was given before and after."""

    events: int
    room: int
    files: dict[str, bytes]
    before: dict[str, str]
    after: dict[str, str]


@dataclass
class Attack:
    """Tries in copies of a library.

    Attributes
    ----------
    base : the library that each try begins with.
    root : where the copy lies; its parent is emptied each time.
    counts, wrong : what happened, and what must not.
    """

    base: Path
    root: Path
    video: Path
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    _undisturbed: dict[tuple[str, ...], Undisturbed] = field(default_factory=dict)

    def fresh(self) -> None:
        """A new copy."""
        for path in self.root.parent.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        shutil.copytree(self.base, self.root)

    def call(self, attempt: Try, **stop: Any) -> Ended:
        """Run the command in the copy."""
        place = self.root.parent
        named = {
            "ROOT": self.root, "VIDEO": self.video, "OUT": place / "out", "OUT.mp4": place / "out.mp4",
            "MORE": self.root / "more.csv",
        }  # fmt: skip
        words = [named.get(word, word) for word in attempt.words]
        if "ID" in words:
            label = self._label()
            words = [label if word == "ID" else word for word in words]
        return command(words, **stop)

    def _label(self) -> str:
        return str(vpd.Library(self.root).list_labels().labels[0].id)

    def undisturbed(self, attempt: Try) -> Undisturbed:
        """The command in a copy, left alone."""
        if attempt.words not in self._undisturbed:
            self.fresh()
            before, used = given(self.root), shutil.disk_usage(self.root).used
            ended = self.call(attempt)
            assert ended.code == 0, (attempt.words, ended.text)
            room = max(MOST_LEFT, shutil.disk_usage(self.root).used - used)
            left = Undisturbed(ended.events, room, files(self.root), before, given(self.root))
            self._undisturbed[attempt.words] = left
        return self._undisturbed[attempt.words]

    def stopped(self, attempt: Try, rng: np.random.Generator, number: int = KILL) -> None:
        """Stop the command at a drawn event, and look at what is left."""
        alone = self.undisturbed(attempt)
        at = int(rng.integers(1, alone.events + 1))
        self.fresh()
        ended = self.call(attempt, stop_at=at, number=number)
        what = f"{' '.join(attempt.words)}, {signal.Signals(number).name} at event {at} of {alone.events}"
        self.counts[f"{signal.Signals(number).name}"] += 1
        if number == KILL:
            if ended.code not in (-number, 0):
                self.wrong.append(f"{what}: exit code {ended.code}: {ended.text[-300:]}")
        elif ended.code not in (SAID[number], 0):
            self.wrong.append(f"{what}: exit code {ended.code}: {ended.text[-300:]}")
        elif ended.code and "What is done is kept" not in ended.text:
            self.wrong.append(f"{what}: does not say what is kept: {ended.text[-300:]}")
        parts = [p.name for p in self.root.rglob("*.part")]
        if number != KILL and parts:
            self.wrong.append(f"{what}: left {parts}")
        self.look(what, attempt, ended, alone, number)

    def full(self, attempt: Try, rng: np.random.Generator) -> None:
        """Run the command on a disk with a drawn number of bytes left, then again on one with room."""
        alone = self.undisturbed(attempt)
        self.fresh()
        free = int(rng.integers(0, alone.room))
        with filled(self.root.parent, free):
            ended = self.call(attempt)
        what = f"{' '.join(attempt.words)}, {free} bytes free"
        self.counts["full disk: " + ("said" if ended.code else "went well")] += 1
        if ended.code and "disk is full" not in ended.text:
            self.wrong.append(f"{what}: another message: {ended.text[-400:]}")
        self.look(what, attempt, ended, alone)

    def look(self, what: str, attempt: Try, ended: Ended, alone: Undisturbed, number: int = 0) -> None:
        """Note what must not be: lost or damaged files, tracebacks, a library that is not mended."""
        if re.search("Traceback|Unexpected", ended.text):
            self.wrong.append(f"{what}: {ended.text[-600:]}")
        for name, text in given(self.root).items():
            if text not in (alone.before.get(name), alone.after.get(name)):
                self.wrong.append(f"{what}: {name} is neither as before nor as after")
        if lost := alone.before.keys() - given(self.root).keys():
            self.wrong.append(f"{what}: lost {lost}")
        checked = command(["check", "--deep", "--json", "-L", self.root])
        if checked.code:
            self.wrong.append(f"{what}: damaged: {checked.text[-600:]}")
        if attempt.again:
            again = self.call(attempt)
            if again.code and number == KILL and "of a command that did not end" in again.text:
                self.counts["then refused: results of a command that did not end"] += 1
            elif again.code:
                self.wrong.append(f"{what}: again: {again.text[-600:]}")
            elif attempt.same and (now := files(self.root)) != alone.files:
                names = now.keys() | alone.files.keys()
                other = sorted(n for n in names if now.get(n) != alone.files.get(n))
                self.wrong.append(f"{what}: other files than those of an undisturbed run: {other[:5]}")
        state = command(["status", "--json", "-L", self.root])
        if state.code or not json.loads(state.text):
            self.wrong.append(f"{what}: status: {state.text[-300:]}")


RUN = (Try(("run", "-j", "1", "-L", "ROOT"), same=True),)
QUICK = 8
"""The first so many of `VERBS` read no features, and take less than a tenth of a second."""
VERBS = tuple(
    Try((*words, "-L", "ROOT"), again, same)
    for words, again, same in (
        (("scan", "VIDEO"), True, True),
        (("labels", "add", "new1@0.2-1#0", "a"), False, False),
        (("labels", "edit", "ID", "--label", "c"), True, False),
        (("labels", "remove", "ID"), False, False),
        (("labels", "import", "MORE"), False, False),
        (("labels", "export", "--format", "boris", "-o", "OUT"), True, False),
        (("athletes", "a1", "--pick", "0.5,20,30"), True, False),
        (("remove", "b2"), False, False),
        (("search", "a1@0.4-1.2", "--page"), True, True),
        (("search", "a1@0.4-1.2", "--clips", "OUT"), True, True),
        (("recognise",), True, True),
        (("evaluate", "-k", "1", "--subsets", "1", "--no-all", "-f", "joints2d"), True, True),
        (("detect", "new1", "--out", "OUT", "--clips", "--at-least", "0.1"), True, True),
        (("compare", "a1@0.4-1.2", "a2@0.4-1.2", "--out", "OUT.mp4"), False, True),
        (("show", "a1@0-0.4"), True, True),
    )
)
"""Every kind of command that writes."""


def registered(folder: Path) -> Path:
    """A library of three videos with given boxes and poses, on which nothing was done; its root."""
    from tests.pipeline.made import made_library, write_given_poses

    names = ["a", "b", "c"]
    layout = made_library(folder, names)
    for seed, name in enumerate(names):
        write_given_poses(layout, name, seed)
    return layout.root


def answering(folder: Path) -> Path:
    """A library on which every command has an answer, with labels to import; its root."""
    from tests.verbs.conftest import answering_library

    layout = answering_library(folder)
    (layout.root / "more.csv").write_text("video,start_s,end_s,label\nnew2,0.2,1,a\n")
    return layout.root
