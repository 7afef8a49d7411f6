"""Progress and result of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol


class Listener(Protocol):
    """Receives the progress of a run: a progress bar, a log, a web page."""

    def begin(self, what: str, videos: int, cost_ms: float) -> None:
        """Called when a part of the run begins, with its number of videos and estimated cost (ms of one
        core).
        """
        ...

    def advance(self, cost_ms: float) -> None:
        """Called when another ``cost_ms`` of the part is done."""
        ...

    def ended(self, video: str, error: str) -> None:
        """Called when a video is done. ``error`` says why it is set aside, else it is ""."""
        ...

    def say(self, text: str) -> None:
        """Called with a sentence for the user."""
        ...


class Silent:
    """A listener that does nothing."""

    def begin(self, what: str, videos: int, cost_ms: float) -> None: ...
    def advance(self, cost_ms: float) -> None: ...
    def ended(self, video: str, error: str) -> None: ...
    def say(self, text: str) -> None: ...


@dataclass
class RunReport:
    """The result of a run.

    Attributes
    ----------
    made : how many videos each step made something of.
    seconds : time spent in each step, of all workers together.
    set_aside : videos of the library that are not usable, with their reasons; all, not only this run's.
    missing : videos whose files are not where they were, with the reasons; those set aside for it are there.
    found : what each video is that was scanned now, in a line.
    warnings : what is wrong with videos that could be read, by video.
    problems : what else was asked for and not done.
    """

    made: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    set_aside: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    found: dict[str, str] = field(default_factory=dict)
    warnings: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether everything requested was done."""
        return not (self.set_aside or self.missing or self.problems)

    def count(self, seconds: dict[str, float]) -> None:
        """Add the result of one task."""
        for name, spent in seconds.items():
            self.made[name] = self.made.get(name, 0) + 1
            self.seconds[name] = self.seconds.get(name, 0.0) + spent

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "complete": self.complete,
            "made": self.made,
            "seconds": {name: round(spent, 3) for name, spent in self.seconds.items()},
            "set_aside": self.set_aside,
            "missing": self.missing,
            "found": self.found,
            "warnings": self.warnings,
            "problems": self.problems,
        }
