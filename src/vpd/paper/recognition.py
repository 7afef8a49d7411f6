"""Measure recognition in the paper's protocol: Tables 1 and 2 and the points of Figure 3."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from vpd.errors import VpdError
from vpd.metrics.summary import Summary, summarise
from vpd.paper.columns import Column, reason, why_without
from vpd.paper.measured import Measured, by_k
from vpd.paper.options import Options
from vpd.paper.published import TABLE_1 as PAPER_1
from vpd.paper.published import TABLE_2 as PAPER_2
from vpd.paper.result import Cell, Line, ResultTable
from vpd.paper.students import shortened
from vpd.paper.systems import System
from vpd.recognition.bigru import BiGRUClassifier
from vpd.recognition.outcomes import ALL, KeptOutcomes, Outcome
from vpd.recognition.protocol import Validation
from vpd.recognition.recognisers import make_recogniser
from vpd.recognition.split import scene_folds
from vpd.strings import Sentence
from vpd.types import Array
from vpd.verbs import few_shot

BIGRU = "bigru"
EPOCHS = 500
"""Epochs of the paper's BiGRU."""
DIVING_EPOCHS = 200
"""Epochs of the paper for Diving48 with all labels."""
HELD_OUT_FOLDS = 10
"""Number of folds. One of them, a tenth of the training videos, chooses the epoch where no validation part is
published.
"""
WITHOUT_VALIDATION = ("fx", "diving48")
OUTCOMES = "outcomes.jsonl"


def validation_of(column: Column, options: Options) -> tuple[Validation | None, str]:
    """The examples that choose the epoch, and a sentence about them."""
    parts = column.parts
    if len(parts.validation):
        return None, f"{column.title}: the epoch is chosen on the published validation part."
    if column.data not in WITHOUT_VALIDATION:
        return None, f"{column.title}: no validation part; the last epoch counts."
    if len({parts.segments[i].video for i in parts.train}) < 2:
        return None, f"{column.title}: one training video cannot be held out; the last epoch counts."
    if options.as_published:
        return (
            lambda chosen, k: parts.test,
            f"{column.title}: as published, the epoch is selected on the test part.",
        )
    held = _held_out(column, options.seed)
    return (
        lambda chosen, k: held if k == ALL else np.setdiff1d(held, chosen),
        f"{column.title}: the epoch is chosen on a tenth of the training videos, which are not trained on.",
    )


def _held_out(column: Column, seed: int) -> Array:
    parts = column.parts
    videos = [parts.segments[i].video for i in parts.train]
    folds = scene_folds(
        parts.labels[parts.train], videos, max(2, min(HELD_OUT_FOLDS, len(set(videos)))), seed
    )
    _, held = next(iter(folds))
    found: Array = parts.train[held]
    return found


def _estimator(system: System, column: Column, k: int, options: Options) -> Any:
    if system.recogniser != BIGRU:
        return make_recogniser(system.recogniser)
    published = DIVING_EPOCHS if column.data == "diving48" and k == ALL else EPOCHS
    return BiGRUClassifier(epochs=options.epochs or published, as_reference=options.as_published)


def bigru_notes(systems: Sequence[System], options: Options) -> list[str]:
    """Sentences on how the training of the BiGRU differs from the paper's; none where no row has one."""
    if all(system.kind != "features" or system.recogniser != BIGRU for system in systems):
        return []
    found = []
    if options.epochs:
        found.append(f"The BiGRU is trained for {options.epochs} epochs; the paper has {EPOCHS}.")
    if options.as_published:
        found.append(
            "As published: each cycle of the BiGRU's learning rate is twice as long as the one before, and "
            "the last is cut off; the paper has ten equal ones. The last batch of an epoch has what is left."
        )
    return found


def measure(
    column: Column,
    system: System,
    ks: Sequence[int],
    options: Options,
    told: Callable[[Outcome], None] = lambda outcome: None,
) -> Measured | str:
    """Outcomes by k (``ALL`` for all labels), or the reason why there are none."""
    if system.kind == "baseline":
        from vpd.paper.baselines import measure_baseline

        return measure_baseline(column, system, ks, options, told, validation_of(column, options)[0])
    missing = why_without(column, system.features, system.make)
    if missing:
        return missing
    try:
        return _measured(column, system, ks, options, told)
    except VpdError as error:
        return reason(error)


def _measured(
    column: Column, system: System, ks: Sequence[int], options: Options, told: Callable[[Outcome], None]
) -> Measured:
    kept = KeptOutcomes(column.results / OUTCOMES, options.fresh)
    validation, _ = validation_of(column, options)
    found: list[Outcome] = []
    notes: list[Sentence] = []
    few = [k for k in ks if k != ALL and k in column.parts.subsets]
    for with_all, wanted in ((False, few), (True, [])) if ALL in ks else ((False, few),):
        if not with_all and not wanted:
            continue
        made = few_shot.measure(
            column.layout,
            column.parts,
            [system.features],
            {system.recogniser: _estimator(system, column, ALL if with_all else wanted[0], options)},
            with_all,
            options.jobs,
            lambda features, outcome, fraction: told(outcome),
            kept,
            {system.recogniser: wanted},
            validation,
        )
        found += made.outcomes[system.features]
        notes += made.notes
    return by_k(found, notes)


