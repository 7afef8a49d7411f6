"""Suggest what to label next."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from vpd.errors import InputError, VpdError
from vpd.library.answers import ACCEPTED, OTHER, REJECTED, Answer, read_answers
from vpd.library.artefact import read_recipe
from vpd.library.labels import REVIEWED, read_labels
from vpd.library.layout import Layout
from vpd.library.sealed_files import read_array, write_array
from vpd.library.videos import Videos
from vpd.recognition.examples import each_found
from vpd.recognition.recognisers import CENTRE, SMOOTH_S, prepared
from vpd.sequences import FeatureStore
from vpd.strings import Sentence
from vpd.suggestion.candidates import find_candidates, overlapping, without
from vpd.suggestion.described import PATTERN_MOMENTS, PATTERNS, described, responses
from vpd.suggestion.kernel import distances
from vpd.suggestion.pool import NOTHING, Pool
from vpd.suggestion.queue import (
    LEAST_NAMED,
    PROPOSAL,
    RANDOM,
    Accuracy,
    Question,
    accuracy,
    held_out,
    least_named,
    may_propose,
    owed,
    questions,
    verify_page,
)
from vpd.types import Array, FeatureSequence, Segment
from vpd.verbs.features import choose_features
from vpd.verbs.labelled import (
    left_out_notes,
    set_aside_notes,
    unseen_notes,
    within,
    without_features_note,
)
from vpd.verbs.progress import Progress
from vpd.verbs.rows import segment_row

MOST_CANDIDATES = 1500
"""Largest number of candidates; more are sampled. Computing all their distances takes some ten seconds on two
cores.
"""
KEPT_FILES = 6
"""Number of cached arrays, of which each set of moments has two."""
FEW = 3
JUDGED = (ACCEPTED, REJECTED, OTHER)


@dataclass(frozen=True)
class SuggestRequest:
    """The questions wanted. ``mode`` "name" asks for the class of moments, "verify" whether proposals are
    right, class by class. Raises InputError for another mode, or fewer than one question.
    """

    n: int = 12
    mode: Literal["name", "verify"] = "name"
    features: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.n, int) or self.n < 1:
            raise InputError(f"the number of moments must be a whole number from 1 on, not {self.n!r}.")
        if self.mode not in ("name", "verify"):
            raise InputError(f"the mode {self.mode!r} is neither 'name' nor 'verify'.")


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
    labelled : number of labels that have features. few : classes with fewer than three of them.
    proposes : whether there are labels enough to propose what others are.
    least_named : labels that are needed before that.
    owed : moments to name before more are proposed, after a page of which many were wrong.
    notes : sentences on videos that are left out, and on labels from which nothing is learned.
    """

    items: list[Suggestion]
    features: str
    considered: int
    found: int
    labelled: int
    accuracy: Accuracy | None
    few: tuple[str, ...]
    proposes: bool
    least_named: int = LEAST_NAMED
    owed: int = 0
    notes: tuple[Sentence, ...] = ()

    @property
    def said(self) -> list[Sentence]:
        """Sentences on the candidates, and on what is needed before others are proposed."""
        counts: dict[str, str | int | Sentence] = {
            "found": self.found,
            "considered": self.considered,
            "labelled": self.labelled,
            "features": self.features,
        }
        about = Sentence("next_drawn" if self.considered < self.found else "next_about", counts)
        if not self.proposes:
            return [about, Sentence("name_more", {"count": self.least_named})]
        return [about, Sentence("name_first_as_wrong", {"count": self.owed})] if self.owed else [about]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "items": [item.to_json() for item in self.items],
            "features": self.features,
            "said": [sentence.to_json() for sentence in self.said],
            "proposes": self.proposes,
            "owed": self.owed,
            "considered": self.considered,
            "found": self.found,
            "labelled": self.labelled,
            "accuracy": None if self.accuracy is None else vars(self.accuracy),
            "few": list(self.few),
            "notes": [note.to_json() for note in self.notes],
        }


def suggest(library: Layout, request: SuggestRequest, progress: Progress | None = None) -> SuggestResult:
    """The moments to label next. Raises InputError where no video has features."""
    progress = progress or Progress()
    videos = Videos.read(library)
    labels = read_labels(library.labels, videos) if library.labels.exists() else []
    answers = read_answers(library)
    store = FeatureStore(library, choose_features(library, request.features).name)
    progress(0.0, Sentence("doing_candidates"))
    found = [
        within(c, videos)
        for video in store.videos()
        for sequence in store.sequences(video)
        for c in find_candidates(sequence)
    ]
    actions = [s for s in labels if s.label != REVIEWED]
    rejected = [a.segment() for a in answers if a.verdict == REJECTED and a.video in videos.rows]
    known = [*actions, *rejected]
    reviewed = [s for s in labels if s.label == REVIEWED]
    fresh = without(found, actions, [*reviewed, *(a.segment() for a in answers if a.verdict != OTHER)])
    rng = np.random.default_rng(request.seed)
    kept = _drawn(found, fresh, request.seed)
    pool, members, unseen = _pool(store, kept, known, answers, progress)
    asked = sum(a.verdict != OTHER for a in answers)
    first = _owed(answers)
    of_use = [s.label or "" for i, s in enumerate(actions) if i not in unseen]
    names, counts = np.unique(of_use, return_counts=True)
    return SuggestResult(
        [] if first and request.mode == "verify" else _items(pool, members, request, rng, asked),
        store.name,
        len(kept),
        len(fresh),
        len(of_use),
        accuracy(held_out(pool)),
        tuple(str(n) for n, c in zip(names, counts, strict=True) if c < FEW),
        may_propose(pool),
        least_named(pool),
        first,
        (
            *set_aside_notes(actions, videos),
            *left_out_notes(store),
            *without_features_note(store, videos),
            *unseen_notes(store, known, unseen, videos),
        ),
    )


