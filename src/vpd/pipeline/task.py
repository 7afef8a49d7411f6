"""The work on one video, in this process or a worker: the same function in both."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from vpd.errors import CancelledError, DiskFullError, LockedError, VpdError
from vpd.library.layout import Layout
from vpd.library.lock import locked
from vpd.library.videos import VideoRow, Videos
from vpd.pipeline.scan import scan
from vpd.pipeline.sources import Output, Sources, Work
from vpd.pipeline.table import STEPS, due_outputs, outputs
from vpd.settings import Settings

ProgressMs = Callable[[float], None]
"""A function that receives the completed part of the estimated work, in milliseconds of one core."""


@dataclass(frozen=True)
class Task:
    """Steps, in order, to run on one video. ``scan`` is always alone.

    ``threads`` is the number of cores that it uses, ``gpus`` the share of a GPU that it holds on a cluster.
    """

    root: Path
    settings: Settings
    row: VideoRow
    steps: tuple[str, ...]
    threads: int
    gpus: float = 0.0

    @property
    def cost_ms(self) -> float:
        """The approximate cost in milliseconds of one core."""
        return max(self.row.frames, 1) * sum(STEPS[name].cost_ms for name in self.steps)


@dataclass
class Outcome:
    """The result of a task.

    Attributes
    ----------
    error : step and reason, "" where all went well.
    fatal : no other task can succeed.
    busy : the artefact that another process is making; the task is to be taken up again after that.
    """

    video: str
    row: VideoRow
    seconds: dict[str, float] = field(default_factory=dict)
    error: str = ""
    fatal: bool = False
    busy: Path | None = None


def _reason(error: Exception) -> str:
    if isinstance(error, VpdError):
        return str(error)
    if os.environ.get("VPD_DEBUG") == "1":
        traceback.print_exception(error)
    if isinstance(error, MemoryError):
        return "the memory did not suffice"
    return f"unexpected {type(error).__name__}: {error} (VPD_DEBUG=1 shows where)"


class _BusyError(Exception):
    """Another process is making the artefact ``path``."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.path = path


@contextmanager
def _in_hand(outputs: Sequence[Output]) -> Iterator[None]:
    """Hold the locks of the artefacts, so that no other run makes the same ones.

    Raises _BusyError where another process holds one, or has taken one over meanwhile, as from a computer
    that slept: what it makes is the same.
    """
    try:
        with ExitStack() as stack:
            for output in outputs:
                try:
                    stack.enter_context(locked(output.path, wait_s=0))
                except LockedError as error:
                    raise _BusyError(output.path) from error
            yield
    except LockedError as error:
        raise _BusyError(outputs[0].path) from error


def perform(task: Task, progress: ProgressMs) -> Outcome:
    """Run the steps. An error ends the task and is part of the outcome. Only CancelledError is raised."""
    layout = Layout(task.root)
    videos = Videos(layout, [task.row])
    sources = Sources(layout, task.settings, videos)
    video = task.row.video
    outcome = Outcome(video, task.row)
    for name in task.steps:
        started = time.perf_counter()
        cost_ms, told_ms = STEPS[name].cost_ms, 0.0

        def tell(frames: int, cost_ms: float = cost_ms) -> None:
            nonlocal told_ms
            told_ms += frames * cost_ms
            progress(frames * cost_ms)

        try:
            make = STEPS[name].make
            with _in_hand(
                outputs(sources, video, name) if make is None else due_outputs(sources, video, name)
            ):
                if make is None:
                    outcome.row = scan(sources, video)
                    if outcome.row.error:
                        return outcome
                else:
                    wanted = due_outputs(sources, video, name)
                    if not wanted:  # another run has made them meanwhile
                        continue
                    make(Work(sources, video, task.threads, tell), wanted)
        except _BusyError as busy:
            outcome.busy = busy.path
            return outcome
        except CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - one video's failure, of whatever kind, must not end the run
            outcome.error = f"{name}: {_reason(error)}"
            outcome.fatal = isinstance(error, DiskFullError)
            return outcome
        outcome.seconds[name] = time.perf_counter() - started
        progress(max(task.row.frames, 1) * cost_ms - told_ms)
    return outcome
