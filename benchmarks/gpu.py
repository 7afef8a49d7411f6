"""A GPU against the CPU: whether results are the same, and how fast against the bare networks.

    python benchmarks/gpu.py [--json FILE] [--only PART ...] [--device auto]

Every part that runs on a GPU by the settings as they are: detector, pose, optical flow (random weights, since
the published ones are fetched), the paper's student and the default one in training and in embedding, the
recognisers' BiGRU, warping, the scan of a search index, the embeddings vipe and vipe-window, the baselines'
networks. No video is needed.

"error" is the largest difference between the device's results and the CPU's for the same inputs and weights
in float32 without TF32, relative to the largest value (at least 1); the tolerance is beside it. "rate" is the
product's own way, from arrays in memory or crop files to results on the host, in the precision that the
settings choose; "bare" the network alone on tensors that lie on the device; "CPU" the product's way on this
machine's CPU. Without a GPU the same runs small, on the CPU alone.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torchvision.models import optical_flow

from baselines import CLASSES, SPEED, made_clips, made_skeletons
from distill_speed import bare_step, loop_step, random_crops, random_source
from vpd.athletes.person_detector import NanoDet, prepare
from vpd.baselines.table import BASELINES, make_baseline
from vpd.baselines.training import Trainer, make_optimiser
from vpd.crops import CropFile
from vpd.device import choose_device, make_accelerator
from vpd.dtw import many_to_many, pack
from vpd.dtw.subsequence import stack_queries
from vpd.errors import VpdError
from vpd.flow.raft import Raft
from vpd.models import model_path
from vpd.models.session import batch_size, open_session
from vpd.models.torch_session import TorchSession
from vpd.pose.movenet import MoveNet
from vpd.recognition.bigru import BiGRUClassifier
from vpd.search.coarse import SLOT_S, CoarseQueries
from vpd.search.coarse_parts import CoarsePart
from vpd.search.likely import likely_slots
from vpd.search.likely_on_device import scores_on
from vpd.settings import DistillSettings, EmbedSettings
from vpd.settings.distill import HeadSettings
from vpd.settings.vipe import VipeSettings
from vpd.student import TorchEngine, embed
from vpd.student.corpus.batches import BatchReader
from vpd.student.corpus.corpus import build_corpus, split_corpus
from vpd.student.inference.embed import frames_with_context
from vpd.student.inference.engines import crops_at_once
from vpd.student.inference.readings import Readings
from vpd.student.network.spec import student_spec
from vpd.student.training.distill import make_student
from vpd.student.training.loop import PictureTraining, Training
from vpd.student.training.on_readings import ReadingTraining
from vpd.teachers.vipe.model import Vipe
from vpd.teachers.vipe.motion import Motion
from vpd.teachers.vipe.network import Encoder, PoseDecoder
from vpd.teachers.vipe.sampler import Sampler
from vpd.teachers.vipe.train import batch_loss as vipe_loss
from vpd.teachers.vipe_window.model import VipeWindow
from vpd.types import Array, FeatureSequence

SECONDS = 0.7
"""How long each rate is measured, after a first run that does not count."""
TEACHER_D = 26
FAILURES = (VpdError, RuntimeError, ValueError, TypeError, LookupError, AttributeError, OSError, ImportError)


@dataclass(frozen=True)
class Row:
    """One part. Rates are items a second; None where there is nothing to measure."""

    part: str
    where: str
    error: float
    tolerance: float
    items: str
    batch: int
    rate: float
    bare: float | None
    cpu: float | None

    @property
    def agrees(self) -> bool:
        """Whether the device's results are the CPU's within the tolerance."""
        return self.error <= self.tolerance


@dataclass(frozen=True)
class Machine:
    """What is compared, and how large inputs are: ``of(large, small)``."""

    device: torch.device
    folder: Path

    def of(self, large: int, small: int) -> int:
        """The first on a GPU, the second on a CPU."""
        return large if self.gpu else small

    @property
    def gpu(self) -> bool:
        """Whether the device is no CPU."""
        return self.device.type != "cpu"

    def rate(self, work: Callable[[], object], items: int, seconds: float = SECONDS) -> float:
        """Items a second of ``work``, which does ``items`` of them."""
        work()
        self.wait()
        runs, start = 0, time.perf_counter()
        while runs == 0 or time.perf_counter() - start < (seconds if self.gpu else seconds / 4):
            work()
            runs += 1
            self.wait()
        return runs * items / (time.perf_counter() - start)

    def cpu_rate(self, work: Callable[[], object], items: int) -> float | None:
        """The same of work on the CPU; None where the device is the CPU."""
        return self.rate(work, items, SECONDS / 2) if self.gpu else None

    def wait(self) -> None:
        """Until the device has done what it was given."""
        if self.device.type == "cuda":
            torch.cuda.synchronize()


def error(found: Any, wanted: Any) -> float:
    """Largest difference of two arrays, tensors or lists of them, relative to the largest value or 1."""
    if isinstance(found, list | tuple):
        return max(error(a, b) for a, b in zip(found, wanted, strict=True))
    a, b = (np.asarray(x.detach().cpu() if isinstance(x, Tensor) else x, np.float64) for x in (found, wanted))
    return float(np.abs(a - b).max() / max(1.0, np.abs(b).max()))


def pictures(n: int, height: int, width: int) -> Array:
    """Smooth pictures (n, height, width, 3) uint8, each a little farther than the one before."""
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (height // 8, width // 8, 3), dtype=np.uint8)
    picture = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.stack([np.roll(picture, 2 * i, axis=1) for i in range(n)])


def of_network(
    machine: Machine,
    part: str,
    name: str,
    items: str,
    make: Callable[[], Any],
    work: Callable[[Any, Array], object],
    feed: Callable[[Array], Array],
    size: tuple[int, int],
) -> Row:
    """The row of a shipped ONNX network.

    ``make`` opens the product's estimator, ``work`` has it process pictures of ``size`` (height, width), and
    ``feed`` turns these into the network's input.
    """
    found, on_cpu = make(), make()
    on_cpu.session = open_session(model_path(name), gpu=False)
    n = machine.of(batch_size(0, found.device), 2)
    images = pictures(n, *size)
    inputs = feed(images)
    session = TorchSession(model_path(name), machine.device)
    reference = on_cpu.session.run(None, {"image": inputs[:4]})
    apart = error(session.run(None, {"image": inputs[:4]}), reference)
    ready = {"image": torch.from_numpy(inputs).to(machine.device)}
    return Row(
        part, found.device, apart, 1e-3, items, n,
        machine.rate(lambda: work(found, images), n),
        machine.rate(lambda: session.outputs_of(ready), n),
        machine.cpu_rate(lambda: work(on_cpu, images[:1]), 1),
    )  # fmt: skip


def detector(machine: Machine) -> Iterator[Row]:
    """NanoDet on pictures of 1280 x 720."""
    yield of_network(
        machine,
        "detector (NanoDet)",
        "nanodet",
        "pictures",
        NanoDet,
        lambda detector, images: detector.detect(list(images)),
        lambda images: prepare(list(images)),
        (720, 1280),
    )


def pose(machine: Machine) -> Iterator[Row]:
    """MoveNet Thunder on crops of 256 px."""
    yield of_network(
        machine,
        "pose (MoveNet Thunder)",
        "movenet_thunder",
        "crops",
        MoveNet,
        lambda estimator, crops: estimator.keypoints(crops),
        lambda crops: crops.astype(np.float32),
        (256, 256),
    )


def flow(machine: Machine) -> Iterator[Row]:
    """RAFT between crops of 128 px, with random weights."""
    yield flow_by(machine, "small", optical_flow.raft_small)
    yield flow_by(machine, "large", optical_flow.raft_large)


def flow_by(machine: Machine, size: Literal["small", "large"], make: Callable[..., nn.Module]) -> Row:
    """The row of one size of RAFT."""
    torch.manual_seed(0)
    network = make(weights=None)
    here = Raft(size, str(machine.device), deepcopy(network))
    on_cpu = Raft(size, "cpu", network)
    n = machine.of(64, 2)
    crops = pictures(n + 1, 128, 128)
    before, now = crops[:-1], crops[1:]
    apart = error(here(before[:2], now[:2]), on_cpu(before[:2], now[:2]))
    ready = [
        torch.from_numpy(p).to(machine.device).permute(0, 3, 1, 2).float() / 127.5 - 1 for p in (before, now)
    ]

    def bare() -> None:
        with torch.inference_mode():
            here.network(*ready)

    with tf32():
        rate, alone = machine.rate(lambda: here(before, now), n), machine.rate(bare, n)
    cpu = machine.cpu_rate(lambda: on_cpu(before[:1], now[:1]), 1)
    return Row(f"flow (RAFT {size})", str(machine.device), apart, 1e-2, "crops", n, rate, alone, cpu)


@contextmanager
def tf32() -> Iterator[None]:
    """TF32 in convolutions, as PyTorch has it by default: it is off where results are compared."""
    torch.backends.cudnn.allow_tf32 = True
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = False


def crop_files(machine: Machine) -> list[Path]:
    """Files of made crops, with flow."""
    paths = [machine.folder / f"v{i}.arrow" for i in range(5)]
    for path in paths:
        if not path.is_file():
            random_crops(path, machine.of(300, 40))
    return paths


def training(machine: Machine, backbone: str, device: str) -> tuple[Training, list[Path]]:
    """A training of a student on made crops."""
    paths = crop_files(machine)
    movenet = backbone == "movenet"
    heads = (HeadSettings(teacher="joints2d", motion=() if movenet else (-1,), decoder=not movenet),)
    settings = DistillSettings(
        backbone=backbone, batch=machine.of(100, 8), heads=heads, compile="off", device=device
    )
    corpus = build_corpus((random_source(path) for path in paths), settings)
    split = split_corpus(corpus, 0.2, np.random.default_rng(0))
    inputs = student_spec(settings, 0, {"joints2d": TEACHER_D}).inputs
    student = make_student(settings, BatchReader(corpus, inputs), split)
    accelerator = make_accelerator(device)
    if not movenet:
        return PictureTraining(corpus, split, settings, accelerator, student), paths
    rng = np.random.default_rng(0)
    made = rng.random((len(corpus), 2, student.prepared_d)).astype(np.float16)
    rows = np.concatenate([
        frames_with_context(CropFile(path), inputs)[corpus.row[corpus.video == i]]
        + np.flatnonzero(corpus.video == i)[0]
        for i, path in enumerate(corpus.paths)
    ])  # fmt: skip
    readings = Readings(made, np.arange(len(corpus)), np.minimum(rows, len(corpus) - 1))
    return ReadingTraining(corpus, split, settings, accelerator, student, readings), paths


def step_loss(trained: Training, batch: Any) -> list[Tensor]:
    """Loss and gradients of a step in float32 on a batch, dropout off."""
    trained.bfloat16 = False
    trained.student.train()
    for module in trained.student.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    loss = trained.step(batch, 0.0)
    grads = [p.grad for p in trained.student.parameters() if p.grad is not None]
    return [loss, torch.stack([g.norm() for g in grads])]


def student(machine: Machine) -> Iterator[Row]:
    """The paper's student (ResNet-34) and the default one: training steps and embedding."""
    yield from student_of(machine, "resnet34")
    yield from student_of(machine, "movenet")