def _drawn(found: Sequence[Segment], fresh: Sequence[Segment], seed: int) -> list[Segment]:
    """The ``fresh`` candidates that are considered, at most `MOST_CANDIDATES`, drawn by their places.

    The draw is of all candidates found. So it stays the same when some of them are answered, and what is
    known of the others holds, until fewer than half are left.
    """
    if len(found) <= MOST_CANDIDATES:
        return list(fresh)
    order = sorted(found, key=lambda c: hashlib.sha256(f"{seed} {_place(c)}".encode()).digest())
    left = set(map(_place, fresh))
    for count in range(MOST_CANDIDATES, len(found) + MOST_CANDIDATES, MOST_CANDIDATES // 2):
        drawn = left & {_place(c) for c in order[:count]}
        if len(drawn) > MOST_CANDIDATES / 2:
            break
    return [c for c in fresh if _place(c) in drawn]


def _owed(answers: Sequence[Answer]) -> int:
    """See `owed`; a proposal that was corrected at once, or left open, counts neither way."""
    judged = [
        (i, a.verdict == ACCEPTED) for i, a in enumerate(answers) if a.why == PROPOSAL and a.verdict in JUDGED
    ]
    since = answers[judged[-1][0] + 1 :] if judged else []
    return owed([right for _, right in judged], sum(bool(a.label) for a in since))


def _place(segment: Segment) -> tuple[object, ...]:
    """Where a moment is, as an answer and the label that follows from it agree."""
    return segment.video, segment.athlete, round(segment.start_s, 3), round(segment.end_s, 3)


def _pool(
    store: FeatureStore,
    fresh: Sequence[Segment],
    known: Sequence[Segment],
    answers: Sequence[Answer],
    progress: Progress,
) -> tuple[Pool, list[Segment], dict[int, str]]:
    """The candidates and the ``known`` moments as one pool. Moments without an athlete are left out; of the
    known ones it is said why, by index.
    """
    members: list[Segment] = []
    sequences: list[FeatureSequence] = []
    names: list[str] = []
    unseen: dict[int, str] = {}
    moments = [*((s, "") for s in fresh), *((s, s.label or NOTHING) for s in known)]
    # In an order that does not change when one is labelled, for what is kept of them.
    numbered = sorted(enumerate(moments, -len(fresh)), key=lambda moment: str(_place(moment[1][0])))
    for place, sequence in each_found(store, [segment for _, (segment, _) in numbered]):
        number, (segment, label) = numbered[place]
        if isinstance(sequence, str):
            if number >= 0:
                unseen[number] = sequence
            continue
        sequences.append(sequence)
        members.append(segment)
        names.append(label)
    progress(0.1, Sentence("doing_moments", {"count": len(members)}))
    sequences = prepared(sequences)
    kept = _Kept(store, members)
    apart = kept.array("distances", lambda: distances(sequences))
    progress(0.8)
    known_of = described(sequences, kept.array("responses", lambda: responses(sequences)))
    progress(0.9)
    at_random = {_place(a.segment()) for a in answers if a.why == RANDOM}
    excluded: dict[tuple[object, ...], set[str]] = {}
    for a in answers:
        if a.verdict == OTHER:
            excluded.setdefault(_place(a.segment()), set()).add(a.proposed)
    drawn = [i for i, m in enumerate(members) if names[i] and _place(m) in at_random]
    wrong = {i: frozenset(excluded[_place(m)]) for i, m in enumerate(members) if _place(m) in excluded}
    pool = Pool(apart, known_of, np.array(names, object), np.array(drawn, int), wrong, overlapping(members))
    return pool, members, unseen


class _Kept:
    """What is computed of moments without their labels, cached while they and their features stay."""

    def __init__(self, store: FeatureStore, members: Sequence[Segment]) -> None:
        videos = sorted({s.video for s in members})
        keys = [(v, read_recipe(store.layout.features(store.name, v))["key"]) for v in videos]
        spans = [_place(s) for s in members]
        told = json.dumps([store.name, SMOOTH_S, CENTRE, PATTERN_MOMENTS, PATTERNS, keys, spans])
        self._folder: Path = store.layout.root / "cache" / "suggest"
        self._name = hashlib.sha256(told.encode()).hexdigest()[:24]

    def array(self, what: str, make: Callable[[], Array]) -> Array:
        """The array that ``make`` makes."""
        path = self._folder / f"{self._name}-{what}.npy"
        kept = read_array(path)
        if kept is not None:
            return kept
        found = make()
        with suppress(VpdError, OSError):  # as in a library of another user: they are computed again
            write_array(path, found)
            for old in sorted(self._folder.glob("*.npy"), key=lambda p: p.stat().st_mtime_ns)[:-KEPT_FILES]:
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
