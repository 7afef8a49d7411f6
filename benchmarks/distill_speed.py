"""How much of the network's own speed distillation and embedding reach, and what bfloat16 and layout bring.

    python benchmarks/distill_speed.py [--backbone resnet34] [--batch 100] [--rounds 3] [--crops FOLDER]

Everything is measured in one process, in turns, so that ratios hold on a busy machine; medians over rounds.
``--only processes`` compares one process with one a core (DDP). On a machine that others use take --cpu
with OMP_NUM_THREADS=1: CPU seconds do not count their turns. Without --crops (files of a library's folder
`crops`), smooth random pictures of the same size are used.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import torch

from vpd.crops import CropFile, make_crops, write_crops
from vpd.device import make_accelerator
from vpd.flow import make_flow
from vpd.library.artefact import Recipe
from vpd.settings import CropSettings, DistillSettings, EmbedSettings
from vpd.settings.distill import HeadSettings
from vpd.student import Engine, OnnxEngine, TorchEngine, VideoSource, embed
from vpd.student.corpus.batches import BatchReader
from vpd.student.corpus.corpus import build_corpus, split_corpus
from vpd.student.inference.engines import crops_at_once
from vpd.student.inference.export import prepare_graph
from vpd.student.network.spec import student_spec
from vpd.student.training.compiling import compiled
from vpd.student.training.distill import make_student
from vpd.student.training.loop import PictureTraining, Training
from vpd.student.training.losses import distillation_loss
from vpd.types import FeatureSequence, PoseSequence, Track


def random_crops(path: Path, n: int) -> None:
    """A file of ``n`` crops of a smooth picture under a moving window."""
    rng = np.random.default_rng(0)
    picture = cv2.GaussianBlur(rng.integers(0, 256, (360, 640, 3), dtype=np.uint8), (0, 0), 2)
    picture = cv2.normalize(picture, None, 0, 255, cv2.NORM_MINMAX)
    frames = (SimpleNamespace(frame=i, time_s=i / 25, rgb=np.roll(picture, i, 1)) for i in range(n))
    number = np.arange(n)
    boxes = np.tile([280.0, 100.0, 70.0, 140.0], (n, 1))
    track = Track(0, number, number / 25, boxes, np.ones(n), np.full(n, "user"))
    write_crops(path, make_crops(frames, [track], make_flow("dis"), CropSettings()), Recipe("crop", 1))


def random_source(path: Path) -> VideoSource:
    """Targets and poses drawn at random for the crops of a file."""
    rng = np.random.default_rng(1)
    file = CropFile(path)
    features, poses = [], []
    for athlete in np.unique(file.athletes):
        rows = np.flatnonzero(file.athletes == athlete)
        n = len(rows)
        x, y, side = (file.squares[rows, k, None] for k in range(3))
        points = rng.uniform(0.2, 0.8, (n, 17, 2)).astype(np.float32)
        keypoints = np.stack([x + side * points[..., 0], y + side * points[..., 1], np.ones((n, 17))], 2)
        poses.append(PoseSequence(int(athlete), file.frames[rows], keypoints))
        values = rng.normal(size=(n, 2, 26))
        ones = np.ones(n)
        arrays = (file.frames[rows], file.times_s[rows], values, ones.astype(bool), ones)
        features.append(FeatureSequence(path.stem, int(athlete), *arrays))
    return VideoSource(path.stem, path, {"joints2d": features}, poses)


def in_turns(
    measured: dict[str, Callable[[], int]], rounds: int, clock: Callable[[], float]
) -> dict[str, float]:
    """Items a second of each, the median over rounds in which they take turns; the first does not count."""
    rates: dict[str, list[float]] = {name: [] for name in measured}
    for run in range(rounds + 1):
        for name, work in measured.items():
            started = clock()
            items = work()
            if run:
                rates[name].append(items / (clock() - started))
    return {name: statistics.median(values) for name, values in rates.items()}


def bare_step(
    training: Training, batch: int, bfloat16: bool, channels_last: bool, compiles: bool = False
) -> Callable[[], int]:
    """Forward, backward and AdamW on tensors that lie ready."""
    layout = torch.channels_last if channels_last else torch.contiguous_format
    student = training.student
    spec = student.spec
    inputs = torch.randn(batch, spec.inputs.channels, spec.size, spec.size, device=training.device)
    inputs = inputs.contiguous(memory_format=layout)
    network = compiled(student, inputs, "on", bfloat16) if compiles else student
    targets = [torch.randn(batch, head.targets, device=training.device) for head in spec.heads]
    weights = [torch.ones_like(t) for t in targets]

    def work() -> int:
        student.to(memory_format=layout)
        student.train()
        with torch.autocast(training.device.type, torch.bfloat16, enabled=bfloat16):
            predictions = network(inputs)
        loss = distillation_loss(predictions, targets, weights, training.head_weights, "squared")
        training.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        training.optimiser.step()
        return batch

    return work


def loop_step(training: Training, batch: int) -> Callable[[], int]:
    """The next step of the real loop: decoded by threads, augmented, learnt."""
    batches = training.batches(0, 10**9)

    def work() -> int:
        training.student.to(memory_format=torch.channels_last)
        training.network.train()
        training.step(next(batches), 0.0)
        return batch

    return work


def bare_prepare(engine: Engine, batch: int) -> Callable[[], int]:
    """The engine alone on both orientations of crops that lie ready."""
    spec = engine.student.spec
    raw = np.random.default_rng(0).integers(
        0, 256, (batch, spec.size, spec.size, spec.inputs.channels), np.uint8
    )

    def work() -> int:
        for _ in range(4):
            engine(raw)
        return 4 * batch

    return work


def table(title: str, rates: dict[str, float], unit: str, floor: str) -> None:
    """Print rates and their ratio to the one called ``floor``."""
    print(f"\n{title}")
    for name, rate in rates.items():
        print(f"  {name:44s} {rate:8.1f} {unit}   {rate / rates[floor]:.2f} x")


def make_training(options: argparse.Namespace, scratch: Path) -> tuple[Training, list[Path]]:
    """A training of the options' backbone, on crops that are given or made, and the files of these crops."""
    if options.crops:
        paths = sorted(options.crops.glob("*.arrow"))[:40]
    else:
        paths = [scratch / f"v{i}.arrow" for i in range(5)]
        for path in paths:
            random_crops(path, 130)
    heads = (HeadSettings(teacher="joints2d", motion=(-1,), decoder=True),)
    settings = DistillSettings(backbone=options.backbone, batch=options.batch, heads=heads)
    corpus = build_corpus((random_source(path) for path in paths), settings)
    split = split_corpus(corpus, 0.2, np.random.default_rng(0))
    inputs = student_spec(settings, 0, {"joints2d": 26}).inputs
    student = make_student(settings, BatchReader(corpus, inputs), split)
    return PictureTraining(corpus, split, settings, make_accelerator("auto"), student), paths


