"""Recognise segments of a library from the labelled ones."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vpd.errors import InputError
from vpd.library.artefact import write_text
from vpd.library.layout import Layout
from vpd.recognition.examples import load_examples
from vpd.recognition.recognisers import make_recogniser
from vpd.sequences import FeatureStore
from vpd.types import Segment


@dataclass(frozen=True)
class Recognised:
    """One answer: ``probability`` is that of the label, or ``reason`` says why there is none."""

    segment: Segment
    label: str | None
    probability: float
    reason: str = ""


def recognise(
    layout: Layout, features: str, recogniser: str, labelled: Sequence[Segment], asked: Sequence[Segment]
) -> list[Recognised]:
    """Fit ``recogniser`` to the labelled segments and name each segment asked, in order.

    A segment without features has no label and a reason. Raises InputError where nothing can be learned.
    """
    if not labelled:
        raise InputError("there are no labelled segments to learn from; write some to labels.csv")
    store = FeatureStore(layout, features)
    known, wanted = load_examples(store, labelled), load_examples(store, asked)
    present = known.present()
    model = make_recogniser(recogniser).fit(
        [x for x in known.sequences if x is not None], np.array([labelled[i].label for i in present])
    )
    probabilities = model.predict_proba([x for x in wanted.sequences if x is not None])
    rows = dict(zip(wanted.present(), probabilities, strict=True))
    answers = []
    for i, segment in enumerate(wanted.segments):
        if i not in rows:
            answers.append(Recognised(segment, None, 0.0, wanted.reasons[i]))
            continue
        best = int(rows[i].argmax())
        answers.append(Recognised(segment, str(model.classes_[best]), float(rows[i][best])))
    return answers


def write_recognised(path: Path, answers: Sequence[Recognised]) -> None:
    """Write answers as CSV: the columns of labels.csv, then probability and reason."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["video", "athlete", "start_s", "end_s", "label", "probability", "reason"])
    for a in answers:
        s = a.segment
        athlete = "" if s.athlete is None else s.athlete
        times = (round(s.start_s, 6), round(s.end_s, 6))
        writer.writerow([s.video, athlete, *times, a.label or "", round(a.probability, 4), a.reason])
    write_text(out.getvalue(), path)
