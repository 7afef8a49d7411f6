"""The few-shot protocol on a library: saved split and subsets, features by recognisers, figures."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from vpd.counting import counted
from vpd.errors import InputError
from vpd.library.dataset import recognised
from vpd.library.layout import Layout
from vpd.library.names import VideoNames
from vpd.library.own_folder import is_as_written, untouched
from vpd.library.videos import Videos
from vpd.metrics.learning_curve import Forecast, advice, forecast
from vpd.metrics.summary import ClassFigures, Summary, chance, class_figures, majority, summarise
from vpd.recognition.examples import load_examples
from vpd.recognition.outcomes import ALL, KeptOutcomes, Outcome
from vpd.recognition.protocol import Validation, run_few_shot
from vpd.recognition.recognisers import make_recogniser
from vpd.recognition.split import TEST, TRAIN, VALIDATION, part_of, read_split
from vpd.recognition.subsets import KS, SUBSETS, Subsets, possible_ks, read_subsets
from vpd.sequences.sides import Sides
from vpd.strings import Sentence
from vpd.types import Array, Segment
from vpd.verbs.features import open_features
from vpd.verbs.made_parts import keep_split, keep_subsets


@dataclass(frozen=True, eq=False)
class Parts:
    """The labelled segments, their training and test parts, and the subsets. They are saved with every
    evaluation.
    """

    segments: list[Segment]
    labels: Array
    train: Array
    test: Array
    subsets: Subsets
    validation: Array = field(default_factory=lambda: np.empty(0, np.int64))
    """Examples that choose the epoch of recognisers; empty where the split has no validation part."""
    notes: tuple[Sentence, ...] = ()
    """Sentences on what was asked for and cannot be measured."""

    def validating(self, chosen: Array, k: int) -> Array:
        """The validation part, the same for every subset."""
        return self.validation


def prepare(
    segments: Sequence[Segment],
    folder: Path,
    splits: Path | None = None,
    subset_file: Path | None = None,
    ks: Sequence[int] = KS,
    subsets: int = SUBSETS,
    seed: int = 0,
    names: VideoNames | None = None,
) -> Parts:
    """Read split and subsets from the named files, else from ``folder``; else create them and save them
    there.

    Saved ones that no longer fit the labels are made again, with a note, unless a person wrote to them.
    ``names`` are those of the library's videos, so that these files may name videos in any form. Raises
    InputError where a video is in no part, or a part is empty.
    """
    again: list[Sentence | None] = []
    _must_be_whole(folder)
    labels = np.array([segment.label for segment in segments])
    if not len(segments):
        raise InputError(Sentence("error_no_labels"))
    if splits is None:
        splits = folder / "splits.csv"
        again.append(keep_split(splits, segments, names, seed))
    places = read_split(splits, names)
    found = [part_of(places, s) for s in segments]
    unplaced = sorted({s.video for s, place in zip(segments, found, strict=True) if place is None})
    if unplaced:
        raise InputError(
            f"{splits} does not name {counted(len(unplaced), 'video')}, such as "
            f"{unplaced[0]}. Add them there, or delete the file to have it made again."
        )
    sides = np.array([place.split for place in found if place is not None])
    train, validation, test = (np.flatnonzero(sides == part) for part in (TRAIN, VALIDATION, TEST))
    if not len(train) or not len(test):
        train_part = Sentence("segments_count", {"count": len(train)})
        raise InputError(Sentence("error_split_empty", {"train": train_part, "test": len(test)}))
    possible = possible_ks(labels[train], ks)
    if subset_file is None:
        subset_file = folder / "few_shot.json"
        again.append(keep_subsets(subset_file, segments, train, ks, subsets, names, seed))
    all_subsets = read_subsets(subset_file, segments, names)
    chosen = {k: lists[:subsets] for k, lists in sorted(all_subsets.items()) if k in ks}
    if not chosen:
        raise InputError(
            f"{subset_file} has subsets for k = {', '.join(map(str, all_subsets))}; "
            f"asked was {', '.join(map(str, ks))}"
        )
    notes = (
        *filter(None, again),
        *_absent_ks(subset_file, ks, possible, chosen),
        *_subset_notes(subset_file, labels, train, subsets, chosen),
        *_untrained(labels, train, test),
    )
    return Parts(list(segments), labels, train, test, chosen, validation, notes)


def _absent_ks(file: Path, ks: Sequence[int], possible: list[int], chosen: Subsets) -> Iterator[Sentence]:
    """On k that were asked for and are not measured."""
    for key, of in (
        ("note_ks_absent", set(possible) - set(chosen)),
        ("note_ks_too_large", set(ks) - set(possible)),
    ):
        if of:
            yield Sentence(key, {"file": str(file), "ks": ", ".join(map(str, sorted(of)))})


def _subset_notes(
    file: Path, labels: Array, train: Array, subsets: int, chosen: Subsets
) -> Iterator[Sentence]:
    """What subsets lack, as those that were made of other labels or for fewer."""
    fewest = min(len(lists) for lists in chosen.values())
    if fewest < subsets:
        yield Sentence("note_fewer_subsets", {"file": str(file), "count": fewest, "asked": subsets})
    shown = {labels[i] for lists in chosen.values() for one in lists for i in one}
    if unshown := sorted(set(labels[train]) - shown):
        yield Sentence("note_classes_absent", {"file": str(file), "classes": ", ".join(unshown)})


def _untrained(labels: Array, train: Array, test: Array) -> Iterator[Sentence]:
    """On classes that are tested and not trained."""
    lost = labels[test][~np.isin(labels[test], labels[train])]
    if len(lost):
        yield Sentence("note_untrained", {"classes": ", ".join(sorted(set(lost))), "count": len(lost)})


def missing_notes(name: str, reasons: Collection[int], parts: Parts) -> Iterator[Sentence]:
    """On segments of the test part, and on others, that have no features called ``name``; ``reasons`` are
    their indices.
    """
    tested = len(set(reasons) & set(parts.test.tolist()))
    for key, count in (("note_missing_test", tested), ("note_missing_train", len(reasons) - tested)):
        if count:
            yield Sentence(key, {"features": name, "count": count})


def _must_be_whole(folder: Path) -> None:
    """Raise InputError where a disk has changed a split or subsets that vpd saved."""
    for path, stated in untouched(folder).items():
        if not is_as_written(path, *stated):
            raise InputError(
                f"{path} is damaged (its contents are not what was written). Delete it to have it made again."
            )


def library_parts(
    layout: Layout,
    segments: Sequence[Segment],
    splits: Path | None = None,
    subset_file: Path | None = None,
    ks: Sequence[int] = KS,
    subsets: int = SUBSETS,
    seed: int = 0,
) -> Parts:
    """`prepare` for a library. Its own splits.csv and few_shot.json have priority over created ones.

    Labels that its data set does not recognise are left out.
    """
    splits = splits or (layout.splits if layout.splits.exists() else None)
    subset_file = subset_file or (layout.few_shot if layout.few_shot.exists() else None)
    folder = layout.results / "few_shot"
    names = Videos.read(layout).names
    return prepare(recognised(layout, segments), folder, splits, subset_file, ks, subsets, seed, names)


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Outcomes by features and recogniser, and their reference values.

    Attributes
    ----------
    outcomes : by the name of the features, of every recogniser, k and subset.
    missing : by the name of the features, how many segments have none.
    notes : the same in sentences.
    """

    parts: Parts
    outcomes: dict[str, list[Outcome]]
    missing: dict[str, int]
    notes: tuple[Sentence, ...] = ()

    @property
    def chance(self) -> float:
        """Accuracy of a uniform guess."""
        return chance(len(np.unique(self.parts.labels)))

    @property
    def majority(self) -> float:
        """Accuracy of a constant answer, the most frequent training label."""
        return majority(self.parts.labels[self.parts.train], self.parts.labels[self.parts.test])

    def rows(self) -> list[tuple[str, str]]:
        """The pairs of features and recogniser, in order."""
        return list(
            dict.fromkeys((name, o.recogniser) for name, all_of in self.outcomes.items() for o in all_of)
        )

    def ks(self) -> list[int]:
        """The measured numbers of examples a class; ``ALL`` is last."""
        seen = {outcome.k for outcomes in self.outcomes.values() for outcome in outcomes}
        return sorted(seen - {ALL}) + [ALL] * (ALL in seen)

    def best(self, k: int) -> tuple[str, str]:
        """The features and the recogniser with the highest mean accuracy at ``k``."""
        rows = [row for row in self.rows() if k in self.of(*row)]
        return max(rows, key=lambda row: self.summary(*row)[k].mean)

    def of(self, features: str, recogniser: str) -> dict[int, list[Outcome]]:
        """The outcomes of one pair by k; ``ALL`` is last."""
        found: dict[int, list[Outcome]] = {}
        for outcome in self.outcomes[features]:
            if outcome.recogniser == recogniser:
                found.setdefault(outcome.k, []).append(outcome)
        return found

    def summary(self, features: str, recogniser: str) -> dict[int, Summary]:
        """Mean accuracy and its interval by k."""
        tests = len(self.parts.test)
        return {
            k: summarise([o.accuracy for o in outcomes], tests)
            for k, outcomes in self.of(features, recogniser).items()
        }

    def classes(self, features: str, recogniser: str, k: int) -> ClassFigures:
        """Confusion matrix and per-class figures over all subsets of ``k``."""
        outcomes = self.of(features, recogniser)[k]
        true = np.tile(self.parts.labels[self.parts.test], len(outcomes))
        return class_figures(true, np.concatenate([o.predicted for o in outcomes]))

    def more_labels(self, features: str, recogniser: str) -> tuple[Forecast, Sentence] | None:
        """The forecast of the accuracy with twice the labels, and a sentence; None with fewer than three k.

        The whole training part counts as its mean number of examples a class.
        """
        parts = self.parts
        mean_count = round(len(parts.train) / len(np.unique(parts.labels[parts.train])))
        by_k = {
            mean_count if k == ALL else k: [o.accuracy for o in outcomes]
            for k, outcomes in self.of(features, recogniser).items()
        }
        if len(by_k) < 3:
            return None
        largest = max(by_k)
        doubled = forecast(by_k, [2 * largest], np.random.default_rng(0))[0]
        return doubled, advice(float(np.mean(by_k[largest])), largest, doubled)


