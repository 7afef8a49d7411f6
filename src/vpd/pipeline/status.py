"""Find which artefacts of a library are up to date."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from vpd.library.layout import Layout
from vpd.library.videos import SET_ASIDE, Videos
from vpd.pipeline import distill
from vpd.pipeline.due import scan_is_due, stale
from vpd.pipeline.run import needed_steps, open_sources
from vpd.pipeline.table import STEPS


@dataclass
class StepStatus:
    """The videos of one step: done, to do, and without need of it."""

    current: int = 0
    due: int = 0
    spared: int = 0


@dataclass
class VideoStatus:
    """What `vpd status --videos` shows of a video: ``missing`` says why its file is missing ("" where it is
    there), ``due`` names the steps that are to be done.
    """

    path: str
    frames: int
    duration_s: float
    width: int
    height: int
    status: str
    error: str
    warning: str
    about: str
    missing: str
    due: list[str]


@dataclass
class Status:
    """The state of a library.

    Attributes
    ----------
    videos : for each video the values of its `VideoStatus`, by name.
    steps : by name, of the steps that are done video by video.
    student : ``name``; numbers of videos: ``learned_from``, ``removed`` (those of them that are no longer in
        the library), ``new`` (those that a training would add); ``due``: why it must be trained ("" where it
        need not be); ``ended_early``: how far its training came where a time limit ended it ("" else).
    """

    root: str
    videos: dict[str, dict[str, Any]] = field(default_factory=dict)
    steps: dict[str, StepStatus] = field(default_factory=dict)
    student: dict[str, Any] = field(default_factory=dict)

    @property
    def set_aside(self) -> dict[str, str]:
        """Videos that are not usable, with their reasons."""
        return {video: v["error"] for video, v in self.videos.items() if v["status"] == SET_ASIDE}

    @property
    def missing(self) -> dict[str, str]:
        """Videos whose files are not where they were, with the reason."""
        return {video: v["missing"] for video, v in self.videos.items() if v["missing"]}

    @property
    def up_to_date(self) -> bool:
        """Whether `vpd run` has nothing to do, and no video is missing."""
        return not (self.missing or self.student["due"] or any(step.due for step in self.steps.values()))

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "root": self.root,
            "up_to_date": self.up_to_date,
            "videos": self.videos,
            "steps": {name: vars(step) for name, step in self.steps.items()},
            "student": self.student,
            "set_aside": self.set_aside,
            "missing": self.missing,
        }


def status(layout: Layout, videos: Videos | None = None) -> Status:
    """Check every artefact of the library, without a lock and without any change.

    ``videos`` is its table, where the caller has read it.
    """
    sources = open_sources(layout, videos)
    videos = sources.videos
    student = distill.state(sources)
    kept = None if student.due else student
    result = Status(str(layout.root), steps={name: StepStatus() for name in STEPS if name != "distill"})
    learnable = set()
    for video, row in videos.rows.items():
        unreadable = row.status == SET_ASIDE and not row.frames
        due: list[str] = []
        needed = list(result.steps)
        if scan_is_due(sources, video):
            due = list(result.steps)
        elif not unreadable:
            needed = needed_steps(sources, video, result.steps, kept)
            due = stale(sources, video, needed)
        for name, step in result.steps.items():
            if name in due:
                step.due += 1
            elif unreadable:
                continue
            elif name not in needed:
                step.spared += 1
            else:
                step.current += 1
        if not unreadable:
            learnable.add(video)
        found = VideoStatus(
            row.path,
            row.frames,
            round(row.duration_s, 3),
            row.width,
            row.height,
            row.status,
            row.error,
            row.warning,
            row.about,
            missing="" if unreadable and row.status == SET_ASIDE else videos.missing(video),
            due=due,
        )
        result.videos[video] = vars(found)  # it shares its keys with others, which saves two thirds
    new = learnable.difference(student.trained_on)
    result.student = {
        "name": student.name,
        "learned_from": len(student.trained_on),
        "removed": len(distill.removed(sources, student)),
        "new": len(new if student.due else distill.learned_from(sources, new)),
        "due": student.due if learnable else "",
        "ended_early": student.ended_early,
    }
    return result
