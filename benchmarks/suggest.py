"""What to label next: accuracy by the number of labels, strategies against random.

    python benchmarks/suggest.py penn FOLDER [--features vipe-window] [--a-class 32] [--seeds 10] [--tail]
    python benchmarks/suggest.py library LIBRARY --splits splits.csv [--features vipe-window] [--seeds 10]
    python benchmarks/suggest.py library LIBRARY --splits splits.csv --recogniser together
    python benchmarks/suggest.py library LIBRARY --splits splits.csv --shown 100
    python benchmarks/suggest.py library LIBRARY --pages
    python benchmarks/suggest.py speed [--candidates 5000]

A perfect reviewer names the moments that a strategy asks about, five at a time; a recogniser learns from them
and is tested on the test part: with ``--recogniser`` one of `vpd recognise`, else the naming of `vpd suggest`
(`vpd.suggestion.naming`: that of `together` without class averages, from distances that are kept). ``queue``
is what `vpd suggest` asks: its stages of strategies. ``--tail`` keeps 0.7^r of the r-th class. ``--pages``
counts the user's actions where all labelled moments of the library are named anew by pages of proposals: one
to accept a page, one for each wrong proposal, which is asked about again, and one to name a moment.
``--shown`` asks so many times until `SHOWN_AT` labels are given, and counts how often the interval of the
accuracy that is shown holds the share of all moments that the other labels name right. ``speed`` is the time
of the next page of questions.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from vipe_penn import Embed, Penn, embed_movements, joints2d
from vpd.errors import InputError
from vpd.library.labels import read_labels
from vpd.library.layout import Layout
from vpd.library.videos import Videos
from vpd.recognition.recognisers import make_recogniser, prepared
from vpd.recognition.split import TEST, read_split
from vpd.sequences import FeatureStore
from vpd.suggestion.described import Described, described
from vpd.suggestion.kernel import distances
from vpd.suggestion.naming import name
from vpd.suggestion.pool import Pool
from vpd.suggestion.queue import PAGE, RANDOM, accuracy, held_out, owed, questions, verify_page
from vpd.suggestion.strategies import STRATEGIES
from vpd.teachers.vipe.model import mirrored_2d
from vpd.teachers.vipe_window.model import VipeWindow
from vpd.types import Array, FeatureSequence

BATCH = 5
BUDGETS = (15, 30, 60, 120)
PLACES = (*range(BATCH, 61, BATCH), *range(70, 121, 10))
"""Labels after which the accuracy is measured."""
QUEUE = "queue"
LEAST_PAGE = 2
"""Proposals of which a page is worth an action."""
AT_ONCE = 2
"""Moments that are named before proposals are looked at again."""
GOALS = (0.8, 0.9, 0.95)
TAIL = 0.7
FOLDS = 8
"""Labelled moments are named by the others in so many parts."""
SHOWN_AT = (30, 60, 120)
"""Labels after which the accuracy that is shown is judged."""


@dataclass(frozen=True, eq=False)
class Data:
    """All distances of a data set, the classes, and which indices may be labelled and which are tested."""

    described: Described
    both: Array
    labels: Array
    pool: Array
    test: Array
    recogniser: str | None = None
    given: Sequence[FeatureSequence] = ()
    """The sequences as they are, for a recogniser, which prepares them itself."""

    def thinned(self, rng: np.random.Generator) -> Data:
        """With a long tail: of the r-th class `TAIL`^r of the pool."""
        kept = []
        for rank, label in enumerate(rng.permutation(np.unique(self.labels[self.pool]))):
            own = rng.permutation(self.pool[self.labels[self.pool] == label])
            kept.append(own[: max(1, round(len(own) * TAIL**rank))])
        return replace(self, pool=np.sort(np.concatenate(kept)))

    def told(self, labelled: Array) -> Array:
        """What the test part is by the labelled ones."""
        if self.recogniser is None:
            return name(self.both, self.described, labelled, self.labels[labelled], self.test).labels
        model = make_recogniser(self.recogniser)
        model.fit([self.given[i] for i in labelled], self.labels[labelled])
        found: Array = model.predict([self.given[i] for i in self.test])
        return found

    def accuracy(self, labelled: Array) -> float:
        """Mean class accuracy on the test part."""
        truth = self.labels[self.test]
        right = self.told(labelled) == truth
        return float(np.mean([right[truth == c].mean() for c in np.unique(truth)]))


def made(sequences: Sequence[FeatureSequence], labels: Array, test: Array, recogniser: str | None) -> Data:
    """The data of sequences."""
    ready = prepared(sequences)
    parts = np.flatnonzero(~test), np.flatnonzero(test)
    return Data(described(ready), distances(ready), labels, *parts, recogniser, sequences)


def from_library(folder: Path, splits: Path | None, features: str, recogniser: str | None = None) -> Data:
    """The labelled segments of a library. Without splits all may be labelled, and none is tested."""
    layout = Layout(folder)
    store = FeatureStore(layout, features)
    places = read_split(splits) if splits else {}
    sequences: list[FeatureSequence] = []
    labels, sides = [], []
    for segment in read_labels(layout.labels, Videos.read(layout)):
        try:
            sequences.append(store.segment(segment))
        except InputError:
            continue
        labels.append(segment.label)
        sides.append(bool(places) and places[segment.video].split == TEST)
    if not labels:
        raise InputError(f"no labelled segment of {folder} has features {features!r} that are up to date.")
    return made(sequences, np.array(labels), np.array(sides), recogniser)


def some_of_each(labels: Array, test: Array, most: int) -> Array:
    """Indices of at most ``most`` of every class in each part, drawn once."""
    rng = np.random.default_rng(0)
    kept: list[int] = []
    for label in np.unique(labels):
        own = rng.permutation(np.flatnonzero(labels == label))
        for part in (False, True):
            kept += own[test[own] == part][:most].tolist()
    return np.sort(kept)


def from_penn(folder: Path, features: str, most: int | None, recogniser: str | None = None) -> Data:
    """Penn Action, official split; at most so many of every class in each part."""
    penn = Penn(folder, "all")
    embed: Embed = joints2d if features == "joints2d" else embed_movements(VipeWindow.load(), penn.frames)
    poses = [(penn.xy, penn.seen), mirrored_2d(penn.xy, penn.seen)]
    both = [np.split(embed(*pose)[penn.chosen], penn.cuts) for pose in poses]
    sequences = [
        FeatureSequence(
            "v",
            0,
            np.arange(len(a)),
            np.arange(len(a)) / 15,
            np.stack([a, b], 1),
            np.ones(len(a), bool),
            np.ones(len(a)),
        )
        for a, b in zip(*both, strict=True)
    ]
    _, test = penn.protocols["official"]
    kept = some_of_each(penn.action, np.asarray(test, bool), most) if most else np.arange(len(sequences))
    sequences = [sequences[i] for i in kept]
    return made(sequences, penn.action[kept], np.asarray(test, bool)[kept], recogniser)


def pool_of(data: Data) -> Pool:
    """The part that may be labelled as a strategy sees it, without a label."""
    inside = data.both[:, data.pool[:, None], data.pool]
    return Pool(inside, data.described.at(data.pool), np.full(len(data.pool), "", dtype=object))


@dataclass
class Review:
    """A perfect reviewer, who names what is asked."""

    pool: Pool
    truth: Array
    drawn: list[int] = field(default_factory=list)

    def answer(self, indices: Sequence[int], at_random: Sequence[int] = ()) -> None:
        """Name moments."""
        names = self.pool.labels.copy()
        names[list(indices)] = self.truth[list(indices)]
        self.drawn += at_random
        self.pool = self.pool.labelled_as(names, np.array(self.drawn, int))

    def ask(self, n: int, rng: np.random.Generator) -> None:
        """Answer the next questions of `vpd suggest`."""
        found = questions(self.pool, n, rng, len(self.pool.labelled))
        self.answer([q.index for q in found], [q.index for q in found if q.why == RANDOM])


def step(review: Review, strategy: str, rng: np.random.Generator) -> None:
    """Answer the next batch that a strategy asks about."""
    if strategy == QUEUE:
        review.ask(BATCH, rng)
    else:
        review.answer(STRATEGIES[strategy](review.pool, BATCH, rng).tolist())


def curve(data: Data, strategy: str, places: Sequence[int], rng: np.random.Generator) -> list[float]:
    """Accuracy after so many labels each."""
    review = Review(pool_of(data), data.labels[data.pool])
    found = []
    while len(review.pool.labelled) < min(max(places), len(data.pool)):
        step(review, strategy, rng)
        if len(review.pool.labelled) in places:
            found.append(data.accuracy(data.pool[review.pool.labelled]))
    return found


def labels_to(goal: float, found: Sequence[float], places: Sequence[int]) -> str:
    """After how many labels the goal is reached and held for two places."""
    for i in range(len(found)):
        if min(found[i : i + 2]) >= goal:
            return str(places[i])
    return f"> {places[len(found) - 1]}"


def actions_by_pages(data: Data, rng: np.random.Generator) -> tuple[int, int, int]:
    """Labels, actions and wrong proposals of a perfect reviewer who labels all moments by pages."""
    review = Review(pool_of(data), data.labels[data.pool])
    excluded: dict[int, frozenset[str]] = {}
    verdicts: list[bool] = []
    actions = wrong = named = 0
    while len(review.pool.open):
        review.pool = review.pool.labelled_as(review.pool.labels, wrong=dict(excluded))
        page = [] if owed(verdicts, named) else verify_page(review.pool, PAGE)
        if len(page) < LEAST_PAGE:
            before = len(review.pool.labelled)
            review.ask(AT_ONCE, rng)
            actions += len(review.pool.labelled) - before
            named += len(review.pool.labelled) - before
            continue
        right = [q.index for q in page if review.truth[q.index] == q.label]
        for q in page:
            if review.truth[q.index] != q.label:
                excluded[q.index] = excluded.get(q.index, frozenset()) | {q.label}
        actions += 1 + len(page) - len(right)
        wrong += len(page) - len(right)
        verdicts += [review.truth[q.index] == q.label for q in page]
        named = 0
        review.answer(right)
    return len(review.truth), actions, wrong


def share_named_right(review: Review, rng: np.random.Generator) -> float:
    """The share of all moments that the other labels name right."""
    pool, truth = review.pool, review.truth
    right = np.zeros(len(truth), bool)
    right[pool.open] = pool.named.labels == truth[pool.open]
    parts = rng.integers(FOLDS, size=len(pool.labelled))
    for part in range(FOLDS):
        own, others = pool.labelled[parts == part], pool.labelled[parts != part]
        asked = np.concatenate([own, pool.open])
        told = name(pool.both, pool.described, others, pool.labels[others], asked).labels
        right[own] = told[: len(own)] == truth[own]
    return float(right.mean())


def shown(data: Data, runs: int) -> None:
    """How often the interval of the accuracy that is shown holds the true share."""
    base, truth = pool_of(data), data.labels[data.pool]
    inside, done = dict.fromkeys(SHOWN_AT, 0), dict.fromkeys(SHOWN_AT, 0)
    widths: dict[int, list[float]] = {n: [] for n in SHOWN_AT}
    for run in range(runs):
        rng = np.random.default_rng(run)
        review = Review(base.labelled_as(base.labels), truth)
        while len(review.pool.labelled) < min(max(SHOWN_AT), len(truth) - BATCH):
            review.ask(BATCH, rng)
            given = len(review.pool.labelled)
            if given in SHOWN_AT:
                found, right = accuracy(held_out(review.pool)), share_named_right(review, rng)
                done[given] += 1
                inside[given] += found is not None and found.low <= right <= found.high
                widths[given].append(found.high - found.low if found else 1.0)
    for n in SHOWN_AT:
        if done[n]:
            print(
                f"accuracy shown after {n} labels: the interval holds the true share in {inside[n]} of "
                f"{done[n]} runs; {100 * np.mean(widths[n]):.0f} points wide"
            )


def speed(candidates: int) -> None:
    """Time of the next page of questions, with the distances known."""
    rng = np.random.default_rng(0)
    points = rng.normal(size=(candidates, 4)).astype(np.float32)
    away = np.linalg.norm(points[:, None] - points[None], axis=2)
    two = np.arange(2)
    still = [
        FeatureSequence("v", 0, two, two / 15, np.tile(point, (2, 2, 1)), two >= 0, two + 1.0)
        for point in points
    ]
    base = Pool(np.stack([away, away]), described(still), np.full(candidates, "", dtype=object))
    names = base.labels.copy()
    names[:60] = [f"class {i % 12}" for i in range(60)]
    questions(base, 1, rng)  # the kernel is kept
    for what, pool in (("none labelled", base), ("60 labelled", base.labelled_as(names))):
        wall, cpu = time.perf_counter(), time.process_time()
        questions(pool, 12, rng, 0)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(f"12 questions of {candidates} candidates, {what}: {wall:.2f} s, {cpu:.2f} s of processor")


def table(data: Data, strategies: Sequence[str], seeds: int, places: Sequence[int], tail: bool) -> None:
    """Print the accuracies of strategies after so many labels each, ``places``."""
    full = data.accuracy(data.pool)
    print(f"{len(data.pool)} to label, {len(data.test)} to test; all labels {100 * full:.1f} %")
    budgets = [n for n in BUDGETS if n in places]
    heads = [*(f"{b} labels" for b in budgets), *(f"to {100 * g:.0f} % of all" for g in GOALS)]
    print(f"| strategy | {' | '.join(heads)} |\n|" + "---|" * (len(heads) + 1))
    for strategy in strategies:
        runs = []
        for seed in range(seeds):
            rng = np.random.default_rng(seed)
            runs.append(curve(data.thinned(rng) if tail else data, strategy, places, rng))
        every = np.array([run[: min(map(len, runs))] for run in runs])
        means, sds = every.mean(axis=0), every.std(axis=0)
        at = [min(places.index(b), len(means) - 1) for b in budgets]
        cells = [f"{100 * means[i]:.1f} ± {100 * sds[i]:.1f}" for i in at]
        cells += [labels_to(goal * full, means.tolist(), places) for goal in GOALS]
        print(f"| {strategy} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("kind", choices=["penn", "library", "speed"])
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--splits", type=Path)
    parser.add_argument("--features", nargs="+", default=["vipe-window", "joints2d"])
    parser.add_argument("--recogniser", help="of `vpd recognise`")
    parser.add_argument("--strategies", nargs="+", choices=[*STRATEGIES, QUEUE], default=[*STRATEGIES, QUEUE])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument(
        "--places", nargs="+", type=int, default=PLACES, help="labels; the accuracy after each"
    )
    parser.add_argument("--a-class", type=int, help="Penn: sequences of a class in each part, at most")
    parser.add_argument("--tail", action="store_true")
    parser.add_argument("--pages", action="store_true", help="only the actions by pages")
    parser.add_argument("--shown", type=int, help="runs; only how far the accuracy shown is right")
    parser.add_argument("--candidates", type=int, default=5000)
    given = parser.parse_args()
    if given.kind == "speed":
        speed(given.candidates)
        return
    for features in given.features:
        read = (
            (given.data, features, given.a_class)
            if given.kind == "penn"
            else (given.data, given.splits, features)
        )
        data = (from_penn if given.kind == "penn" else from_library)(*read, given.recogniser)
        print(f"\n{features}")
        if given.shown:
            shown(data, given.shown)
        elif given.pages:
            whole = replace(data, pool=np.arange(len(data.labels)))
            labels, actions, wrong = actions_by_pages(whole, np.random.default_rng(0))
            print(
                f"pages of {PAGE}: {labels} labels by {actions} actions, {actions / labels:.2f} a label; "
                f"{wrong} proposals wrong"
            )
        else:
            table(data, given.strategies, given.seeds, given.places, given.tail)


if __name__ == "__main__":
    main()