def student_of(machine: Machine, backbone: str) -> Iterator[Row]:
    """The rows of a student with this backbone."""
    device = str(machine.device)
    ours, paths = training(machine, backbone, device)
    reference, _ = training(machine, backbone, "cpu")
    reference.student.load_state_dict(ours.student.state_dict())
    few = next(iter(reference.batches(0, reference.settings.batch)))
    moved = replace(
        few,
        inputs=tuple(t.to(machine.device) for t in few.inputs),
        values=[t.to(machine.device) for t in few.values],
        weights=[t.to(machine.device) for t in few.weights],
    )
    engines = [TorchEngine(deepcopy(t.student), str(t.device), "float32") for t in (ours, reference)]
    spec, n = ours.student.spec, ours.settings.batch
    shape = (machine.of(64, 2), spec.size, spec.size, spec.inputs.channels)
    noise = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    raw = np.stack([cv2.GaussianBlur(crop, (0, 0), 3) for crop in noise])
    prepared = [engine(raw[:8]) for engine in engines]
    # A joint of noise may lie at two places that are equally likely: all but a hundredth must agree.
    largest = max(1.0, float(np.abs(prepared[1]).max()))
    apart = float(np.quantile(np.abs(prepared[0] - prepared[1]), 0.99)) / largest
    learnt = error(step_loss(ours, moved), step_loss(reference, few))
    # Dropout and precision were changed to compare.
    ours, _ = training(machine, backbone, device)
    alone = bare_step(ours, n, ours.bfloat16, True) if backbone == "resnet34" else None
    with tf32():
        rate = machine.rate(loop_step(ours, n), n)
        bare = machine.rate(alone or (lambda: ours.step(moved, 0.0)), n)
    cpu = machine.cpu_rate(loop_step(reference, n), n)
    yield Row(f"student {backbone}: step", device, learnt, 2e-3, "crops", n, rate, bare, cpu)

    engine = TorchEngine(ours.student, device)
    size, file = crops_at_once(engine), CropFile(paths[0])
    many = np.resize(raw, (size, *raw.shape[1:]))
    with tf32():
        rate = machine.rate(lambda: embed(engine, file, EmbedSettings()), len(file))
        bare = machine.rate(lambda: engine(many), size)
    cpu = machine.cpu_rate(lambda: engines[1](raw[:8]), 8)
    yield Row(f"student {backbone}: embed", device, apart, 1e-3, "crops", size, rate, bare, cpu)