def summary(column: Column, outcomes: Sequence[Outcome]) -> Summary:
    """Mean accuracy over subsets or seeds, with its interval."""
    return summarise([o.accuracy for o in outcomes], len(column.parts.test))


def _paper(numbers: dict[str, tuple[float, ...]], data: str, place: int) -> float | None:
    given = numbers.get(data, ())
    return given[place] if place < len(given) else None


def _cell(column: Column, outcomes: Sequence[Outcome], paper: float | None) -> Cell:
    found = summary(column, outcomes)
    spread = 100 * found.sd if len(outcomes) > 1 else None
    return Cell(100 * found.mean, paper, "", spread, 100 * found.low, 100 * found.high)


def _cells(
    column: Column, system: System, ks: Sequence[int], options: Options, numbers: dict[str, tuple[float, ...]]
) -> tuple[list[Cell], list[str]]:
    """One cell for each k, and sentences on actions without the row's features."""
    papers = [_paper(numbers, column.data, place) for place in range(len(ks))]
    if system.kind == "quoted":
        return [Cell(None, paper, "quoted from prior work") for paper in papers], []
    if system.kind == "guess":
        value = column.random if system.name == "random" else column.top_class
        return [Cell(100 * value, paper) for paper in papers], []
    options.listener.begin(f"{column.title}, {system.title}", 1, _cost(column, ks))
    found = measure(
        column, system, ks, options, lambda outcome: options.listener.advance(_size(column, outcome))
    )
    options.listener.ended(column.title, "")
    if isinstance(found, str):
        return [Cell(None, paper, found) for paper in papers], []
    of = found.outcomes
    cells = [
        _cell(column, of[k], paper) if k in of else Cell(None, paper, _no_subset(column, k))
        for k, paper in zip(ks, papers, strict=True)
    ]
    return cells, [f"{column.title}, {system.title}: {note}" for note in found.notes]


def _no_subset(column: Column, k: int) -> str:
    known = ", ".join(map(str, column.parts.subsets)) or "no k"
    return f"the library has no few-shot subsets for k = {k}, but for {known}"


def _cost(column: Column, ks: Sequence[int]) -> float:
    subsets = column.parts.subsets
    return float(
        sum(len(one) for k in ks for one in subsets.get(k, ())) + len(column.parts.train) * 3 * (ALL in ks)
    )


def _size(column: Column, outcome: Outcome) -> float:
    if outcome.k == ALL:
        return float(len(column.parts.train))
    return float(len(column.parts.subsets[outcome.k][outcome.subset]))


def baseline_notes(systems: Sequence[System], options: Options) -> list[str]:
    """A sentence on the weights of the baselines among ``systems``; none where none of them is run."""
    if not options.baselines or all(system.kind != "baseline" for system in systems):
        return []
    return [f"Networks over pictures and skeletons: preset {options.baselines}, from random weights."]


def learning_notes(column: Column, options: Options) -> list[str]:
    """Sentences on a library, its parts and subsets, and on what chooses the epoch."""
    of_parts = [f"{column.title}: {note}" for note in column.parts.notes]
    tested = len(np.unique(column.parts.labels[column.parts.test]))
    if column.classes > tested:
        of_parts.append(f"{column.title}: {tested} of {column.classes} classes are tested.")
    if short := column.shortened_subsets():
        of_parts.append(f"{column.title}: {short}")
    return [*column.notes(), *of_parts, validation_of(column, options)[1]]


def _table(
    name: str,
    title: str,
    columns: Sequence[Column],
    systems: Sequence[System],
    measures: Sequence[tuple[int, str]],
    numbers: dict[str, dict[str, tuple[float, ...]]],
    options: Options,
) -> ResultTable:
    headings = tuple(
        c.heading(measure, len(c.parts.train), len(c.parts.test)) for c in columns for _, measure in measures
    )
    ks = [k for k, _ in measures]
    lines: list[Line] = []
    lacking: list[str] = []
    for system in systems:
        published = numbers.get(system.name, {})
        cells: list[Cell] = []
        for column in columns:
            own, lacks = _cells(column, system, ks, options, published)
            cells += own
            lacking += lacks
        lines.append(
            Line(system.name, system.title, system.group, system.sees, tuple(cells), system.kind == "quoted")
        )
    notes = [note for c in columns for note in learning_notes(c, options)]
    notes += [*lacking, *baseline_notes(systems, options)]
    notes += [*bigru_notes(systems, options), *shortened(columns, systems)]
    notes.append(
        "Both orientations are averaged at test; a test action without features counts as wrong. VIPE* is "
        "the library's vipe: this program's own embedding unless one was trained with the preset of the "
        "paper."
    )
    return ResultTable(name, title, headings, tuple(lines), tuple(notes), options.as_published)


def table_1(columns: Sequence[Column], systems: Sequence[System], options: Options) -> ResultTable:
    """Table 1: top-1 accuracy with all training labels."""
    title = "Table 1: top-1 accuracy, %, all training labels"
    return _table("table1", title, columns, systems, [(ALL, "top-1")], PAPER_1, options)


def table_2(columns: Sequence[Column], systems: Sequence[System], options: Options) -> ResultTable:
    """Table 2: ablations of distillation, with all labels and with 16 examples a class."""
    title = "Table 2: ablations, top-1 accuracy, %"
    return _table("table2", title, columns, systems, [(ALL, "all"), (16, "16-shot")], PAPER_2, options)
