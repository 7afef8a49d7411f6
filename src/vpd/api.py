"""The library with the verbs of the command line, for Python."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from os import PathLike
from pathlib import Path

from vpd.library.labels import parse_query, read_labels
from vpd.library.layout import Layout, find_library
from vpd.library.videos import Videos
from vpd.pipeline.register import add_videos, make_library
from vpd.pipeline.report import Listener, RunReport
from vpd.pipeline.run import run
from vpd.pipeline.status import Status, status
from vpd.sequences import FeatureStore
from vpd.settings import Settings
from vpd.settings.toml import load_settings
from vpd.types import FeatureSequence, Segment

AnyPath = str | PathLike[str]


def _paths(paths: AnyPath | Iterable[AnyPath]) -> list[Path]:
    return [Path(paths)] if isinstance(paths, str | PathLike) else [Path(path) for path in paths]


class Library:
    """The library at ``path``, or the one that ``path`` lies in. Raises InputError where there is none.

    Examples
    --------
    >>> library = vpd.Library.new("tennis", "videos/")  # doctest: +SKIP
    >>> library.run().complete  # doctest: +SKIP
    True
    >>> library.features("student").segment(library.query("match_1@62.5-64"))  # doctest: +SKIP
    """

    def __init__(self, path: AnyPath = ".") -> None:
        self.layout: Layout = find_library(Path(path))

    @classmethod
    def new(cls, path: AnyPath, videos: AnyPath | Iterable[AnyPath]) -> Library:
        """Make a library of videos (files and folders), or add videos to the one that is there."""
        add_videos(make_library(Path(path)), _paths(videos))
        return cls(path)

    def __repr__(self) -> str:
        return f"vpd.Library({str(self.layout.root)!r})"

    @cached_property
    def settings(self) -> Settings:
        """The settings of vpd.toml."""
        return load_settings(self.layout.settings)

    @property
    def videos(self) -> Videos:
        """The table of videos as it is now."""
        return Videos.read(self.layout)

    def run(
        self,
        steps: Sequence[str] = ("embed",),
        jobs: int = 1,
        redistill: bool = False,
        listener: Listener | None = None,
    ) -> RunReport:
        """Do what is missing or out of date as far as ``steps``, as `vpd run` does.

        ``jobs`` are worker processes, 0 for one a core; a script that asks for more than one must guard its
        own code with ``if __name__ == "__main__"``. Videos that fail are in the report, not raised.
        """
        return run(self.layout, steps, jobs, redistill, listener)

    def status(self) -> Status:
        """What is up to date."""
        return status(self.layout)

    def features(self, name: str | None = None) -> FeatureStore:
        """Features by name: a teacher's or a student's; by default the student's of the settings."""
        return FeatureStore(self.layout, name or self.settings.distill.name)

    def labels(self, path: AnyPath | None = None) -> list[Segment]:
        """The labelled segments of labels.csv, or of another such file. Raises LabelError."""
        return read_labels(Path(path) if path else self.layout.labels, self.videos)

    def query(self, text: str) -> Segment:
        """The segment that ``VIDEO@START-END`` or ``VIDEO@START-END#ATHLETE`` means. Raises InputError."""
        return parse_query(text, self.videos)

    def sequences(self, segments: Iterable[Segment], name: str | None = None) -> list[FeatureSequence]:
        """The features of segments, for recognisers and detectors. Raises InputError where one has none."""
        store = self.features(name)
        return [store.segment(segment) for segment in segments]