def sequences(count: int, d: int, least: int, most: int) -> list[Array]:
    """Smooth sequences (T, d) of random lengths."""
    rng = np.random.default_rng(0)
    return [
        np.cumsum(rng.normal(size=(n, d)), axis=0).astype(np.float32) / 4
        for n in rng.integers(least, most, count)
    ]


def bigru(machine: Machine) -> Iterator[Row]:
    """The recognisers' BiGRU."""
    found, d = [], 64
    for i, values in enumerate(sequences(machine.of(280, 14), d, 25, 60)):
        n = len(values)
        both = np.stack([values, -values], axis=1)
        found.append(
            FeatureSequence(str(i), 0, np.arange(n), np.arange(n) / 25, both, np.ones(n, bool), np.ones(n))
        )
    labels = np.array([str(i % CLASSES) for i in range(len(found))])
    epochs, examples = machine.of(4, 1), 2 * len(found)
    device = str(machine.device)
    ours = BiGRUClassifier(epochs=epochs, device=device).fit(found, labels)
    reference = deepcopy(ours)
    reference.network_, reference.device_ = reference.network_.cpu(), torch.device("cpu")
    apart = error(ours.predict_proba(found[:50]), reference.predict_proba(found[:50]))

    frames = torch.randn(50, 40, d, device=machine.device)
    gru = nn.GRU(d, 128, 2, bidirectional=True, batch_first=True).to(machine.device)
    head = nn.Linear(256, CLASSES).to(machine.device)
    wanted = torch.arange(50, device=machine.device) % CLASSES
    optimiser = torch.optim.AdamW([*gru.parameters(), *head.parameters()], fused=True)

    def bare() -> None:
        loss = cross_entropy(head(gru(frames)[0].amax(1)), wanted)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()

    yield Row(
        "BiGRU: fit", device, apart, 1e-4, "sequences", 50,
        machine.rate(
            lambda: BiGRUClassifier(epochs=epochs, device=device).fit(found, labels), examples * epochs
        ),
        machine.rate(bare, 50),
        machine.cpu_rate(
            lambda: BiGRUClassifier(epochs=epochs, threads=2).fit(found, labels), examples * epochs
        ),
    )  # fmt: skip


