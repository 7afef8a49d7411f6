"""Measure retrieval in the paper's protocol: Table 3."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from vpd.dtw import many_to_many, pack
from vpd.errors import InputError, VpdError
from vpd.library.videos import Videos
from vpd.paper.columns import Column, reason, why_without
from vpd.paper.kept import KeptFigures
from vpd.paper.options import Options
from vpd.paper.published import TABLE_3 as PAPER_3
from vpd.paper.result import Cell, Line, ResultTable
from vpd.paper.students import shortened
from vpd.paper.systems import System
from vpd.recognition.examples import load_examples
from vpd.recognition.queries import read_queries
from vpd.sequences import FeatureStore
from vpd.types import Array, FeatureSequence

CUTOFFS = (1, 10, 50)
PATTERN = "symmetricP2"
QUERIES_AT_ONCE = 32


@dataclass(frozen=True)
class Precision:
    """Figures over all queries, in 0..1.

    Attributes
    ----------
    queries : number of queries, those without features among them. corpus : actions that they search.
    at : by cutoff, the mean share of hits among so many. error : its standard error over the queries. chance
    : precision of a random order. mean_average_precision : over the full ranking, of the queries that have
    something to find. missing : actions without features: as a query they count 0, in the corpus they are
    not found.
    """

    queries: int
    corpus: int
    at: dict[int, float]
    error: dict[int, float]
    mean_average_precision: float
    chance: float
    missing: int


def precision_of(
    sequences: Sequence[FeatureSequence | None],
    labels: Sequence[str] | Array,
    queries: Sequence[int],
    cutoffs: Sequence[int] = CUTOFFS,
    progress: Callable[[int], None] = lambda done: None,
) -> Precision:
    """Precision at the cutoffs of ``queries`` (indices) among all other sequences (paper, section 4.2).

    Both orientations are concatenated in each frame. The distance is DTW with the pattern symmetricP2; where
    it has no path the distance is infinite, and counts as no hit. A query without features counts 0. Raises
    InputError where fewer than two actions have features.
    """
    names = np.asarray(labels)
    present = [i for i, x in enumerate(sequences) if x is not None and x.valid.any()]
    if len(present) < 2 or not len(queries):
        raise InputError("retrieval needs at least two labelled actions with features, and a query")
    both = [_both(x) for i in present if (x := sequences[i]) is not None]
    packed, place = pack(both), {i: at for at, i in enumerate(present)}
    known = names[present]
    possible = [k for k in cutoffs if k < len(names)]
    shares, average, found = np.zeros((len(possible), len(queries))), 0.0, 0
    asked = [i for i in queries if i in place]
    for start in range(0, len(asked), QUERIES_AT_ONCE):
        block = asked[start : start + QUERIES_AT_ONCE]
        rows = np.array([place[i] for i in block])
        distances = many_to_many([both[r] for r in rows], packed, PATTERN)
        hits = _hits(distances, rows, known, names[block])
        for at, k in enumerate(possible):
            shares[at, start : start + len(block)] = hits[:, :k].sum(axis=1) / k
        counts = hits.sum(axis=1)
        ranks = hits.cumsum(axis=1) / np.arange(1, hits.shape[1] + 1)
        of_class = (known[None] == names[block][:, None]).sum(axis=1) - 1
        average += float(((ranks * hits).sum(axis=1)[counts > 0] / of_class[counts > 0]).sum())
        found += int((of_class > 0).sum())
        progress(len(block))
    same = sum(int((names == names[i]).sum()) - 1 for i in queries) / len(queries) / max(1, len(names) - 1)
    return Precision(
        len(queries),
        len(names),
        dict(zip(possible, shares.mean(axis=1).tolist(), strict=True)),
        dict(zip(possible, (shares.std(axis=1) / len(queries) ** 0.5).tolist(), strict=True)),
        average / max(1, found),
        same,
        len(names) - len(present),
    )


def _both(x: FeatureSequence) -> Array:
    values = x.values[x.valid]
    return values.reshape(len(values), -1)


def _hits(distances: Array, rows: Array, known: Array, wanted: Array) -> Array:
    """(Q, N - 1) bool, whether the action at each rank has the query's label. The query itself is left
    out.
    """
    order = np.argsort(distances, axis=1, kind="stable")
    order = order[order != rows[:, None]].reshape(len(rows), -1)
    near = np.isfinite(np.take_along_axis(distances, order, axis=1))
    hits: Array = (known[order] == wanted[:, None]) & near
    return hits


def query_indices(column: Column) -> list[int]:
    """Indices of the queries among the recognised actions: those of queries.csv, else all. Raises
    InputError.
    """
    path = column.layout.queries
    if not path.exists():
        return list(range(len(column.recognised)))
    return read_queries(path, column.recognised, Videos.read(column.layout).names)


def _measured(column: Column, system: System, options: Options) -> Precision | str:
    missing = why_without(column, system.features, system.make)
    if missing:
        return missing
    try:
        examples = load_examples(FeatureStore(column.layout, system.features), column.recognised)
        labels = [s.label or "" for s in column.recognised]
        queries = query_indices(column)
        kept, key = KeptFigures(column.results / "retrieval.jsonl"), _key(examples.sequences, labels, queries)
        row = None if options.fresh else kept.find(key)
        if row is None:
            options.listener.begin(f"{column.title}, {system.title}", 1, float(len(queries)))
            found = precision_of(
                examples.sequences, labels, queries, progress=lambda n: options.listener.advance(float(n))
            )
            options.listener.ended(column.title, "")
            kept.add(key, {"system": system.name, **asdict(found)})
            return found
        fields = {name: row[name] for name in Precision.__dataclass_fields__}
        by_cutoff = {name: {int(k): v for k, v in row[name].items()} for name in ("at", "error")}
        return Precision(**(fields | by_cutoff))
    except VpdError as error:
        return reason(error)


def _key(sequences: Sequence[FeatureSequence | None], labels: Sequence[str], queries: Sequence[int]) -> str:
    made = hashlib.sha256(json.dumps([list(labels), list(queries), PATTERN]).encode())
    for x in sequences:
        made.update(b"none" if x is None else np.ascontiguousarray(x.values[x.valid]).tobytes())
    return made.hexdigest()[:32]


def table_3(columns: Sequence[Column], systems: Sequence[System], options: Options) -> ResultTable:
    """Table 3: precision at 1, 10 and 50 of retrieval."""
    headings = tuple(c.heading(f"P@{k}", 0, len(query_indices(c))) for c in columns for k in CUTOFFS)
    lines, details, lacking = [], {}, []
    for system in systems:
        cells: list[Cell] = []
        for column in columns:
            paper = PAPER_3.get(system.name, {}).get(column.data, ())
            found = _measured(column, system, options)
            details[f"{column.title}, {system.name}"] = found if isinstance(found, str) else vars(found)
            if not isinstance(found, str) and found.missing:
                of = f"{found.missing} of {found.corpus} actions without features"
                lacking.append(f"{column.title}, {system.title}: {of}, which as queries count 0.")
            for place, k in enumerate(CUTOFFS):
                theirs = paper[place] if place < len(paper) else None
                if isinstance(found, str):
                    cells.append(Cell(None, theirs, found))
                elif k not in found.at:
                    cells.append(Cell(None, theirs, f"{k} is more than the library's other actions"))
                else:
                    value, half = found.at[k], 1.96 * found.error[k]
                    cells.append(
                        Cell(100 * value, theirs, "", None, 100 * (value - half), 100 * (value + half))
                    )
        lines.append(Line(system.name, system.title, system.group, system.sees, tuple(cells)))
    notes = [*(note for c in columns for note in c.notes()), *lacking, *shortened(columns, systems)]
    notes += [
        "Every action queries all others (Diving48: test dives query all dives); DTW symmetricP2 over both "
        "orientations a frame. What the pattern cannot align is infinitely far; a query without features "
        "counts 0.",
        "The paper's features are distilled on the whole corpus, without labels.",
    ]
    title = "Table 3: retrieval, precision at 1, 10 and 50, %"
    return ResultTable(
        "table3", title, headings, tuple(lines), tuple(notes), options.as_published, {"details": details}
    )
