"""Measure retrieval as the paper does: every labelled action queries all others (section 4.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vpd.dtw import FALLBACK
from vpd.errors import InputError
from vpd.library.layout import Layout
from vpd.library.videos import Videos
from vpd.recognition.affinity import MOST, ranks_by_affinity
from vpd.recognition.examples import load_examples
from vpd.recognition.queries import usable_queries
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
    """Figures of rankings.

    Attributes
    ----------
    figures : by the name of the features, of rankings by distance alone, as the paper has them.
    together : the same of rankings in which all actions take part, without their labels
        (`vpd.recognition.affinity`). Features with more than `MOST` actions are absent.
    missing : by the name of the features, the number of labelled segments without them.
    choice : which features, and why. notes : on labels and queries.
    """

    figures: dict[str, Retrieval]
    together: dict[str, Retrieval]
    missing: dict[str, int]
    choice: FeatureChoice
    notes: tuple[Sentence, ...] = ()

    def rows(self) -> list[dict[str, Any]]:
        """Rows for each kind of features, rankings together and alone: figures in 0..1, precision by k."""
        return [
            {
                "features": name,
                "ranking": ranking,
                "queries": found[name].queries,
                "precision": {str(k): value for k, value in found[name].precision.items()},
                "mean_average_precision": found[name].mean_average_precision,
                "chance": found[name].chance,
                "missing": self.missing[name],
            }
            for name in self.figures
            for ranking, found in (("together", self.together), ("alone", self.figures))
            if name in found
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
    """Measure precision at k and mean average precision of the features, ranked together and alone.

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
    if not labelled:
        raise InputError(Sentence("error_no_labels"))
    choice = FeatureChoice(", ".join(request.features or ()))
    if not request.features:
        choice = choose_features(library, recognition=True)
        if choice.name == AUTO:
            # Rankings have no labelled examples to weigh features by.
            choice = choose_features(library)
    names = list(request.features or [choice.name])
    queries = None
    if library.queries.exists():
        found = usable_queries(library.queries, labelled, videos.names)
        queries = set(found.indices)
        notes = (*notes, Sentence("note_queries", {"count": len(queries), "of": len(labelled)}))
        if found.unknown:
            notes = (*notes, Sentence("note_no_queries", {"count": len(found.unknown)}))
    figures: dict[str, Retrieval] = {}
    together: dict[str, Retrieval] = {}
    missing: dict[str, int] = {}
    for number, name in enumerate(names):
        part = progress.part(number / len(names), (number + 1) / len(names))
        store = FeatureStore(library, name)
        figures[name], by_affinity, missing[name] = _measured(store, labelled, queries, request.pattern, part)
        if by_affinity:
            together[name] = by_affinity
        else:
            notes = (*notes, Sentence("note_ranked_alone", {"features": name, "most": MOST}))
        if missing[name]:
            notes = (*notes, Sentence("note_not_ranked", {"features": name, "count": missing[name]}))
        notes = (*notes, *left_out_notes(store, unsaid(labelled, videos)))
    return RetrieveResult(figures, together, missing, choice, tuple(dict.fromkeys(notes)))


def _measured(
    store: FeatureStore,
    labelled: Sequence[Segment],
    queries: set[int] | None,
    pattern: str,
    progress: Progress,
) -> tuple[Retrieval, Retrieval | None, int]:
    """Figures by distance alone, figures together unless there are too many, and actions without
    features.
    """
    progress(0.0, f"reading {store.name}")
    examples = load_examples(store, labelled)
    sequences = [x for x in examples.sequences if x is not None]
    present = examples.present()
    labels = [labelled[i].label or "" for i in present]
    asked = [at for at, i in enumerate(present) if queries is None or i in queries]
    whole = len(present) <= MOST
    rows = list(range(len(present))) if whole else asked
    distances = retrieval_distances(
        sequences,
        pattern,
        progress=lambda done: progress(done / len(rows), f"{store.name}: {done} of {len(rows)}"),
        queries=rows,
    )
    alone = evaluate_retrieval(distances[asked] if whole else distances, labels, queries=asked)
    if not whole:
        return alone, None, len(examples.reasons)
    together = evaluate_retrieval(ranks_by_affinity(distances)[asked], labels, queries=asked)
    return alone, together, len(examples.reasons)
