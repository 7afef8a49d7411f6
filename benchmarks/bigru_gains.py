"""What helps the BiGRU, each change alone, by cross-validation on training scenes.

    python benchmarks/bigru_gains.py LIBRARY --labels labels.csv --splits splits.csv --features joints2d \
        --out rows.jsonl [--k 8] [--only epochs ...]

The test part is never read. Scenes are kept whole: for every fold k examples a class are drawn from its
training scenes, and accuracy is that on its validation scenes. All rows see the same folds, subsets and
seeds, so differences to the first row are paired. Fits that stand in ``--out`` are not made again. One epoch
of k = 8 takes some 0.05 s of one core.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.pipeline import make_pipeline

from preparation import Motion, Standardise, Whiten
from recognition_gains import options, training_scenes
from vpd.recognition.bigru import BiGRUClassifier
from vpd.recognition.split import scene_folds
from vpd.sequences.transforms import Resample, Smooth

FOLDS = 4


def changes(epochs: int) -> dict[str, Any]:
    """The recogniser of every row; the first is what the others are compared with."""

    def bigru(*before: Any, rate_hz: float = 15.0, smooth_s: float = 0.033, **options: Any) -> Any:
        network = BiGRUClassifier(**{"epochs": epochs, **options})
        return make_pipeline(Smooth(smooth_s), Resample(rate_hz), *before, network)

    table = {f"epochs {n}": bigru(epochs=n) for n in dict.fromkeys((epochs, 25, 100, 200))}
    table |= {
        "float32": bigru(precision="float32"),
        "bfloat16": bigru(precision="bfloat16"),
        "25 Hz": bigru(rate_hz=25.0),
        "standardise": bigru(Standardise()),
        "whiten 0.25": bigru(Whiten(0.25)),
        "motion": bigru(Motion(1.0, 1)),
        "hidden 64": bigru(hidden=64),
        "hidden 256": bigru(hidden=256),
        "one layer": bigru(layers=1),
        "three layers": bigru(layers=3),
        "batch 25": bigru(batch=25),
    }
    return table


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--k", type=int, default=8)
    parser.add_argument("--subsets", type=int, default=1, help="of every fold")
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    trial = training_scenes(given)
    sequences, labels = trial.sequences, trial.labels
    lines = given.out.read_text().splitlines() if given.out.exists() else []
    done = {(*key, fold): hit for *key, fold, hit in map(json.loads, lines)}
    means: dict[str, list[float]] = {}
    for name, estimator in changes(given.epochs).items():
        if given.only and not any(word in name for word in given.only):
            continue
        rng = np.random.default_rng(0)
        for number, (train, held) in enumerate(scene_folds(labels, trial.scenes, FOLDS, 0)):
            for subset in range(given.subsets):
                shown = trial.draw(train, given.k, rng)
                fold = FOLDS * subset + number
                key = (given.features, given.k, given.epochs, name, fold)
                if key not in done:
                    model = estimator.set_params(bigruclassifier__seed=fold)
                    model.fit([sequences[i] for i in shown], labels[shown])
                    predicted = model.predict([sequences[i] for i in held])
                    done[key] = float((predicted == labels[held]).mean())
                    with given.out.open("a") as file:
                        file.write(json.dumps([*key, done[key]]) + "\n")
                means.setdefault(name, []).append(100 * done[key])
        first = np.array(next(iter(means.values())))
        gain = np.array(means[name]) - first
        error = gain.std(ddof=1) / len(gain) ** 0.5
        print(f"{name:24s} {np.mean(means[name]):5.1f}  {gain.mean():+5.1f} +- {error:.1f}", flush=True)


if __name__ == "__main__":
    main()
