"""The libraries on which a table is measured, one for each column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from vpd.errors import InputError, VpdError
from vpd.library.dataset import DatasetCard, read_card
from vpd.library.labels import read_labels
from vpd.library.layout import Layout
from vpd.library.videos import Videos
from vpd.metrics.summary import chance
from vpd.paper.label_files import MOST_AMISS
from vpd.paper.published import DATA
from vpd.paper.result import Heading
from vpd.recognition.subsets import KS, listed_ks
from vpd.sequences.joined import JOINT
from vpd.types import Segment
from vpd.verbs.few_shot import Parts, library_parts

PAPER_SUBSETS = 5


@dataclass(frozen=True, eq=False)
class Column:
    """One library with everything that a table needs.

    Attributes
    ----------
    card : of a published data set; None for any other labelled library.
    labels : all segments of labels.csv.
    """

    layout: Layout
    card: DatasetCard | None
    labels: list[Segment]
    subsets: int = PAPER_SUBSETS
    ks: tuple[int, ...] = ()
    place: str = ""
    """Tells the library from another of the same data set or name."""

    @property
    def data(self) -> str:
        """Key of the data set; "" for a library of another kind."""
        return "" if self.card is None else self.card.key

    @property
    def title(self) -> str:
        """Title of the column."""
        title = self.layout.root.name if self.card is None else self.card.title
        return f"{title} ({self.place})" if self.place else title

    @property
    def coverage(self) -> str:
        """How much of its data set the library holds; "" for a library of another kind."""
        return "" if self.card is None else self.card.coverage

    @property
    def results(self) -> Path:
        """Folder of the library for outcomes, so that a stopped table continues."""
        return self.layout.results / "paper"

    @cached_property
    def recognised(self) -> list[Segment]:
        """Labels that recognition and retrieval use. Raises InputError where there is none."""
        found = self.labels if self.card is None else self.card.recognised(self.labels)
        if not found:
            raise InputError(f"{self.layout.root} has no labelled action to recognise")
        return list(found)

    @cached_property
    def parts(self) -> Parts:
        """Training, validation and test part, and the few-shot subsets. Raises InputError."""
        ks = self.ks or listed_ks(self.layout.few_shot) or KS
        try:
            return library_parts(self.layout, self.labels, ks=ks, subsets=self.subsets)
        except InputError as error:
            raise InputError(f"{self.layout.root}: {error}") from error

    @property
    def classes(self) -> int:
        """Number of classes of the data set, else of those that are labelled."""
        of_data = 0 if self.card is None else len(self.card.classes)
        return of_data or len(np.unique(self.parts.labels))

    def shortened_subsets(self) -> str:
        """Which few-shot subsets hold fewer examples than k of each class, as videos are missing; "" for
        none.
        """
        _, counts = np.unique(self.parts.labels[self.parts.train], return_counts=True)
        short = []
        for k, lists in self.parts.subsets.items():
            held, wanted = sum(map(len, lists)), len(lists) * int(np.minimum(counts, k).sum())
            if held < (1 - MOST_AMISS) * wanted:
                short.append(f"{held} of {wanted} with k = {k}")
        return f"the few-shot subsets hold fewer examples: {', '.join(short)}." if short else ""

    @property
    def random(self) -> float:
        """Accuracy of a uniform guess over the classes, in 0..1."""
        return chance(self.classes)

    @property
    def top_class(self) -> float:
        """Share of the test part's own most frequent class, as Table 1 counts it, in 0..1."""
        _, counts = np.unique(self.parts.labels[self.parts.test], return_counts=True)
        return float(counts.max() / counts.sum())

    def heading(self, measure: str, train: int = 0, test: int = 0) -> Heading:
        """The heading of one of the column's figures."""
        return Heading(self.title, measure, self.data, train, test, self.coverage)

    def notes(self) -> list[str]:
        """The share of a data set that is present, and its protocol."""
        if self.card is None:
            return []
        return [f"{self.title}: {self.coverage}. {self.card.protocol}."]


def open_columns(
    layouts: Iterable[Layout], data: Sequence[str] = (), subsets: int = PAPER_SUBSETS, ks: Sequence[int] = ()
) -> list[Column]:
    """The libraries as columns: first the paper's data sets in its order.

    With ``data``, data sets of other keys are left out. A library that is named twice is one column, and
    those of one title are distinguished by their folders. Raises InputError where no column is left.
    """
    columns = []
    for layout in {layout.root: layout for layout in layouts}.values():
        card = read_card(layout.dataset)
        if data and (card is None or card.key not in data):
            continue
        labels = read_labels(layout.labels, Videos.read(layout))
        columns.append(Column(layout, card, labels, subsets, tuple(ks)))
    if not columns:
        asked = f" of {', '.join(data)}" if data else ""
        raise InputError(f"there is no library{asked} to measure on. Import one with `vpd paper import`.")
    columns = sorted(columns, key=lambda c: DATA.index(c.data) if c.data in DATA else len(DATA))
    titles = Counter(column.title for column in columns)
    return [replace(c, place=str(c.layout.root)) if titles[c.title] > 1 else c for c in columns]


def why_without(column: Column, features: str, make: str) -> str:
    """Say why the features are missing, with the remedy; "" where they are present."""
    there = column.layout.feature_names()
    missing = [name for name in features.split(JOINT) if name not in there]
    return f"no features {' and '.join(map(repr, missing))}: make them with `{make}`" if missing else ""


def reason(error: VpdError) -> str:
    """Convert an error into the reason of a cell."""
    return str(error).rstrip(".")
