"""Keep the user's answers to what `vpd suggest` and detections propose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from vpd.errors import InputError
from vpd.library.answers import ACCEPTED, CORRECTED, REJECTED, Answer, add_answers
from vpd.library.label_names import label_name
from vpd.library.label_store import LabelStore, NewLabel
from vpd.library.labels import REVIEWED, Label
from vpd.library.layout import Layout
from vpd.library.videos import Videos
from vpd.types import Segment
from vpd.verbs.labelled import Span, segments_of
from vpd.verbs.progress import Progress


@dataclass(frozen=True)
class AnswerRequest:
    """Answers to keep: all of them, or none where one is wrong."""

    answers: Sequence[Answer]


@dataclass(frozen=True)
class AnswersResult:
    """The result of answers.

    Attributes
    ----------
    answers : number of answers that were kept.
    labels : ids of the labels that were added.
    """

    answers: int
    labels: list[str]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"answers": self.answers, "labels": self.labels}


def made_answer(
    videos: Videos, span: Span, verdict: str, label: str = "", proposed: str = "", why: str = ""
) -> Answer:
    """The answer to one proposal.

    An accepted moment has the class ``proposed``, or where none was proposed, ``label``. A corrected one has
    the class ``label``. Rejected and unsure ones have no class. Raises InputError for a span that does not
    fit its video, an unknown verdict, and a class that contradicts the verdict.
    """
    (segment,) = segments_of([span], videos)
    label, proposed = (label_name(name) if name else "" for name in (label, proposed))
    if verdict == ACCEPTED:
        label, proposed = label or proposed, proposed or label
        if label != proposed:
            raise InputError(f"accepted, but {label!r} is not {proposed!r}: the verdict is {CORRECTED}.")
    elif verdict != CORRECTED and label:
        raise InputError(f"{verdict}, but with the class {label!r}: the verdict is {CORRECTED}, or no class.")
    if label == REVIEWED:
        raise InputError(f"{REVIEWED!r} is no class: a moment without an action is {REJECTED}.")
    return Answer(
        segment.video, segment.athlete, segment.start_s, segment.end_s, proposed, label, verdict, why
    )


def answer(
    library: Layout,
    request: AnswerRequest,
    progress: Progress | None = None,
    add: Callable[[Sequence[NewLabel]], list[Label]] | None = None,
) -> AnswersResult:
    """Keep answers in answers.csv, and add the labels that follow from them.

    Accepted and corrected moments become labels. A rejected moment becomes reviewed time without an action.
    ``add`` adds the labels; by default it writes them to labels.csv. Raises InputError where one cannot be a
    label; then nothing is kept.
    """
    fresh = []
    for a in request.answers:
        if a.verdict in (ACCEPTED, CORRECTED):
            if not a.label:
                raise InputError(f"{a.video}: the verdict is {a.verdict}, but the class is missing.")
            fresh.append(NewLabel(a.segment(), a.verdict))
        elif a.verdict == REJECTED:
            span = Segment(a.video, a.start_s, a.end_s, a.athlete, REVIEWED)
            fresh.append(NewLabel(span, REJECTED))
    add = add or LabelStore(library).add
    added = [label.id for label in add(fresh)] if fresh else []
    kept = add_answers(library, request.answers)
    if progress is not None:
        progress(1.0)
    return AnswersResult(len(kept), added)