def of_processes(options: argparse.Namespace) -> None:
    """What the processes that torchrun started reach together in the real loop; the first one says it."""
    with tempfile.TemporaryDirectory() as scratch:
        training, _ = make_training(options, Path(scratch))
        work = loop_step(training, options.batch)
        rates = in_turns({"loop": work}, options.rounds, time.perf_counter)
        if training.accelerator.is_main_process:
            print(f"rate {rates['loop']}", flush=True)


def compare_processes(options: argparse.Namespace) -> None:
    """The real loop by one process and by as many as there are cores, all cores in use."""
    cores = torch.get_num_threads()
    rates = {}
    for processes in (1, cores):
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
        command += [f"--nproc_per_node={processes}", *sys.argv]
        environment = {**os.environ, "OMP_NUM_THREADS": str(cores // processes)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        said = next(line for line in done.stdout.splitlines() if line.startswith("rate "))
        rates[f"{processes} processes of {cores // processes} threads"] = float(said.split()[1])
    table("the real loop, shared", rates, "images/s", next(iter(rates)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backbone", default="resnet34")
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--crops", type=Path, help="a folder of crop files; else random ones are made")
    parser.add_argument("--cpu", action="store_true", help="CPU seconds of all threads instead of wall time")
    parser.add_argument("--only", choices=("distill", "embed", "processes"))
    options = parser.parse_args()
    if options.only == "processes":
        of_processes(options) if "LOCAL_RANK" in os.environ else compare_processes(options)
        return
    clock = time.process_time if options.cpu else time.perf_counter
    print(
        f"torch {torch.__version__}, {torch.get_num_threads()} threads, {options.backbone}, "
        + ("CPU seconds" if options.cpu else "wall time")
    )
    with tempfile.TemporaryDirectory() as scratch:
        training, paths = make_training(options, Path(scratch))
        bare = "network step alone, bfloat16, channels last"
        if options.only != "embed":
            measured = {
                bare: bare_step(training, options.batch, True, True),
                "the real loop ("
                + ("bfloat16" if training.bfloat16 else "float32")
                + ", channels last)": loop_step(training, options.batch),
                "network step alone, float32, channels last": bare_step(training, options.batch, False, True),
                "network step alone, float32, compiled": bare_step(
                    training, options.batch, False, True, compiles=True
                ),
                "network step alone, float32, contiguous": bare_step(training, options.batch, False, False),
            }
            table("distillation", in_turns(measured, options.rounds, clock), "images/s", bare)
        if options.only != "distill":
            embed_settings = EmbedSettings()
            files = [CropFile(path) for path in paths]
            turn = iter(range(10**9))
            engines: dict[str, Engine] = {"torch": TorchEngine(deepcopy(training.student))}
            if training.device.type == "cpu":
                graph, threads = prepare_graph(deepcopy(training.student)), torch.get_num_threads()
                engines["onnxruntime"] = OnnxEngine(graph, training.student, threads)

            def whole(engine: Engine) -> Callable[[], int]:
                def work() -> int:
                    file = files[next(turn) % len(files)]
                    embed(engine, file, embed_settings)
                    return len(file)

                return work

            for name, engine in engines.items():
                bare = f"crops that lie ready, {name}"
                measured = {
                    bare: bare_prepare(engine, crops_at_once(engine, embed_settings.batch)),
                    f"embed, {name}": whole(engine),
                }
                table("embedding", in_turns(measured, options.rounds, clock), "frames/s", bare)


if __name__ == "__main__":
    main()
