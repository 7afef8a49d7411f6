"""Measure retrieval as the paper does: every labelled action queries all others (section 4.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vpd.dtw import FALLBACK
from vpd.library.layout import Layout
from vpd.library.videos import Videos
from vpd.recognition.examples import load_examples
from vpd.recognition.queries import read_queries
from vpd.recognition.retrieval import Retrieval, evaluate_retrieval, retrieval_distances
from vpd.sequences import FeatureStore
from vpd.strings import Sentence
from vpd.types import Segment
from vpd.verbs.features import AUTO, FeatureChoice, choose_features
from vpd.verbs.labelled import labelled_segments, left_out_notes, unsaid
from vpd.verbs.progress import Progress


@dataclass(frozen=True)
class RetrieveRequest:
    """The retrieval to measure.

    Attributes
    ----------
    features : names; None for the default (`vpd.verbs.features`).
    pattern : step pattern of the time warping.
    """

    features: Sequence[str] | None = None
    pattern: str = FALLBACK


@dataclass(frozen=True, eq=False)
class RetrieveResult:
    """Figures by the name of the features, the number of labelled segments without each, and notes on
    labels.
    """

    figures: dict[str, Retrieval]
    missing: dict[str, int]
    choice: FeatureChoice
    notes: tuple[Sentence, ...] = ()

    def rows(self) -> list[dict[str, Any]]:
        """One row for each kind of features: figures in 0..1, precision by k."""
        return [
            {
                "features": name,
                "queries": found.queries,
                "precision": {str(k): value for k, value in found.precision.items()},
                "mean_average_precision": found.mean_average_precision,
                "chance": found.chance,
                "missing": self.missing[name],
            }
            for name, found in self.figures.items()
        ]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "features": list(self.figures),
            "features_why": self.choice.why,
            "retrieval": self.rows(),
            "notes": [note.to_json() for note in self.notes],
        }


def retrieve(library: Layout, request: RetrieveRequest, progress: Progress | None = None) -> RetrieveResult:
    """Measure precision at k and mean average precision of the features.

    Every labelled action queries all others; where the library has a queries.csv, only those that it names.
    Labels without features are left out. Raises InputError where fewer than two remain; CancelledError.

    Examples
    --------
    >>> found = retrieve(layout, RetrieveRequest(["joints2d"]))
    >>> found.figures["joints2d"].queries, found.figures["joints2d"].precision[1]
    (4, 1.0)
    """
    progress = progress or Progress()
    videos = Videos.read(library)
    labelled, notes = labelled_segments(library, videos)
    choice = FeatureChoice(", ".join(request.features or ()))
    if not request.features:
        choice = choose_features(library, recognition=True)
        if choice.name == AUTO:
            # Rankings have no labelled examples to weigh features by.
            choice = choose_features(library)
    names = list(request.features or [choice.name])
    queries = None
    if library.queries.exists():
        queries = set(read_queries(library.queries, labelled, videos.names))
        notes = (*notes, Sentence("note_queries", {"count": len(queries), "of": len(labelled)}))
    figures: dict[str, Retrieval] = {}
    missing: dict[str, int] = {}
    for number, name in enumerate(names):
        part = progress.part(number / len(names), (number + 1) / len(names))
        store = FeatureStore(library, name)
        figures[name], missing[name] = _measured(store, labelled, queries, request.pattern, part)
        notes = (*notes, *left_out_notes(store, unsaid(labelled, videos)))
    return RetrieveResult(figures, missing, choice, tuple(dict.fromkeys(notes)))


def _measured(
    store: FeatureStore,
    labelled: Sequence[Segment],
    queries: set[int] | None,
    pattern: str,
    progress: Progress,
) -> tuple[Retrieval, int]:
    progress(0.0, f"reading {store.name}")
    examples = load_examples(store, labelled)
    sequences = [x for x in examples.sequences if x is not None]
    present = examples.present()
    labels = [labelled[i].label or "" for i in present]
    asked = [at for at, i in enumerate(present) if queries is None or i in queries]
    distances = retrieval_distances(
        sequences,
        pattern,
        progress=lambda done: progress(done / len(asked), f"{store.name}: {done} of {len(asked)}"),
        queries=asked,
    )
    return evaluate_retrieval(distances, labels, queries=asked), len(examples.reasons)
