"""Our figures against the reference implementation's code on the same inputs.

    python benchmarks/paper_reference.py REFERENCE detection
    python benchmarks/paper_reference.py REFERENCE nns LIBRARY [--features joints2d] [--k 4 16] [--subsets 10]
    python benchmarks/paper_reference.py REFERENCE bigru LIBRARY [--epochs 500] ...

REFERENCE is a checkout of github jhong93/vpd (needs dtw-python, tabulate, tqdm). Nothing of it is copied
here, and none of its pickles is read: the exporter turns a library's features into the arrays that its
classes take. ``--tests N`` asks only every so many test segments, for a first look.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import re
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from vpd.library.dataset import recognised
from vpd.library.labels import read_labels
from vpd.library.layout import find_library
from vpd.library.videos import Videos
from vpd.paper import reference_detection
from vpd.recognition.bigru import BiGRUClassifier
from vpd.recognition.examples import load_examples
from vpd.recognition.recognisers import make_recogniser
from vpd.sequences import FeatureStore
from vpd.types import FeatureSequence
from vpd.verbs.few_shot import library_parts


def exported(sequences: list[FeatureSequence]) -> list[np.ndarray]:
    """(T, 2, d) float64 of the valid frames: what the reference's models take of one action."""
    return [s.values[s.valid].astype(np.float64) for s in sequences]


def reference_module(root: Path, name: str) -> Any:
    sys.path.insert(0, str(root))
    return importlib.import_module(name)


def detection(root: Path) -> None:
    """Average precision on made-up scores: the reference's run_localization against ours, every figure."""
    detect = reference_module(root, "detect")
    rng = np.random.default_rng(0)
    test, train, scores, truth = [], [], {}, {}
    for v in range(6):
        name, n, spans, at = f"v{v}", 1500, [], 20
        while at < n - 60:
            length = int(rng.integers(20, 55))
            spans.append((at, at + length))
            at += length + int(rng.integers(1, 90))
        values = rng.uniform(0, 0.55, n)
        for a, b in spans:
            shift = int(rng.integers(-8, 9))
            values[max(0, a + shift) : b + shift] += rng.uniform(0.1, 0.6)
        values = np.clip(np.convolve(values, np.ones(5) / 5, "same"), 0, 1)
        scores[name], truth[name] = values, spans
        test += [detect.Label(name, "action", a, b, 25.0) for a, b in spans]
        train += [detect.Label(f"t{v}", "action", a, b, 25.0) for a, b in spans]

    class Given:
        def __init__(self, *args: object, **kwargs: object) -> None: ...

        def predict(self, video: str) -> np.ndarray:
            return scores[video]

    detect.ProposalModel = Given
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        detect.run_localization(
            "fs_jump", dict.fromkeys(scores), train, test, -1, 1, "gru", 1, 128, None, None, False
        )
    rows = [
        re.findall(r"[\d.e-]+", line) for line in out.getvalue().splitlines() if re.match(r"\s+0\.\d", line)
    ]
    theirs = np.array([[float(v) for v in row[1:]] for row in rows])
    lengths = reference_detection.limits([(x.start_frame, x.end_frame) for x in train])
    ours = np.array(
        [
            [
                reference_detection.average_precision(
                    reference_detection.proposals(scores, t, lengths), truth, round(0.1 * i, 1)
                )
                for t in reference_detection.THRESHOLDS
            ]
            for i in range(1, 10)
        ]
    )
    print(f"{ours.size} average precisions, {(ours > 0).sum()} above 0, largest {ours.max():.3f}")
    print(f"largest difference from the reference: {np.abs(ours - theirs).max():.2g}")


def inputs(given: argparse.Namespace) -> SimpleNamespace:
    layout = find_library(given.library)
    segments = recognised(layout, read_labels(layout.labels, Videos.read(layout)))
    parts = library_parts(
        layout, segments, given.splits, given.subset_file, ks=given.k, subsets=given.subsets
    )
    examples = load_examples(FeatureStore(layout, given.features), parts.segments)
    present = set(examples.present())
    tests = [i for i in parts.test.tolist() if i in present][:: given.tests]
    return SimpleNamespace(parts=parts, X=examples.sequences, present=present, tests=tests)


def train_of(found: SimpleNamespace, chosen: np.ndarray) -> list[int]:
    return [i for i in chosen.tolist() if i in found.present]


