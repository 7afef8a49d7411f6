"""What to label next: accuracy by the number of labels, strategies against random.

    python benchmarks/suggest.py penn FOLDER [--features vipe-window joints2d] [--seeds 10] [--tail]
    python benchmarks/suggest.py library LIBRARY --splits splits.csv [--features vipe-window] [--seeds 10]
    python benchmarks/suggest.py library LIBRARY --splits splits.csv --shown 100
    python benchmarks/suggest.py speed [--candidates 5000]

A perfect reviewer names the moments that a strategy asks about, five at a time; a nearest neighbour by
dynamic time warping learns from them and is tested on the test part. ``queue`` is what `vpd suggest` asks:
its stages of strategies. ``--tail`` keeps 0.7^r of the r-th class. The last table counts the user's actions
where whole pages of proposals are verified: one to accept a page, two for each wrong one, one to name a
moment. ``--shown`` asks so many times until `SHOWN_AT` labels are given, and counts how often the interval of
the accuracy that is shown holds the share of all moments that the other labels guess right. ``speed`` is the
time of the next page of questions.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vipe_penn import Embed, Penn, embed_movements, joints2d
from vpd.errors import InputError
from vpd.library.labels import read_labels
from vpd.library.layout import Layout
from vpd.library.videos import Videos
from vpd.recognition.split import TEST, read_split
from vpd.sequences import FeatureStore
from vpd.suggestion.kernel import distances, kernel
from vpd.suggestion.queue import RANDOM, accuracy, held_out, questions, verify_page
from vpd.suggestion.strategies import STRATEGIES, Pool
from vpd.teachers.vipe.model import mirrored_2d
from vpd.teachers.vipe_window.model import VipeWindow
from vpd.types import Array, FeatureSequence

BATCH = 5
BUDGETS = (15, 30, 60, 120)
GOALS = (0.8, 0.9, 0.95)
TAIL = 0.7
PAGE = 12
SHOWN_AT = (30, 60, 120)
"""Labels after which the accuracy that is shown is judged."""


@dataclass(frozen=True, eq=False)
class Data:
    """All distances of a data set, the classes, and which indices may be labelled and which are tested."""

    distance: Array
    labels: Array
    pool: Array
    test: Array

    def thinned(self, rng: np.random.Generator) -> Data:
        """With a long tail: of the r-th class `TAIL`^r of the pool."""
        kept = []
        for rank, name in enumerate(rng.permutation(np.unique(self.labels[self.pool]))):
            own = rng.permutation(self.pool[self.labels[self.pool] == name])
            kept.append(own[: max(1, round(len(own) * TAIL**rank))])
        return Data(self.distance, self.labels, np.sort(np.concatenate(kept)), self.test)

    def accuracy(self, labelled: Array) -> float:
        """Mean class accuracy of the nearest labelled one on the test part."""
        nearest = labelled[self.distance[np.ix_(self.test, labelled)].argmin(axis=1)]
        right = self.labels[nearest] == self.labels[self.test]
        return float(
            np.mean([right[self.labels[self.test] == c].mean() for c in np.unique(self.labels[self.test])])
        )


def from_library(folder: Path, splits: Path, features: str) -> Data:
    """The labelled segments of a library."""
    layout = Layout(folder)
    store = FeatureStore(layout, features)
    places = read_split(splits)
    sequences: list[FeatureSequence] = []
    labels, sides = [], []
    for segment in read_labels(layout.labels, Videos.read(layout)):
        try:
            sequences.append(store.segment(segment))
        except InputError:
            continue
        labels.append(segment.label)
        sides.append(places[segment.video].split == TEST)
    is_test = np.array(sides)
    return Data(distances(sequences), np.array(labels), np.flatnonzero(~is_test), np.flatnonzero(is_test))


def from_penn(folder: Path, features: str) -> Data:
    """Penn Action, official split."""
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
    train, test = penn.protocols["official"]
    return Data(distances(sequences), penn.action, np.flatnonzero(train), np.flatnonzero(test))


def pool_of(data: Data, labelled: Array) -> Pool:
    """The training part as a strategy sees it."""
    inside = data.distance[np.ix_(data.pool, data.pool)]
    labels = np.full(len(data.pool), "", dtype=object)
    chosen = np.isin(data.pool, labelled)
    labels[chosen] = data.labels[data.pool[chosen]]
    return Pool(inside, kernel(inside), labels)


Ask = Callable[[Pool, int, np.random.Generator, int], Array]


def asks() -> dict[str, Ask]:
    """The strategies, and the queue that the product asks."""

    def queue(pool: Pool, n: int, rng: np.random.Generator, asked: int) -> Array:
        return np.array([q.index for q in questions(pool, n, rng, asked)], int)

    rows: dict[str, Ask] = {
        name: lambda pool, n, rng, asked, strategy=strategy: strategy(pool, n, rng)  # type: ignore[misc]
        for name, strategy in STRATEGIES.items()
    }
    return {**rows, "queue": queue}


def curve(data: Data, ask: Ask, most: int, rng: np.random.Generator) -> list[float]:
    """Accuracy after every batch."""
    labelled = np.empty(0, int)
    found = []
    fixed = pool_of(data, labelled)
    for done in range(0, min(most, len(data.pool)), BATCH):
        names = fixed.labels.copy()
        chosen = np.isin(data.pool, labelled)
        names[chosen] = data.labels[data.pool[chosen]]
        order = ask(Pool(fixed.distance, fixed.kernel, names), BATCH, rng, done)
        labelled = np.concatenate([labelled, data.pool[order]])
        found.append(data.accuracy(labelled))
    return found


def labels_to(goal: float, found: list[float]) -> str:
    """After how many labels the goal is reached and held for two batches."""
    for i in range(len(found)):
        if min(found[i : i + 2]) >= goal:
            return str(BATCH * (i + 1))
    return f"> {BATCH * len(found)}"


def actions_by_pages(data: Data, rng: np.random.Generator, most: int) -> tuple[int, int, int]:
    """Labels, actions and wrong proposals of a perfect reviewer who verifies pages, until ``most`` labels."""
    names = np.full(len(data.pool), "", dtype=object)
    base = pool_of(data, np.empty(0, int))
    labels = actions = wrong = 0
    while labels < most and (names == "").any():
        pool = Pool(base.distance, base.kernel, names)
        page = verify_page(pool, PAGE)
        if len(page) >= PAGE // 2:
            actions += 1
            for q in page:
                true = data.labels[data.pool[q.index]]
                actions += 2 * (true != q.label)
                wrong += true != q.label
                names[q.index] = true
            labels += len(page)
            continue
        for q in questions(pool, BATCH, rng, labels):
            names[q.index] = data.labels[data.pool[q.index]]
            actions += 1
            labels += 1
    return labels, actions, wrong


def shown(data: Data, runs: int) -> None:
    """How often the interval of the accuracy that is shown holds the true share."""
    base = pool_of(data, np.empty(0, int))
    truth = data.labels[data.pool]
    inside, done = dict.fromkeys(SHOWN_AT, 0), dict.fromkeys(SHOWN_AT, 0)
    widths: dict[int, list[float]] = {n: [] for n in SHOWN_AT}
    for run in range(runs):
        rng = np.random.default_rng(run)
        names, drawn = base.labels.copy(), list[int]()
        for asked in range(0, min(max(SHOWN_AT), len(truth) - BATCH), BATCH):
            for q in questions(Pool(base.distance, base.kernel, names), BATCH, rng, asked):
                drawn += [q.index] if q.why == RANDOM else []
                names[q.index] = truth[q.index]
            if asked + BATCH in SHOWN_AT:
                pool = Pool(base.distance, base.kernel, names)
                found = accuracy(held_out(pool, np.array(drawn, int)))
                among = pool.distance.copy()
                np.fill_diagonal(among, np.inf)
                nearest = pool.labelled[among[:, pool.labelled].argmin(axis=1)]
                right = np.mean(truth[nearest] == truth)
                done[asked + BATCH] += 1
                inside[asked + BATCH] += found is not None and found.low <= right <= found.high
                widths[asked + BATCH].append(found.high - found.low if found else 1.0)
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
    distance = np.linalg.norm(points[:, None] - points[None], axis=2)
    names = np.full(candidates, "", dtype=object)
    names[:60] = [f"class {i % 12}" for i in range(60)]
    alike = kernel(distance)
    for what, labels in (("none labelled", np.full(candidates, "", dtype=object)), ("60 labelled", names)):
        wall, cpu = time.perf_counter(), time.process_time()
        questions(Pool(distance, alike, labels), PAGE, rng, 0)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(f"{PAGE} questions of {candidates} candidates, {what}: {wall:.2f} s, {cpu:.2f} s of processor")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("kind", choices=["penn", "library", "speed"])
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--splits", type=Path)
    parser.add_argument("--features", nargs="+", default=["vipe-window", "joints2d"])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--most", type=int, default=120)
    parser.add_argument("--tail", action="store_true")
    parser.add_argument("--shown", type=int, help="runs; prints only how far the accuracy shown is right")
    parser.add_argument("--candidates", type=int, default=5000)
    given = parser.parse_args()
    if given.kind == "speed":
        speed(given.candidates)
        return
    for features in given.features:
        whole = (
            from_penn(given.data, features)
            if given.kind == "penn"
            else from_library(given.data, given.splits, features)
        )
        if given.shown:
            print(features)
            shown(whole, given.shown)
            continue
        budgets = [b for b in BUDGETS if b <= given.most]
        full = whole.accuracy(whole.pool)
        goals = [goal * full for goal in GOALS]
        print(
            f"\n{features}: {len(whole.pool)} to label, {len(whole.test)} to test; "
            f"all labels {100 * full:.1f} %"
        )
        heads = [*(f"{b} labels" for b in budgets), *(f"to {100 * g:.0f} % of all" for g in GOALS)]
        print(f"| strategy | {' | '.join(heads)} |\n|" + "---|" * (len(heads) + 1))
        for name, ask in asks().items():
            runs = []
            for seed in range(given.seeds):
                rng = np.random.default_rng(seed)
                runs.append(curve(whole.thinned(rng) if given.tail else whole, ask, given.most, rng))
            shortest = min(map(len, runs))
            means, sds = (
                np.mean([r[:shortest] for r in runs], axis=0),
                np.std([r[:shortest] for r in runs], axis=0),
            )
            places = [min(b // BATCH, shortest) - 1 for b in budgets]
            cells = [f"{100 * means[i]:.1f} ± {100 * sds[i]:.1f}" for i in places]
            print(
                f"| {name} | {' | '.join([*cells, *(labels_to(g, list(means)) for g in goals)])} |",
                flush=True,
            )
        labels, actions, wrong = actions_by_pages(whole, np.random.default_rng(0), len(whole.pool))
        print(
            f"pages of {PAGE}: {labels} labels by {actions} actions, {actions / labels:.2f} a label; "
            f"{wrong} proposals wrong"
        )


if __name__ == "__main__":
    main()