def search(machine: Machine) -> Iterator[Row]:
    """The scan of a search index for one query and its mirror image; bare is all but copying and choosing."""
    rng = np.random.default_rng(0)
    count, p = machine.of(20_000_000, 20_000), 16
    numbers = np.resize(rng.integers(-60, 61, (machine.of(1_000_000, count), p), np.int8), (count, p))
    part = CoarsePart("made", numbers, np.array([0, count]), np.array([True]))
    ready = torch.from_numpy(numbers[: 1 << 20]).to(machine.device)
    valid = torch.ones(len(ready), dtype=torch.bool, device=machine.device)
    for slots in (3, 10, 25):
        asked = [numbers[at : at + slots].astype(np.float32) for at in (1000, 5000)]
        queries = CoarseQueries(stack_queries(asked, centred=False), 0.0)
        apart = likely_slots(queries, [part], 80, machine.device) != likely_slots(queries, [part], 80)
        yield Row(
            f"search index, query of {slots * SLOT_S:.1f} s", str(machine.device), apart, 0.0, "slots", count,
            machine.rate(lambda q=queries: likely_slots(q, [part], 80, machine.device), count),
            machine.rate(lambda q=queries: scores_on(q.stacked, ready, valid), len(ready)),
            machine.cpu_rate(lambda q=queries: likely_slots(q, [part], 80), count),
        )  # fmt: skip


