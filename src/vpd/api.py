"""The library with the verbs of the command line, for Python."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from vpd.errors import InputError
from vpd.library.answers import Verdict
from vpd.library.labels import parse_query, read_labels
from vpd.library.layout import Layout
from vpd.library.opening import library_at, sync
from vpd.library.remote import is_url
from vpd.library.videos import Registration, Videos
from vpd.pipeline.cluster import Cluster
from vpd.pipeline.register import add_videos, library_to_fill
from vpd.pipeline.registered import Weight, sentences
from vpd.pipeline.report import Listener, RunReport
from vpd.pipeline.run import run
from vpd.pipeline.shard import Shard
from vpd.pipeline.status import Status, status
from vpd.sequences import FeatureStore
from vpd.settings import Settings
from vpd.settings.toml import load_settings
from vpd.types import FeatureSequence, Segment
from vpd.verbs.features import choose_features
from vpd.verbs.labelled import Span, segments_of
from vpd.verbs.progress import Progress

if TYPE_CHECKING:  # Here and below: what the verbs import takes seconds.
    from vpd.baselines.options import BaselineOptions
    from vpd.pipeline.check import LibraryCheck
    from vpd.verbs.answer import AnswersResult
    from vpd.verbs.athletes import AthletesResult, PicksResult
    from vpd.verbs.compare import Comparison
    from vpd.verbs.detect import DetectListener, DetectResult
    from vpd.verbs.evaluate import EvaluateResult
    from vpd.verbs.label_check import CheckResult
    from vpd.verbs.labels import ExportResult, ImportResult, LabelsResult, ListResult, UndoResult
    from vpd.verbs.overlay import Overlay
    from vpd.verbs.recognise import RecogniseResult
    from vpd.verbs.remove import RemoveResult
    from vpd.verbs.retrieve import RetrieveResult
    from vpd.verbs.same_athlete import SameResult
    from vpd.verbs.search import SearchResult
    from vpd.verbs.suggest import SuggestResult

AnyPath = str | PathLike[str]


def _several(given: Any) -> Any:
    """A list of what may also be given singly: a text, a path, a number or a segment. None stays None."""
    if given is None or isinstance(given, list):
        return given
    return [given] if isinstance(given, str | PathLike | int | Segment) else list(given)


def _paths(paths: AnyPath | Iterable[AnyPath]) -> list[Path]:
    return [Path(path) for path in _several(paths)]


def _places(places: AnyPath | Iterable[AnyPath]) -> list[Path | str]:
    """URLs as they are, the rest as paths."""
    return [place if isinstance(place, str) and is_url(place) else Path(place) for place in _several(places)]


class Library:
    """The library at ``path``, or the one that ``path`` lies in, or the one at a URL of an object store.

    Where a verb takes several videos, spans or names, one alone will do. Raises InputError where there is no
    library.

    Examples
    --------
    Of a library of six videos of which four are labelled:

    >>> [segment.label for segment in library.labels()]
    ['a', 'a', 'b', 'b']
    >>> library.query("a1@0.4-1.2#0").athlete
    0
    >>> [hit.segment.video for hit in library.search("a1@0.4-1.2", top=2).hits]
    ['a2', 'b1']
    >>> [answer.label for answer in library.recognise(["new1@0.2-1", "new1@1.4-2.2"]).answers]
    ['a', 'b']
    >>> library.retrieve().figures["vipe-window"].precision[1]
    1.0
    >>> len(library.sequences([library.query("a1@0.4-1.2")])[0])
    20
    >>> library.compare("a1@0.4-1.2", "a2@0.4-1.2").mirrored
    False
    >>> [label.segment.video for label in library.list_labels(labels=["b"]).labels]
    ['b1', 'b2']
    """

    def __init__(self, path: AnyPath = ".") -> None:
        self.layout: Layout = library_at(path if isinstance(path, str) else Path(path))

    @classmethod
    def new(cls, path: AnyPath, videos: AnyPath | Iterable[AnyPath], join: bool = False) -> Library:
        """Make a library of videos, or add videos to the one that is there.

        Parameters
        ----------
        path : str or path
            Folder or URL of the library; made where it is not there.
        videos : str, path, or several
            Files, folders of them, and URLs. They stay where they are.
        join : bool
            Files that a camera has cut one recording into are one video.

        Returns
        -------
        Library

        Raises
        ------
        InputError
            Where nothing can be added. Where some of it cannot, a UserWarning names each and says why;
            `add_videos` returns the same.
        """
        library_to_fill(path if isinstance(path, str) else Path(path))
        library = cls(path)
        registered = library.add_videos(videos, join)
        refused = [str(text) for weight, text in sentences(registered) if weight is Weight.ERROR]
        if refused and not (registered.added or registered.known or registered.moved):
            raise InputError(f"no video is added to {path}. {' '.join(refused)}")
        for text in refused:
            warnings.warn(text, stacklevel=2)
        return library

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

    def add_videos(self, videos: AnyPath | Iterable[AnyPath], join: bool = False) -> Registration:
        """Add videos. One that cannot be added does not keep the others out.

        Parameters
        ----------
        videos : str, path, or several
            Files, folders of them, and URLs. They stay where they are.
        join : bool
            Files that a camera has cut one recording into are one video.

        Returns
        -------
        Registration
            What became of each file: ``added``, ``known``, ``moved``, and ``problems`` with their reasons.
        """
        result = add_videos(self.layout, _places(videos), join)
        sync(self.layout)
        return result

    def run(
        self,
        steps: str | Sequence[str] = ("embed",),
        jobs: int = 1,
        redistill: bool = False,
        listener: Listener | None = None,
        teachers: str | Sequence[str] = (),
        invert: bool = False,
        engine: str = "",
        cluster: Cluster | None = None,
        shard: Shard | None = None,
    ) -> RunReport:
        """Make artefacts that are missing or out of date, up to ``steps``, as `vpd run` does.

        A script that asks for more than one job must guard its own code with
        ``if __name__ == "__main__"``. Videos that fail are in the report, not raised.

        Parameters
        ----------
        steps : sequence of str
            How far to go: scan, track, pose, crop, teach, distill, embed.
        jobs : int
            Worker processes; 1 works in this process, 0 takes one a core.
        redistill : bool
            Train the student again, with videos that are new to it and without removed ones.
        listener : Listener, optional
            Receives the progress, and may end the run by raising CancelledError.
        teachers : sequence of str
            Teachers whose features are made of every video, as well as those of the settings.
        invert : bool
            As `invert` in the section [teach], for this run.
        engine : str
            What does the work: "here", "workers" or "ray"; "" for here or workers, by ``jobs``.
        cluster : Cluster, optional
            With the engine ray, which cluster, and what each task gets of it.
        shard : Shard, optional
            Do the videos of this shard alone.

        Returns
        -------
        RunReport
            What was made, what was set aside and why; ``complete`` where all was done.
        """
        return run(
            self.layout,
            _several(steps),
            jobs,
            redistill,
            listener,
            _several(teachers),
            invert,
            "",
            engine,
            cluster,
            shard,
        )

    def pixels(self, again: bool = False, listener: Listener | None = None) -> RunReport:
        """Make the features `pixels`, of what the hands look like, as `vpd pixels` does.

        Parameters
        ----------
        again : bool
            Learn the map from pictures to features again, from all videos of now.
        listener : Listener, optional
            Receives the progress, and may end the work by raising CancelledError.

        Returns
        -------
        RunReport
            ``made`` counts the videos; ``problems`` names what lacks crops, poses or features.

        Raises
        ------
        InputError
            Where there is too little to learn the map from.
        """
        from vpd.pipeline.pixels import make_pixels

        return make_pixels(self.layout, again, listener)

    def status(self) -> Status:
        """Check which artefacts are up to date.

        Returns
        -------
        Status
            By step how many artefacts are up to date, and what was set aside.
        """
        return status(self.layout)

    def check(self, deep: bool = False) -> LibraryCheck:
        """Compare the files that vpd made with their checksums, as `vpd check` does.

        Parameters
        ----------
        deep : bool
            Read and compare all files, not only those written to since they were checked.

        Returns
        -------
        LibraryCheck
            What is damaged or missing.
        """
        from vpd.pipeline.check import check_library

        return check_library(self.layout, deep)

    def features(self, name: str | None = None) -> FeatureStore:
        """Features by name: a teacher's or a student's; without a name, the default for many labels.

        Parameters
        ----------
        name : str, optional
            A teacher's or a student's.

        Returns
        -------
        FeatureStore
            ``videos()``, ``sequences(video)``, ``segment(segment)``.

        Raises
        ------
        InputError
            Where there are none of that name.
        """
        return FeatureStore(self.layout, choose_features(self.layout, name).name)

    def labels(self, path: AnyPath | None = None) -> list[Segment]:
        """The labelled segments of labels.csv, or of another such file.

        Parameters
        ----------
        path : str or path, optional
            Another file than labels.csv of the library.

        Returns
        -------
        list of Segment
            In the order of the file.

        Raises
        ------
        LabelError
            For a row that cannot be used; it names line and column.
        """
        return read_labels(Path(path) if path else self.layout.labels, self.videos)

    def query(self, text: str) -> Segment:
        """The segment that ``VIDEO@START-END`` or ``VIDEO@START-END#ATHLETE`` means.

        Parameters
        ----------
        text : str
            ``VIDEO@START-END`` or ``VIDEO@START-END#ATHLETE``, times in seconds or minutes:seconds.

        Returns
        -------
        Segment

        Raises
        ------
        InputError
            For an unknown video or an impossible span.
        """
        return parse_query(text, self.videos)

    def sequences(self, segments: Span | Iterable[Span], name: str | None = None) -> list[FeatureSequence]:
        """The features of segments, for recognisers and detectors.

        Parameters
        ----------
        segments : iterable of Segment or str
            Spans of athletes.
        name : str, optional
            Of the features; by default as `features`.

        Returns
        -------
        list of FeatureSequence
            One a segment, values (T, 2, d).

        Raises
        ------
        InputError
            Where a segment has no features.
        """
        store = self.features(name)
        return [store.segment(segment) for segment in segments_of(_several(segments), self.videos)]

    def search(
        self,
        queries: Span | Sequence[Span],
        uncut: bool | None = None,
        segments: Segment | Iterable[Segment] | None = None,
        videos: str | Iterable[str] | None = None,
        features: str | None = None,
        top: int | None = None,
        progress: Progress | None = None,
        exact: bool = False,
        jobs: int = 1,
    ) -> SearchResult:
        """Find actions like the queries, as `vpd search` does; see `vpd.verbs.search.SearchRequest`.

        It searches the segments of labels.csv; with ``uncut``, or without labels.csv, whole videos.

        Parameters
        ----------
        queries : str, Segment, or several
            The queries. Several are searched together: the distance to the nearest counts.
        uncut : bool, optional
            Search whole videos; by default only where there is no labels.csv.
        segments : iterable of Segment, optional
            Search these instead of the labelled ones.
        videos : iterable of str, optional
            Search these alone.
        features : str, optional
            Name of the features; by default see docs/commands.md.
        top : int, optional
            How many results; by default ``top`` of [search].
        progress : Progress, optional
            Receives the progress, and can cancel.
        exact : bool, optional
            Compare every frame of whole videos, however many there are.
        jobs : int, optional
            Worker processes that search whole videos.

        Returns
        -------
        SearchResult
            ``hits``, the nearest first, each with the times of corresponding frames.

        Raises
        ------
        InputError
            Where a query shows no athlete, or there is nothing to compare with.
        """
        from vpd.verbs.search import SearchRequest, search

        request = SearchRequest(
            _several(queries),
            uncut,
            _several(segments),
            _several(videos),
            features,
            top,
            exact,
            jobs,
        )
        return search(self.layout, request, progress)

    def recognise(
        self,
        spans: Span | Iterable[Span] | None = None,
        features: str | None = None,
        recogniser: str | None = None,
        progress: Progress | None = None,
    ) -> RecogniseResult:
        """Name the action of each span, as `vpd recognise` does; see `vpd.verbs.recognise.RecogniseRequest`.

        Without ``spans``, every video without a label is named as a whole.

        Parameters
        ----------
        spans : iterable of str or Segment, optional
            What to name; by default every video without a label, as a whole.
        features : str, optional
            Name of the features, or "auto" for all, weighed by the examples.
        recogniser : str, optional
            By default that of [recognise].
        progress : Progress, optional
            Receives the progress, and can cancel.

        Returns
        -------
        RecogniseResult
            ``answers`` in the order of the spans: label and probability, or the reason why there is none.

        Raises
        ------
        InputError
            Where there are no labels to learn from.
        """
        from vpd.verbs.recognise import RecogniseRequest, recognise

        request = RecogniseRequest(_several(spans), features, recogniser)
        return recognise(self.layout, request, progress)

    def evaluate(
        self,
        features: str | Sequence[str] | None = None,
        recognisers: str | Sequence[str] | None = None,
        ks: int | Sequence[int] | None = None,
        subsets: int | None = None,
        splits: AnyPath | None = None,
        subset_file: AnyPath | None = None,
        all_labels: bool = True,
        jobs: int = 1,
        progress: Progress | None = None,
        baselines: BaselineOptions | None = None,
    ) -> EvaluateResult:
        """Measure accuracy by the number of labels, as `vpd evaluate` does, on the same subsets.

        See `vpd.verbs.evaluate.EvaluateRequest`.

        Parameters
        ----------
        features, recognisers : sequence of str, optional
            Names; every feature is measured by every recogniser.
        ks : sequence of int, optional
            Examples a class; by default those of [recognise].
        subsets : int, optional
            Subsets for each k.
        splits, subset_file : str or path, optional
            Instead of splits.csv and few_shot.json of the library.
        all_labels : bool
            Also learn from the whole training part.
        jobs : int
            Worker processes.
        progress : Progress, optional
            Receives the progress, and can cancel.
        baselines : BaselineOptions, optional
            Settings of the paper's other systems.

        Returns
        -------
        EvaluateResult
            ``evaluation`` with every outcome, ``rows()``, ``advice()``. Accuracies are in 0..1.

        Raises
        ------
        InputError
            Where there are too few labels.

        References
        ----------
        Hong et al., ICCV 2021, section 4.1.
        """
        from vpd.baselines.options import BaselineOptions
        from vpd.verbs.evaluate import EvaluateRequest, evaluate

        request = EvaluateRequest(
            _several(features),
            _several(recognisers),
            _several(ks),
            subsets,
            None if splits is None else Path(splits),
            None if subset_file is None else Path(subset_file),
            all_labels,
            jobs,
            baselines or BaselineOptions(),
        )
        return evaluate(self.layout, request, progress)

    def retrieve(
        self,
        features: str | Sequence[str] | None = None,
        pattern: str | None = None,
        progress: Progress | None = None,
    ) -> RetrieveResult:
        """Measure retrieval as the paper does, as `vpd retrieve` does: every labelled action is a query.

        Labels without features are left out.

        Parameters
        ----------
        features : sequence of str, optional
            Names; by default the library's default.
        pattern : str, optional
            Step pattern of the time warping.
        progress : Progress, optional
            Receives the progress, and can cancel.

        Returns
        -------
        RetrieveResult
            ``figures`` and ``together`` by features: precision at k and mean average precision, in 0..1, of
            rankings by distance alone, as in the paper, and of those in which all actions take part.

        Raises
        ------
        InputError
            Where fewer than two labelled segments have features.

        References
        ----------
        Hong et al., ICCV 2021, section 4.2.
        """
        from vpd.verbs.retrieve import RetrieveRequest, retrieve

        names = _several(features)
        request = RetrieveRequest(names) if pattern is None else RetrieveRequest(names, pattern)
        return retrieve(self.layout, request, progress)

    def detect(
        self,
        videos: str | Iterable[str] | None = None,
        features: str | None = None,
        labels: AnyPath | None = None,
        method: str | None = None,
        points: str | float | None = None,
        at_least: float | None = None,
        progress: Progress | None = None,
        listener: DetectListener | None = None,
    ) -> DetectResult:
        """Find the labelled actions in videos, as `vpd detect` does; see `vpd.verbs.detect.DetectRequest`.

        Without ``videos``, all videos without labels are searched.

        Parameters
        ----------
        videos : iterable of str, optional
            By default all without labels.
        features : str, optional
            Name of the features.
        labels : str or path, optional
            Another file than labels.csv to learn from.
        method : str, optional
            "search", "trained" or "combined"; by default that of [detect].
        points : float or str, optional
            Find moments within this tolerance: seconds (0.2) or frames ("5f").
        at_least : float, optional
            Least score, in 0..1; by default that of the best F1 on held-out labels.
        progress : Progress, optional
            Receives the progress, and can cancel.
        listener : DetectListener, optional
            Receives each video with its scores, and the first answer by search.

        Returns
        -------
        DetectResult
            ``detections``, highest score first; ``average_precision`` on held-out labels.

        Raises
        ------
        InputError
            Where there is nothing to learn from.

        References
        ----------
        Hong et al., ICCV 2021, section 4.3.
        """
        from vpd.verbs.detect import DetectRequest, detect

        request = DetectRequest(
            _several(videos),
            features,
            None if labels is None else Path(labels),
            method,
            points,
            at_least,
        )
        return detect(self.layout, request, progress, listener)

    def athletes(self, videos: str | Iterable[str] | None = None) -> AthletesResult:
        """The athlete chosen in each shot, and the reason, as `vpd athletes` shows them.

        Parameters
        ----------
        videos : str or several, optional
            By default all that are tracked.

        Returns
        -------
        AthletesResult
            ``shots``; ``doubtful()`` lists those with the smallest margin first.

        Raises
        ------
        ArtefactError
            Where a named video is not tracked yet.
        """
        from vpd.verbs.athletes import AthletesRequest, athletes

        return athletes(self.layout, AthletesRequest(_several(videos)))

    def pick_athlete(
        self, video: str, time_s: float, x: float, y: float, w: float = 0, h: float = 0, athlete: int = 0
    ) -> PicksResult:
        """Pick the person at (x, y), or in the box, as the athlete. The next run uses the pick.

        Parameters
        ----------
        video : str
            Id, file name, or end of the path.
        time_s : float
            Seconds of the video's clock.
        x, y : float
            Pixels of the upright picture: a click, or the upper left corner of the box.
        w, h : float
            Size of the box in pixels; 0 for a click.
        athlete : int
            The number that the person gets.

        Returns
        -------
        PicksResult
            All picks of the video.

        Raises
        ------
        InputError
            For a place or a time outside of the video.
        """
        from vpd.verbs.athletes import PickRequest, pick_athlete

        return pick_athlete(self.layout, PickRequest(video, time_s, x, y, w, h, athlete))

    def same_athlete(
        self,
        video: str,
        time_s: float,
        x: float,
        y: float,
        w: float,
        h: float,
        athlete: int = 0,
        progress: Progress | None = None,
    ) -> SameResult:
        """Look for the athlete of one shot in those that follow, by the clothes. Nothing is kept.

        Parameters
        ----------
        video : str
            Id, file name, or end of the path.
        time_s : float
            Seconds of the video's clock.
        x, y, w, h : float
            Box around the athlete then, in pixels of the upright picture.
        athlete : int
            The number of the athlete; shots in which a pick decides it are left out.
        progress : Progress, optional
            Told the progress; can cancel.

        Returns
        -------
        SameResult
            ``proposals``, each with ``pick`` and ``likeness``; `pick_athlete` keeps a pick.

        Raises
        ------
        InputError
            For a box without area.
        """
        from vpd.athletes.picks import Pick
        from vpd.verbs.same_athlete import SameRequest, same_athlete

        wanted = Pick(self.videos.id_of(video), time_s, x, y, w, h, athlete)
        return same_athlete(self.layout, SameRequest(wanted), progress)

    def remove_video(self, video: str, back: bool = False) -> RemoveResult:
        """Remove a video and keep its labels aside, or bring it back, as `vpd remove` does.

        Parameters
        ----------
        video : str
            Id, file name, or end of the path.
        back : bool
            Bring back a removed video.

        Returns
        -------
        RemoveResult
            What was removed or brought back.

        Raises
        ------
        InputError
            For an unknown video.
        """
        from vpd.verbs.remove import RemoveRequest, remove_video

        return remove_video(self.layout, RemoveRequest(video, back))

    def forget_picks(self, video: str) -> PicksResult:
        """Forget all picks of a video.

        Parameters
        ----------
        video : str
            Id, file name, or end of the path.

        Returns
        -------
        PicksResult
            No picks.
        """
        from vpd.verbs.athletes import ForgetRequest, forget_picks

        return forget_picks(self.layout, ForgetRequest(video))

    def suggest(
        self,
        n: int = 12,
        mode: Literal["name", "verify"] = "name",
        features: str | None = None,
        seed: int = 0,
        progress: Progress | None = None,
    ) -> SuggestResult:
        """Suggest moments to label next, as `vpd suggest` does.

        Parameters
        ----------
        n : int
            How many moments.
        mode : {"name", "verify"}
            Ask for the class of moments, or whether a page of them is of one class.
        features : str, optional
            Name of the features.
        seed : int
            Random seed.
        progress : Progress, optional
            Receives the progress, and can cancel.

        Returns
        -------
        SuggestResult
            The questions, each with its moment and the reason why it is asked.

        Raises
        ------
        InputError
            Where no video has features.
        """
        from vpd.verbs.suggest import SuggestRequest, suggest

        return suggest(self.layout, SuggestRequest(n, mode, features, seed), progress)

    def answer(
        self,
        span: Span,
        verdict: Verdict,
        label: str = "",
        proposed: str = "",
        why: str = "",
    ) -> AnswersResult:
        """Answer a proposal, as `vpd answer` does: it becomes a label, or reviewed time without an action.

        Parameters
        ----------
        span : str or Segment
            The moment, ``VIDEO@START-END#ATHLETE`` or a segment of `suggest`.
        verdict : {"accepted", "corrected", "rejected", "unsure", "other"}
            Accepted and corrected moments become labels, rejected ones reviewed time.
        label : str
            The class of a corrected moment. An accepted one takes ``proposed``.
        proposed : str
            The class that was proposed; "" where none was.
        why : str
            The reason of the question. Those of "random" measure the accuracy.

        Returns
        -------
        AnswersResult
            The number of answers kept, and the ids of the labels that were added.

        Raises
        ------
        InputError
            Where the span does not fit its video, or the class is missing or contradicts the verdict. Nothing
            is kept then.
        """
        from vpd.verbs.answer import AnswerRequest, answer, made_answer

        given = made_answer(self.videos, span, verdict, label, proposed, why)
        return answer(self.layout, AnswerRequest([given]))

    def compare(
        self,
        first: Span,
        second: Span,
        features: str | None = None,
        mirror: Literal["auto", "no", "yes"] = "auto",
        progress: Progress | None = None,
    ) -> Comparison:
        """Align two executions of an action and name their differences, as `vpd compare` does.

        Parameters
        ----------
        first, second : str or Segment
            The two spans.
        features : str, optional
            Name of the features.
        mirror : {"auto", "no", "yes"}
            Compare with the second as it is, mirrored, or as fits better.
        progress : Progress, optional
            Receives the progress, and can cancel.

        Returns
        -------
        Comparison
            ``differences``, the times that correspond, the distance and the tempo.

        Raises
        ------
        InputError
            Where one shows no athlete.
        """
        from vpd.verbs.compare import CompareRequest, compare

        a, b = segments_of([first, second], self.videos)
        return compare(self.layout, CompareRequest(a, b, features, mirror), progress)

    def overlay(
        self,
        spans: Sequence[Span],
        features: str | None = None,
        mirror: Literal["auto", "no", "yes"] = "auto",
        progress: Progress | None = None,
    ) -> Overlay:
        """Bring executions in step with the first: their mean and their spread, as `vpd compare A B C` does.

        Parameters
        ----------
        spans : sequence of str or Segment
            Two executions or more.
        features : str, optional
            Name of the features.
        mirror : {"auto", "no", "yes"}
            Compare with the others as they are, mirrored, or as fits better.
        progress : Progress, optional
            Receives the progress, and can cancel.

        Returns
        -------
        Overlay
            Normalised poses of all in step, their mean, and the spread of each joint in torso lengths.

        Raises
        ------
        InputError
            Where there are fewer than two, one shows no athlete, or the library has no poses of one.
        """
        from vpd.verbs.overlay import OverlayRequest, overlay

        return overlay(
            self.layout, OverlayRequest(segments_of(spans, self.videos), features, mirror), progress
        )

    def list_labels(self, videos: str | Sequence[str] = (), labels: str | Sequence[str] = ()) -> ListResult:
        """Labels with their ids and versions, as `vpd labels list` shows them.

        Parameters
        ----------
        videos, labels : sequence of str
            Only of these videos and classes; all where empty.

        Returns
        -------
        ListResult
            ``labels``, each with id, version, segment and source, and ``wrong``, an error for each row that
            cannot be read.

        Raises
        ------
        InputError
            For a video or a class that is not there.
        """
        from vpd.verbs.labels import ListRequest, list_labels

        return list_labels(self.layout, ListRequest(_several(videos), _several(labels)))

    def add_label(self, span: Span, label: str) -> LabelsResult:
        """Add one label, as `vpd labels add` does.

        Parameters
        ----------
        span : str or Segment
            ``VIDEO@START-END`` or a segment.
        label : str
            The action.

        Returns
        -------
        LabelsResult
            The label with its id.

        Raises
        ------
        InputError
            Where it does not fit its video.
        """
        from vpd.verbs.labels import AddRequest, add_label

        return add_label(self.layout, AddRequest(span, label))

    def edit_label(
        self,
        id: str,
        label: str | None = None,
        start_s: float | None = None,
        end_s: float | None = None,
        video: str | None = None,
        athlete: int | Literal["any"] | None = None,
        version: str | None = None,
    ) -> LabelsResult:
        """Change the given values of one label, as `vpd labels edit` does.

        Parameters
        ----------
        id : str
            The label's id, or how it begins.
        label : str, optional
            The action.
        start_s, end_s : float, optional
            Seconds of the video's clock.
        video : str, optional
            The video.
        athlete : int or "any", optional
            The athlete's number.
        version : str, optional
            Change the label only if it still has this version.

        Returns
        -------
        LabelsResult
            The label as it is now.

        Raises
        ------
        InputError
            For an unknown id, or a label that does not fit its video.
        StaleError
            Where the label is no longer of ``version``.
        """
        from vpd.library.label_store import Changes
        from vpd.verbs.labels import EditRequest, edit_label

        number = None if athlete == "any" else athlete
        changes = Changes(video, start_s, end_s, label, number, athlete == "any")
        return edit_label(self.layout, EditRequest(id, changes, version))

    def remove_labels(self, ids: str | Sequence[str], version: str | None = None) -> LabelsResult:
        """Remove labels by their ids, as `vpd labels remove` does.

        Parameters
        ----------
        ids : sequence of str
            The labels' ids.
        version : str, optional
            Remove only if the label still has this version.

        Returns
        -------
        LabelsResult
            The labels that were removed.

        Raises
        ------
        InputError
            For an unknown id.
        StaleError
            Where a label is no longer of ``version``.
        """
        from vpd.verbs.labels import RemoveRequest, remove_labels

        return remove_labels(self.layout, RemoveRequest(_several(ids), version))

    def undo_labels(self) -> UndoResult:
        """Restore labels.csv to the state before the last change. Five states are kept.

        Returns
        -------
        UndoResult
            The restored state.

        Raises
        ------
        InputError
            Where no earlier state is kept.
        """
        from vpd.verbs.labels import undo_labels

        return undo_labels(self.layout)

    def check_labels(
        self,
        file: AnyPath | None = None,
        splits: AnyPath | None = None,
        subset_file: AnyPath | None = None,
    ) -> CheckResult:
        """Check labels and what belongs to them, as `vpd labels check` does.

        Parameters
        ----------
        file : str or path, optional
            Labels; by default labels.csv and all of the user's files in the library.
        splits, subset_file : str or path, optional
            As `evaluate` takes them.

        Returns
        -------
        CheckResult
            What is wrong or doubtful, by file and line.

        Raises
        ------
        LabelError
            Where a file cannot be read at all.
        """
        from vpd.verbs.label_check import CheckRequest, check

        paths = [None if path is None else Path(path) for path in (file, splits, subset_file)]
        return check(self.layout, CheckRequest(*paths))

    def import_labels(
        self,
        files: AnyPath | Iterable[AnyPath],
        format: str | None = None,
        tiers: str | Sequence[str] = (),
        video: str | None = None,
        offset_s: float = 0.0,
        encoding: str | None = None,
        replace: bool = False,
    ) -> ImportResult:
        """Add the labels of files, as `vpd labels import` does; all files or none.

        Parameters
        ----------
        files : str, path, or several
            CSV, or files of other programs.
        format : str, optional
            Format of all files; by default guessed for each.
        tiers : sequence of str
            Of ELAN, or annotators of Label Studio; empty where there is one.
        video : str, optional
            All labels are of this video, whatever the files name.
        offset_s : float
            Seconds that are added to every time.
        encoding : str, optional
            Of CSV files, where it does not show.
        replace : bool
            Instead of the labels that are there.

        Returns
        -------
        ImportResult
            How many were added, and notes on what was left out.

        Raises
        ------
        LabelError
            Where a file is not fully understood.
        """
        from vpd.verbs.labels import ImportRequest, import_labels

        request = ImportRequest(_paths(files), format, _several(tiers), video, offset_s, encoding, replace)
        return import_labels(self.layout, request)

    def export_labels(
        self,
        format: str,
        folder: AnyPath | None = None,
        videos: str | Sequence[str] = (),
        labels: str | Sequence[str] = (),
    ) -> ExportResult:
        """Write labels for another program, as `vpd labels export` does.

        Parameters
        ----------
        format : str
            csv, boris, elan, label-studio, cvat, opensportslab, e2e-spot, activitynet or sportscode.
        folder : str or path, optional
            Where to write; by default a new folder in results/ of the library.
        videos, labels : sequence of str
            Only of these videos and classes; all where empty.

        Returns
        -------
        ExportResult
            ``files``, the number of ``segments``, and ``notes`` on those that the format cannot hold.

        Raises
        ------
        InputError
            For an unknown format, or labels that cannot be used.
        """
        from vpd.verbs.labels import ExportRequest, export_labels

        place = None if folder is None else Path(folder)
        return export_labels(self.layout, ExportRequest(format, place, _several(videos), _several(labels)))
