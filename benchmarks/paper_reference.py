"""Our figures against the reference implementation's code on the same inputs.

    python benchmarks/paper_reference.py REFERENCE detection
    python benchmarks/paper_reference.py REFERENCE vipe
    python benchmarks/paper_reference.py REFERENCE nns LIBRARY [--features joints2d] [--k 4 all] ...
    python benchmarks/paper_reference.py REFERENCE bigru LIBRARY [--epochs 500] [--seeds 3] ...

REFERENCE is a checkout of github jhong93/vpd (needs dtw-python, tabulate, tqdm). Nothing of it is copied
here, and none of its pickles is read: features are written in its format (`export`), one file an action,
and read by its own loader. ``--tests N`` asks only every so many test segments, for a first look.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import pickle
import re
import sys
import tempfile
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


def export(folder: Path, actions: dict[str, FeatureSequence]) -> None:
    """Write NAME.emb.pkl in the reference's format: a list of (frame, (2, d), {"kp_score"}) an action.

    Frames are numbered anew over the valid ones, so that its loader has no gap to fill.
    """
    for name, s in actions.items():
        rows = [
            (i, values, {"kp_score": float(score)})
            for i, (values, score) in enumerate(zip(s.values[s.valid], s.scores[s.valid], strict=True))
        ]
        (folder / f"{name}.emb.pkl").write_bytes(pickle.dumps(rows))


def exported(root: Path, actions: dict[str, FeatureSequence]) -> dict[str, np.ndarray]:
    """(T, 2, d) by action, written by `export` and read by the reference's own loader."""
    load = reference_module(root, "action_dataset.load")
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        export(Path(folder), actions)
        return {name: dense for name, (dense, _) in load.load_embs(folder, False).items()}


def reference_module(root: Path, name: str) -> Any:
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    return importlib.import_module(name)


def detection(given: argparse.Namespace) -> None:
    """Average precision on made-up scores: the reference's run_localization against ours, every figure."""
    detect = reference_module(given.reference, "detect")
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
                    reference_detection.proposals(scores, t, lengths), truth, tiou
                )
                for t in reference_detection.THRESHOLDS
            ]
            for tiou in reference_detection.TIOUS
        ]
    )
    print(f"{ours.size} average precisions, {(ours > 0).sum()} above 0, largest {ours.max():.3f}")
    print(f"largest difference from the reference: {np.abs(ours - theirs).max():.2g}")


def inputs(given: argparse.Namespace) -> SimpleNamespace:
    """Features, labels and training lists by k as both sides get them."""
    layout = find_library(given.library)
    segments = recognised(layout, read_labels(layout.labels, Videos.read(layout)))
    ks = [int(k) for k in given.k if k != "all"]
    parts = library_parts(
        layout, segments, given.splits, given.subset_file, ks=ks or [1], subsets=given.subsets
    )
    examples = load_examples(FeatureStore(layout, given.features), parts.segments)
    present = set(examples.present())
    lists = {str(k): [rows.tolist() for rows in parts.subsets[k]] for k in ks}
    if "all" in given.k:
        lists["all"] = [parts.train.tolist()] * given.seeds
    lists = {k: [[i for i in rows if i in present] for rows in of] for k, of in lists.items()}
    used = {i: f"a{i}" for i in sorted(present)}
    theirs = exported(given.reference, {name: examples.sequences[i] for i, name in used.items()})
    return SimpleNamespace(
        labels=parts.labels,
        X=examples.sequences,
        theirs={i: theirs[name] for i, name in used.items()},
        lists=lists,
        tests=[i for i in parts.test.tolist() if i in present][:: given.tests],
    )


def nns(given: argparse.Namespace) -> None:
    """Decisions of nearest neighbour search, one by one."""
    recognize = reference_module(given.reference, "recognize")
    given.seeds = 1  # there is no chance in it
    found = inputs(given)
    labels, asked = found.labels, [found.X[i] for i in found.tests]
    print("| k | subset | same decisions | ours % | theirs % | ours s | theirs s |")
    print("|---|---|---|---|---|---|---|")
    for k, lists in found.lists.items():
        for number, rows in enumerate(lists):
            began = time.perf_counter()
            ours = make_recogniser("nns").fit([found.X[i] for i in rows], labels[rows]).predict(asked)
            between = time.perf_counter()
            with contextlib.redirect_stdout(io.StringIO()):
                model = recognize.KnnModel(
                    "dtw", {f"a{i}": found.theirs[i] for i in rows}, {f"a{i}": labels[i] for i in rows}, 1
                )
                theirs = np.array([model.predict(found.theirs[i])[0] for i in found.tests])
            after = time.perf_counter()
            same = int((ours == theirs).sum())
            right = [100 * float((said == labels[found.tests]).mean()) for said in (ours, theirs)]
            cells = " | ".join(f"{value:.1f}" for value in (*right, between - began, after - between))
            print(f"| {k} | {number} | {same} of {len(ours)} | {cells} |", flush=True)