def dtw(machine: Machine) -> Iterator[Row]:
    """Queries against many sequences, d = 64; bare is the product of all frames with all frames."""
    device = str(machine.device)
    many = sequences(machine.of(8000, 60), 64, 30, 70)
    packed = pack(many)
    values = torch.from_numpy(packed.values).to(machine.device)
    for count in (1, machine.of(64, 3)):
        queries = many[:count]
        asked = torch.from_numpy(np.concatenate(queries)).to(machine.device)
        for pattern in ("symmetricP2", "symmetric2"):
            there = many_to_many(queries, packed, pattern, device="cpu")
            here = many_to_many(queries, packed, pattern, device=device)
            finite = np.isfinite(there)
            same = bool((finite == np.isfinite(here)).all())
            apart = error(here[finite], there[finite]) if same else np.inf
            pairs = count * len(many)
            yield Row(
                f"DTW {pattern}, {count} queries", device, apart, 1e-3, "pairs", pairs,
                machine.rate(
                    lambda q=queries, p=pattern: many_to_many(q, packed, p, device=device), pairs
                ),
                machine.rate(lambda q=asked: q @ values.T, pairs),
                machine.cpu_rate(
                    lambda q=queries, p=pattern: many_to_many(q, packed, p, device="cpu"), pairs
                ),
            )  # fmt: skip


