"""The work on one video, in this process or a worker: the same function in both."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from vpd.errors import CancelledError, DiskFullError, LibraryGoneError, LockedError, StoreError, VpdError
from vpd.library.layout import Layout
from vpd.library.lock import locked
from vpd.library.videos import VideoRow, Videos
from vpd.library.within import within
from vpd.pipeline.passes import StepFailedError, Watcher
from vpd.pipeline.scan import scan
from vpd.pipeline.sources import Output, Sources, Work
from vpd.pipeline.table import STEPS, due_outputs, outputs
from vpd.refusals import refusal_and_place
from vpd.settings import Settings

ENDS_ALL = (DiskFullError, LibraryGoneError, StoreError, CancelledError)
"""Errors after which no other task is begun."""
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
    fatal : the kind of error after which no other task can succeed; None for none.
    busy : the artefact that another process is making; the task is repeated after that.
    """

    video: str
    row: VideoRow
    seconds: dict[str, float] = field(default_factory=dict)
    error: str = ""
    fatal: type[VpdError] | None = None
    busy: Path | None = None


def _reason(error: Exception) -> str:
    if isinstance(error, VpdError):
        return str(error)
    if os.environ.get("VPD_DEBUG") == "1":
        traceback.print_exception(error)
    unexpected = f"unexpected {type(error).__name__}: {error} (VPD_DEBUG=1 shows where)"
    return str(refusal_and_place(error) or unexpected)


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
    with within(task.root):
        return _perform(task, progress)


def _perform(task: Task, progress: ProgressMs) -> Outcome:
    layout = Layout(task.root)
    videos = Videos(layout, [task.row])
    sources = Sources(layout, task.settings, videos)
    outcome = Outcome(task.row.video, task.row)
    work = Work(sources, task.row.video, task.threads, lambda _: None)
    passes = _passes(task.steps)
    if len(passes) > 1 and task.row.frames:
        work = replace(work, pictures=work.to_keep(again=any(STEPS[n].watch for p in passes[1:] for n in p)))
    for names in passes:
        cost_ms, told_ms = sum(STEPS[name].cost_ms for name in names), 0.0

        def tell(frames: int, cost_ms: float = cost_ms) -> None:
            nonlocal told_ms
            told_ms += frames * cost_ms
            progress(frames * cost_ms)

        name = names[0]
        try:
            outcome.seconds |= _done(outcome, names, replace(work, progress=tell))
            if outcome.row.error:
                return outcome
        except _BusyError as busy:
            outcome.busy = busy.path
            return outcome
        except CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - one video's failure, of whatever kind, must not end the run
            cause = error.__cause__ if isinstance(error, StepFailedError) else error
            name = error.step if isinstance(error, StepFailedError) else name
            outcome.error = f"{name}: {_reason(cause)}"  # type: ignore[arg-type]  # one with a cause
            outcome.fatal = next((kind for kind in ENDS_ALL if isinstance(cause, kind)), None)
            return outcome
        progress(max(task.row.frames, 1) * cost_ms - told_ms)
    return outcome


def _passes(steps: Sequence[str]) -> list[tuple[str, ...]]:
    """The steps in order; those next to each other that look at the frames one by one are done together."""
    passes: list[tuple[str, ...]] = []
    for name in steps:
        if passes and STEPS[name].watch and STEPS[passes[-1][-1]].watch:
            passes[-1] = (*passes[-1], name)
        else:
            passes.append((name,))
    return passes


def _done(outcome: Outcome, names: tuple[str, ...], work: Work) -> dict[str, float]:
    """Do the steps of one pass; the seconds that each took, none of one that was done already.

    Raises StepFailedError for a step of several.
    """
    sources, video, began = work.sources, work.video, time.perf_counter()
    if STEPS[names[0]].make is None:
        with _in_hand(outputs(sources, video, names[0])):
            outcome.row = scan(sources, video)
        return {} if outcome.row.error else {names[0]: time.perf_counter() - began}
    due = {name: due_outputs(sources, video, name) for name in names}
    with _in_hand([output for wanted in due.values() for output in wanted]):
        # Another run may have made them meanwhile.
        due = {name: wanted for name in due if (wanted := due_outputs(sources, video, name))}
        seconds: dict[str, float] = {}
        watchers: dict[str, Watcher] = {}
        for name, wanted in due.items():
            began = time.perf_counter()
            step = STEPS[name]
            try:
                watcher = step.watch(work, wanted) if step.watch and len(due) > 1 else None
                if watcher is not None:
                    watchers[name] = watcher
                elif step.make is not None:
                    step.make(work, wanted)
            except (CancelledError, StepFailedError):
                raise
            except Exception as error:
                raise StepFailedError(name) from error
            seconds[name] = time.perf_counter() - began
        if watchers:
            spent = work.show(watchers)
            seconds |= {name: seconds[name] + spent[name] for name in spent}
    return seconds
