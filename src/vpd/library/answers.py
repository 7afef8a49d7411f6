"""answers.csv: the user's answers to proposals. An answered moment is not proposed again."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Literal, get_args

from vpd.errors import InputError, TableError
from vpd.library.csv_file import Columns, Record, read_table, write_rows
from vpd.library.layout import Layout
from vpd.library.lock import locked
from vpd.types import Segment

Verdict = Literal["accepted", "corrected", "rejected", "unsure", "other"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
ACCEPTED, CORRECTED, REJECTED, UNSURE, OTHER = VERDICTS
"""A rejected moment shows no action. One that is "other" shows another class than was proposed, and the
user did not say which: it is asked about again, and not proposed as that class.
"""


@dataclass(frozen=True)
class Answer:
    """One answer.

    Attributes
    ----------
    proposed : the class that was proposed, "" where none was.
    label : the class that it is, "" where it is none or not known.
    verdict : one of `VERDICTS`.
    why : why it was asked; "random" are the questions that measure the accuracy.
    """

    video: str
    athlete: int | None
    start_s: float
    end_s: float
    proposed: str
    label: str
    verdict: str
    why: str = ""
    id: str = ""

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            raise InputError(f"the verdict {self.verdict!r} is none of {', '.join(VERDICTS)}")
        self.segment()

    def segment(self) -> Segment:
        """The moment of the question, with its class. Raises InputError for an impossible span."""
        return Segment(self.video, self.start_s, self.end_s, self.athlete, self.label or None)

    @property
    def right(self) -> bool:
        """Whether the proposed class was the true one."""
        return self.verdict == ACCEPTED or (bool(self.label) and self.label == self.proposed)


COLUMNS = tuple(field.name for field in fields(Answer))
TABLE = Columns(
    required=("video", "start_s", "end_s", "verdict"),
    optional=("athlete", "proposed", "label", "why", "id"),
    numbers=("start_s", "end_s"),
)


def answers_file(layout: Layout) -> Path:
    """The path of a library's answers."""
    return layout.root / "answers.csv"


def _answer(record: Record) -> Answer:
    try:
        return Answer(
            video=record.needed("video"),
            athlete=record.athlete(),
            start_s=record.time("start_s"),
            end_s=record.time("end_s"),
            verdict=record.needed("verdict"),
            **{name: record.text(name) for name in ("proposed", "label", "why", "id")},
        )
    except TableError:
        raise
    except InputError as error:
        raise record.fail("verdict", error) from error


def read_answers(layout: Layout) -> list[Answer]:
    """All answers, the oldest first; none where there is no file. Raises TableError with line and column."""
    path = answers_file(layout)
    if not path.is_file():
        return []
    return [_answer(record) for record in read_table(path, TABLE).records()]


def add_answers(layout: Layout, answers: Iterable[Answer]) -> list[Answer]:
    """Append answers to the file, each with an id: all of them, or none. Returns them with their ids."""
    path = answers_file(layout)
    fresh = [replace(a, id=a.id or uuid.uuid4().hex[:8]) for a in answers]
    with locked(path):
        rows = [[getattr(a, name) for name in COLUMNS] for a in [*read_answers(layout), *fresh]]
        write_rows(path, COLUMNS, rows)
    return fresh