def vipe(machine: Machine) -> Iterator[Row]:
    """The embeddings of poses and of windows of poses, and the trainer's step."""
    device, n = str(machine.device), machine.of(8192, 256)
    rng = np.random.default_rng(0)
    xy = rng.normal(size=(n, 13, 2)).astype(np.float32)
    seen = rng.uniform(0.3, 1, (n, 13)).astype(np.float32)
    here, on_cpu = Vipe.load(device=device), Vipe.load()
    ready = torch.randn(n, 39, device=machine.device)

    def bare() -> None:
        with torch.inference_mode():
            here.encoder(ready)

    yield Row(
        "vipe: embed", device, error(here.embed(xy, seen), on_cpu.embed(xy, seen)), 1e-4, "poses", n,
        machine.rate(lambda: here.embed(xy, seen), n), machine.rate(bare, n),
        machine.cpu_rate(lambda: on_cpu.embed(xy, seen), n),
    )  # fmt: skip

    window = VipeWindow.load()
    moved = replace(window, encoder=deepcopy(window.encoder).to(machine.device))
    m, k = n // 8, len(window.card.offsets_s)
    points = torch.from_numpy(xy[:m])[:, None].expand(m, k, 13, 2).contiguous()
    visible = torch.from_numpy(seen[:m])[:, None].expand(m, k, 13).contiguous()
    on_device = points.to(machine.device), visible.to(machine.device)
    yield Row(
        "vipe-window: embed", device,
        error(moved.embed(*on_device), window.embed(points, visible)), 1e-4, "windows", m,
        machine.rate(
            lambda: moved.embed(points.to(machine.device), visible.to(machine.device)).cpu(), m
        ),
        machine.rate(lambda: moved.embed(*on_device), m),
        machine.cpu_rate(lambda: window.embed(points, visible), m),
    )  # fmt: skip

    settings, size = VipeSettings(), 256
    joints = np.cumsum(rng.normal(size=(200, 17, 3)) * 0.01, axis=0) + rng.normal(size=(1, 17, 3)) * 0.4
    motions = [Motion("made", "made", joints.astype(np.float32), 30.0)]
    steps = []
    for where in (machine.device, torch.device("cpu")):
        torch.manual_seed(0)
        networks = (Encoder(64, settings.width, 2, 0.0), PoseDecoder(64))
        encoder, decoder = (network.to(where) for network in networks)
        sampler, generator = Sampler(motions, settings, where), torch.Generator(where).manual_seed(0)
        optimiser = torch.optim.AdamW([*encoder.parameters(), *decoder.parameters()], fused=True)

        def learn(
            sample: Any, encoder: Encoder = encoder, decoder: PoseDecoder = decoder, by: Any = optimiser
        ) -> None:
            loss, _ = vipe_loss(encoder, decoder, sample, settings)
            by.zero_grad(set_to_none=True)
            loss.backward()
            by.step()

        steps.append((learn, sampler, generator, encoder, decoder))
    learn, sampler, generator, encoder, decoder = steps[0]
    sample = steps[1][1].draw(size, steps[1][2])
    there = replace(sample, **{k: v.to(machine.device) for k, v in vars(sample).items()})
    losses = [
        vipe_loss(s[3], s[4], given, settings)[0] for s, given in zip(steps, (there, sample), strict=True)
    ]
    ready_sample = sampler.draw(size, generator)
    yield Row(
        "vipe: training step", device, error(losses[0], losses[1]), 1e-4, "poses", size,
        machine.rate(lambda: learn(sampler.draw(size, generator)), size),
        machine.rate(lambda: learn(ready_sample), size),
        machine.cpu_rate(lambda: steps[1][0](steps[1][1].draw(size, steps[1][2])), size),
    )  # fmt: skip