def bigru(given: argparse.Namespace) -> None:
    """Accuracy of the BiGRU: ours by the paper, ours trained as the reference runs, and the reference's. It
    stops on validation data; here it has none, and runs to its last epoch, as ours does.
    """
    import torch

    recognize = reference_module(given.reference, "recognize")
    torch.set_num_threads(1)
    found = inputs(given)
    labels, asked = found.labels, [found.X[i] for i in found.tests]
    true, classes = labels[found.tests], sorted(set(labels))

    def ours(rows: list[int], seed: int, as_reference: bool) -> np.ndarray:
        model = BiGRUClassifier(epochs=given.epochs, seed=seed, as_reference=as_reference)
        return model.fit([found.X[i] for i in rows], labels[rows]).predict(asked)

    def theirs(rows: list[int], seed: int) -> np.ndarray:
        torch.manual_seed(seed)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            model = recognize.BaseSeqModel(
                "gru",
                [found.theirs[i][:, j] for i in rows for j in (0, 1)],
                np.repeat([classes.index(labels[i]) for i in rows], 2),
                128,
                num_epochs=given.epochs,
                use_attention=False,
            )
            said = [model.predict_n(*found.theirs[i].transpose(1, 0, 2))[0] for i in found.tests]
        return np.array([classes[i] for i in said])

    ways = {
        "ours": lambda rows, seed: ours(rows, seed, False),
        "ours, as published": lambda rows, seed: ours(rows, seed, True),
        "theirs": theirs,
    }
    print(f"| k | subset | {', % | '.join(ways)}, % | {', s | '.join(ways)}, s |")
    print("|---" * (2 + 2 * len(ways)) + "|")
    reached: dict[str, list[list[float]]] = {}
    for k, lists in found.lists.items():
        for number, rows in enumerate(lists):
            right, seconds = [], []
            for way in ways.values():
                began = time.process_time()
                right.append(100 * float((way(rows, number) == true).mean()))
                seconds.append(time.process_time() - began)
            reached.setdefault(k, []).append(right)
            cells = " | ".join(f"{v:.1f}" for v in (*right, *seconds))
            print(f"| {k} | {number} | {cells} |", flush=True)
    summarised(reached, list(ways))


def summarised(reached: dict[str, list[list[float]]], ways: list[str]) -> None:
    """Print means and standard deviations by k, and of the differences from the last of the ways."""
    less = [f"{way} less {ways[-1]}" for way in ways[:-1]]
    print(f"\n| k | fits | {' | '.join([*ways, *less])} |")
    print("|---" * (2 + len(ways) + len(less)) + "|")
    for k, rows in reached.items():
        values = np.array(rows)
        values = np.hstack([values, values[:, :-1] - values[:, -1:]])
        spread = values.std(axis=0, ddof=min(1, len(values) - 1))
        cells = " | ".join(f"{m:.1f} ± {s:.1f}" for m, s in zip(values.mean(axis=0), spread, strict=True))
        print(f"| {k} | {len(values)} | {cells} |")


def renamed(theirs: dict[str, Any], blocks: int) -> dict[str, Any]:
    """The reference's weights of its encoder (models/module.py, FCResNet) under the names of ours.

    It takes scores shifted by half, ours takes them as they are: the first bias takes the shift over.
    """
    out = {"first.weight": theirs["layers.0.weight"]}
    out["first.bias"] = theirs["layers.0.bias"] - 0.5 * theirs["layers.0.weight"][:, 2::3].sum(1)
    last = 2 + blocks
    out |= {f"last.{k}": theirs[f"layers.{last}.{k}"] for k in ("weight", "bias")}
    for key, value in theirs.items():
        _, place, *rest = key.split(".")
        if rest and rest[0] == "block":
            out[f"blocks.{int(place) - 2}.layers.{'.'.join(rest[1:])}"] = value
    return out


