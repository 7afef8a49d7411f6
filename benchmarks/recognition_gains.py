"""What helps a nearest neighbour by DTW, each change alone, by cross-validation on training scenes.

    python benchmarks/recognition_gains.py LIBRARY --labels labels.csv --splits splits.csv [--only smooth ...]

The test part is never read. Scenes are kept whole; in every fold k examples a class are drawn from its
training scenes, and accuracy is that on its validation scenes. Whitening is fitted to all training videos
without their labels, but for the rows that say "shots".
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter1d
from sklearn.pipeline import make_pipeline
from sklearn.semi_supervised import LabelSpreading

from few_shot import read_plain_labels
from preparation import DropUnsure, Motion, Standardise, Whiten
from vpd.dtw import FALLBACK
from vpd.library.layout import Layout
from vpd.recognition.examples import load_examples
from vpd.recognition.neighbours import DTWNeighbours
from vpd.recognition.recognisers import make_recogniser
from vpd.recognition.split import TRAIN, read_split, scene_folds
from vpd.sequences import FeatureStore, cut
from vpd.sequences.transforms import Resample, Smooth

KS = (1, 4, 8, 16)
SEEDS, FOLDS, SUBSETS = 3, 4, 8


def around_peak(sequences: list[Any], width_s: float) -> list[Any]:
    """The window of ``width_s`` around the strongest motion of each sequence."""
    found = []
    for s in sequences:
        speed = np.linalg.norm(np.diff(gaussian_filter1d(s.values[:, 0], 1.5, axis=0), axis=0), axis=1)
        middle = s.times_s[gaussian_filter1d(speed * s.scores[1:], 8, mode="constant").argmax()]
        start = np.clip(middle - width_s / 2, s.times_s[0], max(s.times_s[0], s.times_s[-1] - width_s))
        found.append(cut(s, float(start), float(start + width_s)))
    return found


class Trial:
    """Training sequences, their labels and scenes, and the folds."""

    def __init__(self, sequences: list[Any], labels: np.ndarray, scenes: np.ndarray) -> None:
        self.sequences, self.labels, self.scenes = sequences, labels, scenes
        self.folds = [f for seed in range(SEEDS) for f in scene_folds(labels, scenes, FOLDS, seed)]
        self.classes = np.unique(labels)

    def draw(self, train: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
        return np.concatenate([rng.permutation(train[self.labels[train] == c])[:k] for c in self.classes])

    def score(
        self, predict: Callable[[np.ndarray, np.ndarray], np.ndarray], folds: Any, subsets: int
    ) -> list[float]:
        """Mean accuracy by k of ``predict(shown, asked)``, both indices."""
        means = []
        for k in KS:
            rng = np.random.default_rng(0)
            hits = []
            for train, held in folds:
                for _ in range(subsets):
                    shown = self.draw(train, k, rng)
                    hits.append(float((predict(shown, held) == self.labels[held]).mean()))
            means.append(float(np.mean(hits)))
        return means

    def distances(self, before: Any, sequences: list[Any] | None = None, **options: Any) -> np.ndarray:
        given = self.sequences if sequences is None else sequences
        given = before.fit_transform(given) if before is not None else given
        return DTWNeighbours(**{"pattern": FALLBACK, **options}).fit(given, self.labels).distances(given)

    def nearest(self, distances: np.ndarray) -> list[float]:
        def predict(shown: np.ndarray, held: np.ndarray) -> np.ndarray:
            return self.labels[shown][distances[np.ix_(held, shown)].argmin(axis=1)]

        return self.score(predict, self.folds, SUBSETS)

    def density(self, distances: np.ndarray, width: float) -> list[float]:
        """Soft nearest neighbours, as `DTWNeighbours` with all examples, ``width`` and balanced votes."""

        def predict(shown: np.ndarray, held: np.ndarray) -> np.ndarray:
            part = distances[np.ix_(held, shown)].astype(np.float64)
            scale = width * np.median(part, axis=1, keepdims=True)
            votes = np.exp(-(part - part.min(axis=1, keepdims=True)) / scale)
            of_class = self.labels[shown][:, None] == self.classes
            return self.classes[(votes @ (of_class / of_class.sum(axis=0))).argmax(axis=1)]

        return self.score(predict, self.folds, SUBSETS)

    def spread(self, distances: np.ndarray, neighbours: int) -> list[float]:
        """Labels spread over a graph of all sequences, the unlabelled among them (transductive)."""
        symmetric = np.minimum(distances, distances.T).astype(np.float64)

        def predict(shown: np.ndarray, held: np.ndarray) -> np.ndarray:
            rows = np.concatenate([shown, held])
            part = symmetric[np.ix_(rows, rows)]
            scale = np.sort(part, axis=1)[:, min(neighbours, len(rows) - 1)]
            affinity = np.exp(-(part**2) / (scale[:, None] * scale[None, :]))
            targets = np.r_[np.searchsorted(self.classes, self.labels[shown]), np.full(len(held), -1)]
            model = LabelSpreading(kernel=lambda a, b: affinity, alpha=0.5).fit(rows[:, None], targets)
            return self.classes[model.transduction_[len(shown) :]]

        return self.score(predict, self.folds, SUBSETS)

    def fitted_to_shots(self, make: Callable[[], Any], folds: int = FOLDS) -> list[float]:
        def predict(shown: np.ndarray, held: np.ndarray) -> np.ndarray:
            model = make().fit([self.sequences[i] for i in shown], self.labels[shown])
            return model.predict([self.sequences[i] for i in held])

        return self.score(predict, self.folds[:folds], 2)


def rows(t: Trial) -> dict[str, Callable[[], list[float]]]:
    def near(before: Any = None, sequences: Any = None, **options: Any) -> Callable[[], list[float]]:
        return lambda: t.nearest(t.distances(before, sequences and sequences(), **options))

    both = make_pipeline(Smooth(0.067), Whiten(0.5))
    table = {"as the paper": near()}
    table |= {f"pattern {p}": near(pattern=p) for p in ("symmetric2", "symmetricP1")}
    table |= {f"distance {d}": near(distance=d) for d in ("sqeuclidean", "cosine")}
    table |= {f"smooth {s} s": near(Smooth(s)) for s in (0.033, 0.067, 0.1, 0.15)}
    table |= {f"whiten {p}": near(Whiten(p)) for p in (0.25, 0.5, 0.75, 1.0)}
    table |= {"standardise": near(Standardise()), "drop score < 0.5": near(DropUnsure(0.5))}
    table |= {f"motion {w}": near(Motion(w, 2)) for w in (1.0, 4.0)}
    table |= {f"{r} Hz": near(Resample(r)) for r in (10.0, 15.0, 25.0)}
    table |= {f"{w} s around peak": near(None, lambda w=w: around_peak(t.sequences, w)) for w in (1.0, 1.5)}
    table |= {"smooth + whiten": near(both)}
    for s in (0.1, 0.15):
        table |= {f"smooth {s} + whiten": near(make_pipeline(Smooth(s), Whiten(0.5)))}
    table |= {"smooth + whiten, P1": near(both, pattern="symmetricP1")}
    table |= {"smooth + whiten, mirrored query": near(both, mirror_query=True)}
    table |= {
        "not mirrored": near(sides="differ"),
        "smooth + whiten, not mirrored": near(both, sides="differ"),
        "smooth 0.033 s, both mirrored": near(Smooth(0.033), mirror_query=True),
    }
    for width in (0.02, 0.03, 0.05):
        table |= {
            f"both mirrored, density {width}": lambda width=width: t.density(
                t.distances(Smooth(0.033), mirror_query=True), width
            )
        }
    for w in (2.0, 4.0):
        table |= {
            f"both mirrored, motion {w}": near(make_pipeline(Smooth(0.033), Motion(w, 2)), mirror_query=True)
        }
    table |= {f"smooth + whiten, spread {n}": lambda n=n: t.spread(t.distances(both), n) for n in (3, 7)}
    for p in (0.0, 0.25, 0.5):
        table |= {
            f"smooth + whiten {p}, shots": lambda p=p: t.fitted_to_shots(
                lambda: make_pipeline(Smooth(0.067), Whiten(p), DTWNeighbours())
            )
        }
    for name in ("dtw-soft", "dtw-barycenter", "dtw-ensemble", "linear", "auto"):
        for sides in ("same", "differ", "auto"):
            make = partial(make_recogniser, name, sides)
            table[f"recogniser {name}, sides {sides}"] = partial(t.fitted_to_shots, make, SEEDS * FOLDS)
    return table


def options(about: str | None) -> argparse.ArgumentParser:
    """The options that every command has that looks for gains on training scenes."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("library", type=Path)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--splits", type=Path, required=True)
    parser.add_argument("--features", default="joints2d")
    parser.add_argument("--only", nargs="*", default=[], help="rows whose names hold one of these")
    return parser


def training_scenes(given: argparse.Namespace) -> Trial:
    """The labelled segments of the training part that have features."""
    places = read_split(given.splits)
    segments = [s for s in read_plain_labels(given.labels) if places[s.video].split == TRAIN]
    examples = load_examples(FeatureStore(Layout(given.library), given.features), segments)
    present = examples.present()
    return Trial(
        [examples.sequences[i] for i in present],
        np.array([segments[i].label for i in present]),
        np.array([places[segments[i].video].scene for i in present]),
    )


def main() -> None:
    given = options(__doc__).parse_args()
    trial = training_scenes(given)
    print(f"{len(trial.labels)} segments; accuracy % at k = {', '.join(map(str, KS))}", flush=True)
    for name, run in rows(trial).items():
        if not given.only or any(word in name for word in given.only):
            print(f"{name:34s}" + " ".join(f"{100 * a:6.1f}" for a in run()), flush=True)


if __name__ == "__main__":
    main()