def baselines(machine: Machine) -> Iterator[Row]:
    """Training steps of the networks of the paper's other systems and of today's, at laptop's size."""
    device = str(machine.device)
    clips: list[Any] = []
    for name in SPEED if machine.gpu else ("tsn-crop", "stgcn"):
        made = make_baseline(name, device=device)
        made.training = replace(made.training, epochs=1, least_updates=0, warmup=0)
        batch = machine.of(made.training.batch, 2)
        made.training = replace(made.training, batch=batch)
        if BASELINES[name].takes == "poses":
            inputs: list[Any] = made_skeletons(2 * batch)
        else:
            clips = clips or made_clips(machine.folder, 2 * batch)
            inputs = clips[: 2 * batch]
        targets = torch.arange(len(inputs)) % CLASSES
        torch.manual_seed(0)
        network = made.make_network(CLASSES)
        accelerator = make_accelerator(device)
        source = made.make_source(inputs, accelerator.device)
        ready = source.ready(source.read(np.arange(batch), 0, True), 0)
        # A copy made before: a network that draws tuples of frames draws the same ones in both.
        on_device = deepcopy(network).to(accelerator.device).eval()
        with torch.no_grad():
            wanted = network.eval()(ready.cpu())
            apart = error(on_device(ready), wanted)
        network = on_device.train()
        optimiser = make_optimiser(network, made.training)
        trainer = Trainer(
            network, source, targets, made.training, 0, accelerator, lambda n: n.train(), workers=8
        )
        prepared = accelerator.prepare(network, optimiser)

        def bare(
            network: nn.Module = network,
            ready: Tensor = ready,
            wanted: Tensor = targets[:batch],
            by: Any = optimiser,
        ) -> None:
            loss = cross_entropy(network(ready), wanted.to(ready.device))
            by.zero_grad(set_to_none=True)
            loss.backward()
            by.step()

        with tf32():
            rate = machine.rate(
                lambda trainer=trainer, prepared=prepared: trainer.run_epoch(*prepared, 0, 1), len(inputs)
            )
            alone = machine.rate(bare, batch)
        yield Row(f"baseline {name}: step", device, apart, 1e-3, "clips", batch, rate, alone, None)


PARTS: dict[str, Callable[[Machine], Iterator[Row]]] = {
    "detector": detector,
    "pose": pose,
    "flow": flow,
    "student": student,
    "bigru": bigru,
    "dtw": dtw,
    "search": search,
    "vipe": vipe,
    "baselines": baselines,
}


def about(device: torch.device) -> dict[str, Any]:
    """The machine, for the head of the table."""
    gpu = torch.cuda.get_device_properties(device) if device.type == "cuda" else None
    return {
        "device": gpu.name if gpu else str(device),
        "memory_gb": round(gpu.total_memory / 1e9, 1) if gpu else None,
        "torch": torch.__version__,
        "cpu": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
    }


def shown(value: float | None) -> str:
    """A rate in four digits or fewer."""
    return "" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def main() -> None:
    """Print a row a part, and end with 1 where a part failed or disagrees."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the rows to this file too")
    parser.add_argument("--only", nargs="*", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    device = choose_device(options.device)
    head = about(device)
    print(", ".join(f"{name} {value}" for name, value in head.items() if value is not None))
    if device.type == "cpu":
        print("There is no GPU: small inputs, on the CPU alone.")
    print("| part | on | error | tolerance | batch | items | rate/s | bare/s | rate / bare | CPU/s | x CPU |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    torch.backends.cudnn.allow_tf32 = False
    rows: list[Row] = []
    failed: dict[str, str] = {}
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(device, Path(folder))
        for name in options.only:
            try:
                for row in PARTS[name](machine):
                    rows.append(row)
                    times = row.rate / row.cpu if row.cpu else None
                    print(
                        f"| {row.part} | {row.where} | {row.error:.1e}{'' if row.agrees else ' DIFFERS'} | "
                        f"{row.tolerance:.0e} | {row.batch} | {row.items} | {shown(row.rate)} | "
                        f"{shown(row.bare)} | {shown(row.rate / row.bare if row.bare else None)} | "
                        f"{shown(row.cpu)} | {shown(times)} |",
                        flush=True,
                    )
            except FAILURES as raised:  # one part must not cost the others' figures
                failed[name] = f"{type(raised).__name__}: {raised}"
                traceback.print_exc()
            if device.type == "cuda":
                torch.cuda.empty_cache()
            if options.json:
                seconds = time.perf_counter() - started
                found = {"machine": head, "seconds": seconds, "failed": failed}
                found["rows"] = [asdict(row) for row in rows]
                options.json.write_text(json.dumps(found, indent=1), encoding="utf-8")
    seconds = time.perf_counter() - started
    print(f"{seconds:.0f} s; {sum(not row.agrees for row in rows)} parts differ; failed: {failed or 'none'}")
    if failed or not all(row.agrees for row in rows):
        sys.exit(1)


if __name__ == "__main__":
    main()