def vipe(given: argparse.Namespace) -> None:
    """The encoder, the decoder and the loss of the paper's preset on the reference's weights."""
    import torch

    from vpd.settings.vipe import preset
    from vpd.teachers.vipe.keypoints import encoder_input
    from vpd.teachers.vipe.model import Vipe, VipeCard, body13, mirrored_2d
    from vpd.teachers.vipe.network import Encoder, PoseDecoder
    from vpd.teachers.vipe.sampler import Sample
    from vpd.teachers.vipe.target import SIZE
    from vpd.teachers.vipe.train import batch_loss

    module, keypoint = (reference_module(given.reference, f"models.{n}") for n in ("module", "keypoint"))
    normalise = reference_module(given.reference, "vipe_dataset.dataset_base").normalize_2d_skeleton
    settings, rng = preset("paper"), np.random.default_rng(0)
    torch.manual_seed(0)
    their = module.FCResNet(39, settings.d, settings.blocks, settings.width, dropout=settings.dropout)
    decode = module.FCPoseDecoder(settings.d, [settings.decoder_width] * 2, [("motion", SIZE)])
    with torch.no_grad():  # running means and variances of a network that has seen something
        for _ in range(20):
            their.train()(torch.randn(256, 39) * 0.3)
    model = keypoint.Keypoint_EmbeddingModel(their, {"3d": decode}, "cpu")

    encoder = Encoder(settings.d, settings.width, settings.blocks, 0.0, subtract=True)
    encoder.load_state_dict(renamed(their.state_dict(), settings.blocks))
    decoder = PoseDecoder(settings.d, settings.decoder_width)
    names = {"fcn.layers.0": 0, "fcn.layers.2": 2, "fc_motion": 4}
    decoder.load_state_dict(
        {
            f"layers.{at}.{k}": decode.state_dict()[f"{name}.{k}"]
            for name, at in names.items()
            for k in ("weight", "bias")
        }
    )
    card = VipeCard(settings.d, settings.width, settings.blocks, residual="subtract", decoder_width=512)
    ours = Vipe(card, encoder.eval(), decoder.eval())

    def compared(name: str, ours: np.ndarray, theirs: np.ndarray) -> None:
        size = float(np.abs(theirs).max())
        print(f"| {name} | {np.abs(ours - theirs).max() / size:.1e} | {size:.3g} |")

    print("| what | largest difference, of the largest value | largest value |\n|---|---|---|")
    people = rng.normal(size=(given.poses, 17, 3)) * 100 + 300
    people[..., 2] = rng.uniform(0.5, 1, people.shape[:2])
    xy, seen = body13(people.astype(np.float32), 0.1)
    for name, flip in (("embedding", False), ("embedding, mirrored", True)):
        poses = torch.stack([normalise(p.astype(np.float32), flip) for p in people])
        compared(name, ours.embed(*(mirrored_2d(xy, seen) if flip else (xy, seen))), model.embed(poses))

    views = torch.from_numpy(rng.normal(size=(3, given.poses, 13, 2)).astype(np.float32))
    scores = torch.rand(3, given.poses, 13) * 0.5 + 0.5
    inputs_ = [encoder_input(a, b) for a, b in zip(views, scores, strict=True)]
    shifted = [x - 0.5 * (torch.arange(39) % 3 == 2) for x in inputs_]
    targets, has = torch.randn(given.poses, SIZE) / 10.5**0.5, torch.rand(given.poses) < 0.7
    batch = {
        "pose1": shifted[0],
        "pose2": shifted[1],
        "pose_neg": shifted[2],
        "pose_neg_is_valid": has.float(),
        # Ours scales the targets; the weight of the decoder's loss undoes it.
        "kp_features": targets * 10.5**0.5,
    }
    with torch.no_grad():
        decode.fc_motion.weight *= 10.5**0.5
        decode.fc_motion.bias *= 10.5**0.5
    _, theirs, _ = model.epoch([("motion", [batch])])
    sample = Sample(torch.stack(inputs_[:2], 1), inputs_[2], has, targets, targets)
    with torch.no_grad():
        loss, _ = batch_loss(encoder, decoder, sample, settings)
    compared("loss", np.array(float(loss)), np.array(theirs))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("reference", type=Path)
    kinds = parser.add_subparsers(dest="kind", required=True)
    kinds.add_parser("detection")
    kinds.add_parser("vipe").add_argument("--poses", type=int, default=500)
    for name in ("nns", "bigru"):
        one = kinds.add_parser(name)
        one.add_argument("library", type=Path)
        one.add_argument("--features", default="joints2d")
        one.add_argument("--k", nargs="*", default=["4", "16", "all"], help="numbers, or all")
        one.add_argument("--subsets", type=int, default=10)
        one.add_argument("--seeds", type=int, default=3, help="fits with all labels")
        one.add_argument("--tests", type=int, default=1)
        one.add_argument("--splits", type=Path)
        one.add_argument("--subset-file", type=Path)
        one.add_argument("--epochs", type=int, default=500)
    given = parser.parse_args()
    given.reference = given.reference.resolve()
    {"detection": detection, "vipe": vipe, "nns": nns, "bigru": bigru}[given.kind](given)


if __name__ == "__main__":
    main()
