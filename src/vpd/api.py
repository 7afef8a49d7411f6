"""The library with the verbs of the command line, for Python."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from vpd.library.dataset import detected, recognised
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
from vpd.types import Detection, FeatureSequence, Segment

if TYPE_CHECKING:  # Here and below: recognisers and networks take seconds to import.
    from vpd.recognition.evaluation import Evaluation
    from vpd.recognition.recognise import Recognised
    from vpd.recognition.retrieval import Retrieval
    from vpd.search import Hit

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
    >>> library.features("vpd").segment(library.query("match_1@62.5-64"))  # doctest: +SKIP
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
        teachers: Sequence[str] = (),
        invert: bool = False,
    ) -> RunReport:
        """Do what is missing or out of date as far as ``steps``, as `vpd run` does.

        ``teachers`` are those whose features are made of every video besides those of the settings;
        ``invert`` is that of `[teach]`, taken as true for this run.
        ``jobs`` are worker processes, 0 for one a core; a script that asks for more than one must guard its
        own code with ``if __name__ == "__main__"``. Videos that fail are in the report, not raised.
        """
        return run(self.layout, steps, jobs, redistill, listener, teachers, invert)

    def status(self) -> Status:
        """What is up to date."""
        return status(self.layout)

    def features(self, name: str | None = None) -> FeatureStore:
        """Features by name: a teacher's or a student's; by default those of the student that the settings
        name, else the strongest there are. Raises InputError where there are none."""
        from vpd.search import MANY

        return FeatureStore(self.layout, self._features(name, MANY))

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

    def search(
        self,
        queries: str | Segment | Sequence[str | Segment],
        segments: Iterable[Segment] | None = None,
        name: str | None = None,
        top: int | None = None,
    ) -> list[Hit]:
        """What is nearest to the queries, nearest first, as `vpd search` finds it.

        Compared are the ``segments``, such as `labels()`, or all uncut videos where they are None; ``top``
        as in the settings. Raises InputError where a query shows no athlete.
        """
        from vpd.search import search_library

        chosen = self.settings.search if top is None else self.settings.search.model_copy(update={"top": top})
        asked = self._segments([queries] if isinstance(queries, str | Segment) else queries)
        among = None if segments is None else list(segments)
        return search_library(self.layout, asked, chosen, among, name)

    def recognise(
        self, spans: Iterable[str | Segment], name: str | None = None, recogniser: str | None = None
    ) -> list[Recognised]:
        """The action of each span, learned from labels.csv, as `vpd recognise` names it.

        ``recogniser`` is by default that of the settings. A span without features has no label and a reason.
        Raises InputError where nothing can be learned.
        """
        from vpd.recognition.examples import usual_count
        from vpd.recognition.recognise import recognise

        asked, labels = self._segments(spans), recognised(self.layout, self.labels())
        recogniser = recogniser or self.settings.recognise.recogniser
        return recognise(self.layout, self._recognised(name, usual_count(labels)), recogniser, labels, asked)

    def evaluate(
        self,
        names: Sequence[str] | None = None,
        recognisers: Sequence[str] | None = None,
        ks: Sequence[int] | None = None,
        subsets: int | None = None,
        jobs: int = 1,
    ) -> Evaluation:
        """Accuracy by the number of labels, as `vpd evaluate` measures it, on the same subsets.

        ``names`` are features, ``ks`` examples a class; each is as in the settings where it is not given.
        Raises InputError where the labels do not suffice.
        """
        from vpd.recognition.evaluation import evaluate, library_parts
        from vpd.search import MANY

        chosen = self.settings.recognise
        parts = library_parts(
            self.layout,
            self.labels(),
            ks=ks or chosen.ks,
            subsets=subsets or chosen.subsets,
            seed=chosen.seed,
        )
        names = names or [self._recognised(None, MANY)]
        return evaluate(self.layout, parts, names, recognisers or [chosen.recogniser], jobs=jobs)

    def retrieve(self, name: str | None = None) -> Retrieval:
        """Precision at k when every labelled action queries all others, as `vpd retrieve` measures it.

        Labels without features are left out. Raises InputError where fewer than two remain.
        """
        from vpd.recognition.examples import load_examples
        from vpd.recognition.retrieval import evaluate_retrieval, retrieval_distances

        labels = recognised(self.layout, self.labels())
        examples = load_examples(self.features(self._recognised(name)), labels)
        sequences = [x for x in examples.sequences if x is not None]
        names = [labels[i].label or "" for i in examples.present()]
        return evaluate_retrieval(retrieval_distances(sequences), names)

    def detect(self, videos: Iterable[str] = (), name: str | None = None) -> list[Detection]:
        """Where in the videos the labelled actions happen, surest first, as `vpd detect` finds them.

        By default all videos without labels are looked through. Raises InputError where there is nothing to
        learn from.
        """
        from vpd.detection.library import detect_in, learn, videos_to_search

        store, labels = self.features(self._features(name)), detected(self.layout, self.labels())
        wanted = videos_to_search(store, labels, [self.videos.id_of(video) for video in videos])
        return detect_in(learn(store, labels, self.settings.detect), store, wanted)

    def _segments(self, spans: Iterable[str | Segment]) -> list[Segment]:
        videos = self.videos
        return [parse_query(span, videos) if isinstance(span, str) else span for span in spans]

    def _features(self, name: str | None, examples: int = 1) -> str:
        from vpd.search import default_features

        return name or default_features(self.layout, examples)

    def _recognised(self, name: str | None, examples: int = 1) -> str:
        return self._features(name or self.settings.recognise.features, examples)
