"""Show the progress of a run: a bar with an estimate of the end, or lines where there is no terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from vpd.cli.common import notices, say_error
from vpd.report.terminal import visible
from vpd.strings import Said
from vpd.verbs.progress import Progress as VerbProgress

LINE_EVERY_S = 30.0
"""Least time in seconds between two lines where there is no terminal."""


class ProgressBar:
    """A listener of runs, as a context manager."""

    def __init__(self) -> None:
        self.bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[videos]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=notices,
            disable=not notices.is_terminal,
        )
        self.task: TaskID | None = None
        self.what, self.videos, self.done, self.total, self.ms = "", 0, 0, 1.0, 0.0
        self.began_at = self.told_at = 0.0

    def __enter__(self) -> ProgressBar:
        self.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.stop()

    def begin(self, what: str, videos: int, cost_ms: float) -> None:
        """See Listener."""
        self.what, self.videos, self.done, self.total, self.ms = what, videos, 0, max(cost_ms, 1e-9), 0.0
        self.began_at = self.told_at = time.monotonic()
        self.task = self.bar.add_task(what, total=self.total, videos=self._count())
        if not notices.is_terminal:
            self.say(f"{what}: {self._count()}".removesuffix(": "))

    def _count(self) -> str:
        return f"{self.done}/{self.videos} videos" if self.videos > 1 else ""

    def advance(self, cost_ms: float) -> None:
        """See Listener."""
        self.ms += cost_ms
        if self.task is not None:
            self.bar.update(self.task, completed=min(self.ms, self.total))
        now = time.monotonic()
        if not notices.is_terminal and now - self.told_at > LINE_EVERY_S and self.ms > 0:
            self.told_at = now
            left_s = (now - self.began_at) * max(0.0, self.total / self.ms - 1)
            done = " ".join(filter(None, [f"{min(1.0, self.ms / self.total):.0%}", self._count()]))
            self.say(f"{self.what}: {done}, {left_s:.0f} s left")

    def ended(self, video: str, error: str) -> None:
        """See Listener."""
        self.done += 1
        if error:
            say_error(f"{video} is set aside: {error}")
        if self.task is not None:
            self.bar.update(self.task, videos=self._count())

    def say(self, text: str) -> None:
        """See Listener."""
        notices.print(visible(text), markup=False)


@contextmanager
def verb_progress(what: str) -> Iterator[VerbProgress]:
    """The progress of one verb: a bar on a terminal, else a line every ``LINE_EVERY_S`` seconds."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    bar = Progress(*columns, TextColumn("left"), TimeRemainingColumn(), console=notices, transient=True)
    bar.disable = not notices.is_terminal
    task = bar.add_task(what, total=1.0)
    told_at = time.monotonic()

    def tell(fraction: float, text: Said) -> None:
        nonlocal told_at
        line = visible(f"{what}: {text}" if text else what)
        bar.update(task, completed=fraction, description=line)
        if not notices.is_terminal and time.monotonic() - told_at > LINE_EVERY_S:
            told_at = time.monotonic()
            notices.print(f"{line} ({fraction:.0%})", markup=False)

    with bar:
        yield VerbProgress(tell)
