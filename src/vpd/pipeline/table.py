"""The steps in order: their inputs, their artefacts, and the functions that make them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from vpd.errors import unknown_name
from vpd.pipeline import crop, embed, pose, scan, teach, track
from vpd.pipeline.passes import Watcher
from vpd.pipeline.sources import Output, Sources, Work


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes
    ----------
    about : for the user.
    needs : the steps whose artefacts it reads.
    cost_ms : approximate milliseconds of one core a frame, as measured in docs/scale.md. Only the estimate of
        a run's end uses them.
    outputs : the artefacts of one video, and what they would be made from now.
    make : makes those that are wanted. None for steps that are not done video by video by this table: `scan`,
        which finds out what the others start from, and `distill`, which is of the whole library.
    watch : the same for a step that looks at each frame once and needs no other step of its kind: what does
        so, or None where no frame is needed. Such steps share one pass over the frames.
    """

    name: str
    about: str
    needs: tuple[str, ...]
    cost_ms: float
    outputs: Callable[[Sources, str], list[Output]] | None = None
    make: Callable[[Work, list[Output]], None] | None = None
    watch: Callable[[Work, list[Output]], Watcher | None] | None = None


_STEPS = (
    Step(
        "scan",
        "decode every video once: size, orientation, the time of each frame, where to enter",
        (),
        2,
        scan.outputs,
    ),
    Step("track", "find and follow the athletes", ("scan",), 8, track.outputs, track.make),
    Step(
        "pose",
        "estimate 17 joints of each athlete in each frame",
        ("track",),
        21,
        pose.outputs,
        pose.make,
        pose.watch,
    ),
    Step(
        "crop",
        "cut the square around each athlete, with its flow",
        ("track",),
        4,
        crop.outputs,
        crop.make,
        crop.watch,
    ),
    Step(
        "teach",
        "make the weak pose features that a student learns",
        ("pose",),
        0.1,
        teach.outputs,
        teach.make,
    ),
    Step("distill", "train the student on crops and weak features", ("crop", "teach"), 0),
    Step("embed", "make the student's features", ("crop", "distill"), 17, embed.outputs, embed.make),
)

STEPS = {step.name: step for step in _STEPS}


def step(name: str) -> Step:
    """The step called ``name``. Raises InputError for an unknown one."""
    if name not in STEPS:
        raise unknown_name("step", name, STEPS)
    return STEPS[name]


def with_needs(names: Iterable[str]) -> list[str]:
    """The steps and all that they depend on, in order."""
    wanted: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted.add(name)
            waiting += step(name).needs
    return [name for name in STEPS if name in wanted]


def outputs(sources: Sources, video: str, name: str) -> list[Output]:
    """The artefacts of one step for one video, up to date or not; none of `distill`, which belongs to no
    video.
    """
    found = step(name).outputs
    return found(sources, video) if found else []


def due_outputs(sources: Sources, video: str, name: str) -> list[Output]:
    """The artefacts of one step for one video that are missing or out of date."""
    return [output for output in outputs(sources, video, name) if not output.current]