def nns(root: Path, given: argparse.Namespace) -> None:
    recognize = reference_module(root, "recognize")
    found = inputs(given)
    labels, asked = found.parts.labels, [found.X[i] for i in found.tests]
    print(
        "| k | subset | same decisions | ours % | theirs % | ours s | theirs s "
        "|\n|---|---|---|---|---|---|---|"
    )
    for k, lists in found.parts.subsets.items():
        for number, chosen in enumerate(lists):
            rows = train_of(found, chosen)
            began = time.perf_counter()
            ours = make_recogniser("nns").fit([found.X[i] for i in rows], labels[rows]).predict(asked)
            between = time.perf_counter()
            names = {f"a{i}": exported([found.X[i]])[0] for i in rows}
            with contextlib.redirect_stdout(io.StringIO()):
                model = recognize.KnnModel("dtw", names, {f"a{i}": labels[i] for i in rows}, 1)
                theirs = np.array([model.predict(x)[0] for x in exported(asked)])
            after = time.perf_counter()
            same = int((ours == theirs).sum())
            right = [100 * float((said == labels[found.tests]).mean()) for said in (ours, theirs)]
            figures = (*right, between - began, after - between)
            cells = " | ".join(f"{value:.1f}" for value in figures)
            print(f"| {k} | {number} | {same} of {len(ours)} | {cells} |", flush=True)


def bigru(root: Path, given: argparse.Namespace) -> None:
    import torch

    recognize = reference_module(root, "recognize")
    torch.set_num_threads(1)
    found = inputs(given)
    labels, asked = found.parts.labels, [found.X[i] for i in found.tests]
    classes = sorted(set(labels))
    print("| k | subset | ours % | theirs % | ours s | theirs s |\n|---|---|---|---|---|---|")
    gained: dict[int, list[float]] = {}
    for k, lists in found.parts.subsets.items():
        for number, chosen in enumerate(lists):
            rows, true = train_of(found, chosen), labels[found.tests]
            began = time.perf_counter()
            model = BiGRUClassifier(epochs=given.epochs, seed=number)
            ours = 100 * (model.fit([found.X[i] for i in rows], labels[rows]).predict(asked) == true).mean()
            between = time.perf_counter()
            torch.manual_seed(number)
            names = {f"a{i}": exported([found.X[i]])[0] for i in rows}
            answers = {f"a{i}": classes.index(labels[i]) for i in rows}
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                # The reference stops on validation data; here it has none, and runs to its last epoch.
                their = recognize.BaseSeqModel(
                    "gru",
                    [x[:, j] for x in names.values() for j in (0, 1)],
                    np.repeat([answers[name] for name in names], 2),
                    128,
                    num_epochs=given.epochs,
                    use_attention=False,
                )
                said = [classes[their.predict_n(x[:, 0], x[:, 1])[0]] for x in exported(asked)]
            theirs = 100 * (np.array(said) == true).mean()
            after = time.perf_counter()
            gained.setdefault(k, []).append(ours - theirs)
            cells = " | ".join(f"{v:.1f}" for v in (ours, theirs, between - began, after - between))
            print(f"| {k} | {number} | {cells} |", flush=True)
    for k, differences in gained.items():
        spread = np.std(differences, ddof=1) if len(differences) > 1 else 0.0
        print(f"k = {k}: ours less theirs {np.mean(differences):+.1f} ± {spread:.1f} over {len(differences)}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("reference", type=Path)
    kinds = parser.add_subparsers(dest="kind", required=True)
    kinds.add_parser("detection")
    for name in ("nns", "bigru"):
        one = kinds.add_parser(name)
        one.add_argument("library", type=Path)
        one.add_argument("--features", default="joints2d")
        one.add_argument("--k", nargs="*", type=int, default=[4, 16])
        one.add_argument("--subsets", type=int, default=10)
        one.add_argument("--tests", type=int, default=1)
        one.add_argument("--splits", type=Path)
        one.add_argument("--subset-file", type=Path)
        one.add_argument("--epochs", type=int, default=500)
    given = parser.parse_args()
    if given.kind == "detection":
        detection(given.reference)
    else:
        {"nns": nns, "bigru": bigru}[given.kind](given.reference, given)


if __name__ == "__main__":
    main()