def measure(
    layout: Layout,
    parts: Parts,
    features: Sequence[str],
    recognisers: Sequence[str] | Mapping[str, Any],
    with_all: bool = True,
    jobs: int = 1,
    progress: Callable[[str, Outcome, float], None] = lambda features, outcome, fraction: None,
    kept: KeptOutcomes | None = None,
    ks: Mapping[str, Sequence[int]] | None = None,
    validation: Validation | None = None,
    sides: Sides = "auto",
) -> Evaluation:
    """Run the few-shot protocol for all ``features`` by all ``recognisers``.

    Parameters
    ----------
    features : names, or "auto" (`vpd.verbs.features`); the latter for recognisers that are named.
    recognisers : names of `RECOGNISERS`, or estimators by name.
    sides : of recognisers that are named, see `vpd.sequences.sides`.
    progress : called after each outcome with the features' name and the fraction of all work that is done.
    kept, ks : see `run_few_shot`.
    validation : replaces the validation part of the split.
    """
    if validation is None and len(parts.validation):
        validation = parts.validating
    outcomes: dict[str, list[Outcome]] = {}
    missing: dict[str, int] = {}
    notes: list[Sentence] = []
    for number, name in enumerate(features):
        store, sizes = open_features(layout, name)
        examples = load_examples(store, parts.segments)
        estimators = recognisers
        if not isinstance(estimators, Mapping):
            estimators = {one: make_recogniser(one, sides, sizes) for one in estimators}
        missing[name] = len(examples.reasons)
        notes += missing_notes(name, examples.reasons, parts)

        def tell(outcome: Outcome, done: int, tasks: int, name: str = name, number: int = number) -> None:
            progress(name, outcome, (number + done / tasks) / len(features))

        outcomes[name] = run_few_shot(
            examples.sequences,
            parts.labels,
            parts.train,
            parts.test,
            parts.subsets,
            estimators,
            with_all,
            jobs,
            tell,
            validation,
            kept,
            name,
            ks,
        )
    return Evaluation(parts, outcomes, missing, tuple(notes))
