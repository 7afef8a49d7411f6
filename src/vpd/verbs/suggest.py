"""Suggest what to label next."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from vpd.detection.targets import REVIEWED
from vpd.errors import InputError
from vpd.library.answers import REJECTED, read_answers
from vpd.library.artefact import read_recipe
from vpd.library.labels import read_labels
from vpd.library.layout import Layout
from vpd.library.sealed_files import read_array, write_array
from vpd.library.videos import Videos
from vpd.sequences import FeatureStore
from vpd.suggestion.candidates import find_candidates, without
from vpd.suggestion.kernel import distances, kernel
from vpd.suggestion.queue import RANDOM, Accuracy, Question, accuracy, held_out, questions, verify_page
from vpd.suggestion.strategies import NOTHING, Pool
from vpd.types import Array, FeatureSequence, Segment
from vpd.verbs.features import choose_features
from vpd.verbs.labelled import left_out_notes
from vpd.verbs.progress import Progress
from vpd.verbs.rows import segment_row

MOST_CANDIDATES = 1500
"""Largest number of candidates; more are sampled. Computing all their distances takes some ten seconds on two
cores.
"""
FEW = 3


@dataclass(frozen=True)
class SuggestRequest:
    """The questions wanted. ``mode`` "name" asks for the class of moments, "verify" whether a page of them is
    of one class.
    """

    n: int = 12
    mode: Literal["name", "verify"] = "name"
    features: str | None = None
    seed: int = 0


@dataclass(frozen=True)
class Suggestion:
    """One question: the moment, the reason, the guessed class ("" where unknown), and the number of
    candidates that it covers.
    """

    segment: Segment
    why: str
    label: str
    covers: int

    @property
    def id(self) -> str:
        """The id of the moment, the same at each run."""
        s = self.segment
        text = f"{s.video}\0{s.athlete}\0{s.start_s:.3f}\0{s.end_s:.3f}"
        return hashlib.sha256(text.encode()).hexdigest()[:10]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        row = segment_row(self.segment)
        return {**row, "id": self.id, "why": self.why, "label": self.label, "covers": self.covers}


@dataclass(frozen=True)
class SuggestResult:
    """The next questions.

    Attributes
    ----------
    candidates : how many moments were considered, and of how many that were found.
    accuracy : of guesses on the moments that were asked at random, each from all other labels; None before
        there is one.
    few : classes with fewer than three labels.
    notes : sentences on videos that are left out.
    """

    items: list[Suggestion]
    features: str
    considered: int
    found: int
    labelled: int
    accuracy: Accuracy | None
    few: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def about(self) -> str:
        """A sentence on the candidates."""
        drawn = f", {self.considered} of them drawn" if self.considered < self.found else ""
        return f"{self.found} moments without a label{drawn}; {self.labelled} labelled; by {self.features}."

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "items": [item.to_json() for item in self.items],
            "features": self.features,
            "about": self.about,
            "considered": self.considered,
            "found": self.found,
            "labelled": self.labelled,
            "accuracy": None if self.accuracy is None else vars(self.accuracy),
            "few": list(self.few),
            "notes": list(self.notes),
        }


def suggest(library: Layout, request: SuggestRequest, progress: Progress | None = None) -> SuggestResult:
    """The moments to label next. Raises InputError where no video has features."""
    progress = progress or Progress()
    videos = Videos.read(library)
    labels = read_labels(library.labels, videos) if library.labels.exists() else []
    answers = read_answers(library)
    store = FeatureStore(library, choose_features(library, request.features).name)
    progress(0.0, "looking for candidates")
    found = [
        c
        for video in store.videos()
        for sequence in store.sequences(video)
        for c in find_candidates(sequence)
    ]
    actions = [s for s in labels if s.label != REVIEWED]
    known = [*actions, *(a.segment() for a in answers if a.verdict == REJECTED)]
    seen = [*labels, *(a.segment() for a in answers)]
    fresh = without(found, seen)
    rng = np.random.default_rng(request.seed)
    kept = fresh
    if len(fresh) > MOST_CANDIDATES:
        kept = [fresh[i] for i in np.sort(rng.choice(len(fresh), MOST_CANDIDATES, replace=False))]
    pool, members = _pool(store, kept, known, progress)
    items = _items(pool, members, request, rng, len(answers))
    names, counts = np.unique([s.label or "" for s in actions], return_counts=True)
    at_random = {_place(a.segment()) for a in answers if a.why == RANDOM}
    drawn = [i for i in pool.labelled if _place(members[i]) in at_random]
    return SuggestResult(
        items,
        store.name,
        len(kept),
        len(fresh),
        len(actions),
        accuracy(held_out(pool, np.array(drawn, int))),
        tuple(str(n) for n, c in zip(names, counts, strict=True) if c < FEW),
        left_out_notes(store),
    )


def _place(segment: Segment) -> tuple[object, ...]:
    """Where a moment is, as an answer and the label that follows from it agree."""
    return segment.video, segment.athlete, round(segment.start_s, 3), round(segment.end_s, 3)


def _pool(
    store: FeatureStore, fresh: Sequence[Segment], known: Sequence[Segment], progress: Progress
) -> tuple[Pool, list[Segment]]:
    """The candidates and the labelled moments as one pool. Moments without an athlete are left out."""
    members: list[Segment] = []
    sequences: list[FeatureSequence] = []
    names: list[str] = []
    for segment, label in [*((s, "") for s in fresh), *((s, s.label or NOTHING) for s in known)]:
        try:
            sequences.append(store.segment(segment))
        except InputError:
            continue  # an athlete was not in view then
        members.append(segment)
        names.append(label)
    progress(0.1, f"comparing {len(members)} moments")
    distance = _kept_distances(store, members, sequences)
    progress(0.9)
    return Pool(distance, kernel(distance), np.array(names, object)), members


def _kept_distances(
    store: FeatureStore, members: Sequence[Segment], sequences: Sequence[FeatureSequence]
) -> Array:
    """All distances. They are cached while the moments and their features are the same."""
    keys = {v: read_recipe(store.layout.features(store.name, v))["key"] for v in {s.video for s in members}}
    spans = [[s.video, s.athlete, round(s.start_s, 4), round(s.end_s, 4)] for s in members]
    digest = hashlib.sha256(json.dumps([store.name, sorted(keys.items()), spans]).encode()).hexdigest()[:24]
    path: Path = store.layout.root / "cache" / "suggest" / f"{digest}.npy"
    kept = read_array(path)
    if kept is not None and kept.shape == (len(members), len(members)):
        return kept
    found = distances(sequences)
    write_array(path, found.astype(np.float32))
    for old in sorted(path.parent.glob("*.npy"), key=lambda p: p.stat().st_mtime_ns)[:-3]:
        old.unlink(missing_ok=True)
    return found


def _items(
    pool: Pool, members: Sequence[Segment], request: SuggestRequest, rng: np.random.Generator, asked: int
) -> list[Suggestion]:
    chosen: list[Question]
    if request.mode == "verify":
        chosen = verify_page(pool, request.n)
    else:
        chosen = questions(pool, request.n, rng, asked)
    return [Suggestion(members[q.index], q.why, q.label, q.covers) for q in chosen]
