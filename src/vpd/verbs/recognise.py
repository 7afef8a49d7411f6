"""Name the actions of segments by the labelled examples of the library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vpd.cancelling import cancelled_by
from vpd.counting import counted
from vpd.errors import InputError
from vpd.library.layout import Layout
from vpd.library.videos import OK, Videos
from vpd.recognition.examples import load_examples
from vpd.recognition.recognisers import make_recogniser
from vpd.search.uncut import overlap
from vpd.sequences import FeatureStore
from vpd.sequences.joined import JoinedStore
from vpd.settings.toml import load_settings
from vpd.strings import Sentence
from vpd.types import Segment
from vpd.verbs.features import FeatureChoice, choose_features, open_features
from vpd.verbs.labelled import Span, labelled_segments, left_out_notes, segments_of, unsaid, unseen_notes
from vpd.verbs.progress import Progress
from vpd.verbs.rows import SCORE_DECIMALS, SEGMENT_COLUMNS, Row, segment_row, to_csv

SAME = 0.5
"""Least tIoU of a span and a label that are taken for the same action."""
COLUMNS = (*SEGMENT_COLUMNS, "probability", "reason")


@dataclass(frozen=True)
class RecogniseRequest:
    """The segments to recognise, and the method.

    Attributes
    ----------
    spans : segments, or texts VIDEO@START-END; None for every video without a label, as a whole.
    features : by name, or "auto" for all, weighed by the examples; None for the default
        (`vpd.verbs.features`).
    recogniser : by name; None for that of [recognise].
    """

    spans: Sequence[Span] | None = None
    features: str | None = None
    recogniser: str | None = None


@dataclass(frozen=True)
class Recognised:
    """One answer. ``probability`` is that of the label. ``reason`` says why there is no label."""

    segment: Segment
    label: str | None
    probability: float
    reason: str = ""

    def row(self) -> Row:
        """The answer as a row with ``COLUMNS``."""
        probability = round(self.probability, SCORE_DECIMALS)
        named = {"label": self.label, "probability": probability, "reason": self.reason}
        return {**segment_row(self.segment), **named}


@dataclass(frozen=True, eq=False)
class RecogniseResult:
    """The answers, in the order of the spans.

    Attributes
    ----------
    learned_from : number of labelled segments that have features.
    notes : sentences on labels that could not be used, and on spans that are labelled examples themselves.
    """

    answers: list[Recognised]
    learned_from: int
    features: FeatureChoice
    recogniser: str
    notes: tuple[Sentence, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every span has a label."""
        return all(answer.label is not None for answer in self.answers)

    def rows(self) -> list[Row]:
        """One row an answer, by ``COLUMNS``."""
        return [answer.row() for answer in self.answers]

    def to_csv(self) -> str:
        """The rows as CSV. The columns of labels.csv come first."""
        return to_csv(COLUMNS, self.rows())

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "features": self.features.name,
            "features_why": self.features.why,
            "recogniser": self.recogniser,
            "learned_from": self.learned_from,
            "recognised": self.rows(),
            "notes": [note.to_json() for note in self.notes],
        }


def recognise(
    library: Layout, request: RecogniseRequest, progress: Progress | None = None
) -> RecogniseResult:
    """Learn from labels.csv, and name the action of each span.

    A span without features has no label and a reason. Raises InputError where nothing can be learned;
    CancelledError.

    Examples
    --------
    >>> found = recognise(layout, RecogniseRequest(["new1@0.2-1"], recogniser="nns"))
    >>> found.rows()[0]["label"], found.learned_from, found.complete
    ('a', 4, True)
    """
    progress = progress or Progress()
    settings = load_settings(library.settings).recognise
    videos = Videos.read(library)
    labelled, notes = labelled_segments(library, videos)
    asked = _asked(request, videos, labelled)
    features = choose_features(library, request.features, recognition=True)
    recogniser = request.recogniser or settings.recogniser
    store, parts = open_features(library, features.name)
    model = make_recogniser(recogniser, settings.sides, parts)
    answers, unseen = recognise_segments(store, model, labelled, asked, progress)
    notes = (
        *notes,
        *_known_note([s for i, s in enumerate(labelled) if i not in unseen], asked),
        *left_out_notes(store, unsaid(labelled, videos)),
        *unseen_notes(store, labelled, unseen, videos),
    )
    return RecogniseResult(answers, len(labelled) - len(unseen), features, recogniser, notes)


def _known_note(learned: Sequence[Segment], asked: Sequence[Segment]) -> tuple[Sentence, ...]:
    """A sentence on the spans that are labelled examples themselves; none where there are none."""
    by_video: dict[str, list[Segment]] = {}
    for segment in learned:
        by_video.setdefault(segment.video, []).append(segment)
    count = sum(any(overlap(s, known) >= SAME for known in by_video.get(s.video, ())) for s in asked)
    return (Sentence("note_known", {"count": count}),) if count else ()


def _asked(request: RecogniseRequest, videos: Videos, labelled: Sequence[Segment]) -> list[Segment]:
    """The spans named, or every video without a label as a whole."""
    if request.spans is not None:
        return segments_of(request.spans, videos)
    known = {segment.video for segment in labelled}
    rows = [row for row in videos.rows.values() if row.status == OK and row.video not in known]
    if not rows:
        raise InputError(
            "every video has a label already. Name what to recognise as VIDEO@START-END, "
            "for example match_1@62.5-64."
        )
    return [Segment(row.video, row.start_s, row.end_s) for row in rows]


def recognise_segments(
    store: FeatureStore | JoinedStore,
    model: Any,
    labelled: Sequence[Segment],
    asked: Sequence[Segment],
    progress: Progress | None = None,
) -> tuple[list[Recognised], dict[int, str]]:
    """Fit the recogniser ``model`` to the labelled segments, and name each requested segment, in order.

    Also why nothing is learned from some of the labelled segments, by index.
    """
    progress = progress or Progress()
    if not labelled:
        raise InputError(Sentence("error_no_labels"))
    progress(0.0, "reading features")
    known, wanted = load_examples(store, labelled), load_examples(store, asked)
    present = known.present()
    progress(0.2, f"learning from {counted(len(present), 'segment')}")
    shown = [x for x in known.sequences if x is not None]
    with cancelled_by(progress.check):
        model.fit(shown, np.array([labelled[i].label for i in present]))
    progress(0.6, f"naming {counted(len(asked), 'segment')}")
    probabilities = model.predict_proba([x for x in wanted.sequences if x is not None])
    progress(1.0, "done")
    rows = dict(zip(wanted.present(), probabilities, strict=True))
    answers = []
    for i, segment in enumerate(wanted.segments):
        if i not in rows:
            answers.append(Recognised(segment, None, 0.0, wanted.reasons[i]))
            continue
        best = int(rows[i].argmax())
        answers.append(Recognised(segment, str(model.classes_[best]), float(rows[i][best])))
    return answers, known.reasons
