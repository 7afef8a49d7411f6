"""Train VIPE*: one loop of AdamW over samples made on the device, that can be stopped and resumed."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional

from vpd.errors import InputError
from vpd.pose.skeleton import BODY13
from vpd.settings.vipe import VipeSettings
from vpd.teachers.vipe.camera import project, random_views
from vpd.teachers.vipe.keypoints import encoder_input, with_errors
from vpd.teachers.vipe.losses import distances, hinge_embedding_loss, metric_loss, neighbour_loss
from vpd.teachers.vipe.model import Vipe
from vpd.teachers.vipe.motion import Motion
from vpd.teachers.vipe.network import Encoder, PoseDecoder
from vpd.teachers.vipe.retrieval import hit_at_k
from vpd.teachers.vipe.sampler import Sample, Sampler

VALIDATION_SEED = 1
"""Validation sees the same poses by the same cameras each time."""
VALIDATION_POSES = 1500
STATE, HISTORY = "state.safetensors", "history.jsonl"


@dataclass(frozen=True)
class Trained:
    """What training gives: both networks at the best validated step, and the history as rows."""

    encoder: Encoder
    decoder: PoseDecoder
    history: list[dict[str, float]]


def resolve_device(name: str) -> torch.device:
    """The device named, or the best there is for "auto"."""
    if name != "auto":
        return torch.device(name)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


class Validation:
    """Held-out poses, each seen by two cameras with estimator-like errors, fixed once."""

    def __init__(self, motions: Sequence[Motion], settings: VipeSettings, device: torch.device) -> None:
        generator = torch.Generator(device).manual_seed(VALIDATION_SEED)
        joints = torch.cat([torch.from_numpy(m.joints[:, BODY13]) for m in motions]).to(device)
        rows = torch.randperm(len(joints), generator=generator, device=device)[:VALIDATION_POSES]
        self.poses = joints[rows]
        self.inputs = []
        for _ in range(2):
            views = random_views(len(rows), settings, generator)
            xy, depth = project(self.poses, views, settings, generator)
            self.inputs.append(encoder_input(*with_errors(xy, depth, settings, generator)))

    @torch.no_grad()
    def __call__(self, encoder: Encoder) -> dict[str, float]:
        """Hit@1, 10, 20 of one view's embeddings among the other's."""
        encoder.eval()
        hits = hit_at_k(encoder(self.inputs[0]), encoder(self.inputs[1]), self.poses)
        encoder.train()
        return dict(zip(("hit1", "hit10", "hit20"), hits, strict=True))


def train(
    motions: Sequence[Motion],
    held_out: Sequence[Motion],
    settings: VipeSettings,
    folder: Path | None = None,
    progress: Callable[[int, dict[str, float]], None] | None = None,
    start: Vipe | None = None,
) -> Trained:
    """Train on ``motions``, keep the step with the best Hit@1 on ``held_out``.

    With a ``folder`` the state is saved at every validation, and a run that finds one there goes on from it;
    the result is the one of an uninterrupted run. ``progress`` gets the step and its figures at every
    validation. ``start`` gives the first weights, to go on from another embedding with new motion or
    settings. Raises InputError where a sequence is in both parts or the state belongs to other settings.
    """
    both = {(m.source, m.name) for m in motions} & {(m.source, m.name) for m in held_out}
    if both or not held_out:
        raise InputError(f"held-out motion must be there and not be trained on; in both: {sorted(both)[:3]}")
    device = resolve_device(settings.device)
    torch.manual_seed(settings.seed)
    encoder = Encoder(settings.d, settings.width, settings.blocks, settings.dropout).to(device)
    decoder = PoseDecoder(settings.d).to(device)
    parameters = [*encoder.parameters(), *decoder.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=settings.lr, weight_decay=0.01, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, settings.lr, total_steps=settings.steps, pct_start=min(0.1, 500 / settings.steps)
    )
    generator = torch.Generator(device).manual_seed(settings.seed)
    sampler, validation = Sampler(motions, settings, device), Validation(held_out, settings, device)
    run = _Run(encoder, decoder, optimiser, generator, settings, folder)
    if start is not None:
        run.load_weights(start.weights)
    best = run.resume(schedule)
    encoder.train()
    sums: dict[str, float] = {}
    for step in range(run.step, settings.steps):
        loss, parts = _loss(encoder, decoder, sampler.draw(settings.batch, generator), settings)
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        schedule.step()
        for name, value in parts.items():
            sums[name] = sums.get(name, 0.0) + float(value)
        run.step = step + 1
        if run.step % settings.validate_every == 0 or run.step == settings.steps:
            since = run.step - (run.history[-1]["step"] if run.history else 0)
            row = {"step": run.step, **{k: v / since for k, v in sums.items()}, **validation(encoder)}
            sums = {}
            run.history.append(row)
            if row["hit1"] >= max(r["hit1"] for r in run.history):
                best = run.weights()
            run.save(best)
            if progress is not None:
                progress(run.step, row)
    run.load_weights(best)
    return Trained(encoder.eval(), decoder.eval(), run.history)


def _loss(
    encoder: Encoder, decoder: PoseDecoder, sample: Sample, settings: VipeSettings
) -> tuple[Tensor, dict[str, Tensor]]:
    views, targets = sample.views, sample.targets
    n = len(views)
    if settings.pair_weight:
        a, b, negative = encoder(torch.cat([views[:, 0], views[:, 1], sample.negatives])).split(n)
        pair = hinge_embedding_loss(a, b, negative, sample.has_negative)
    else:
        a, b = encoder(torch.cat([views[:, 0], views[:, 1]])).split(n)
        pair = a.new_zeros(())
    decode = functional.mse_loss(decoder(torch.cat([a, b])), torch.cat([targets, targets])) * targets.shape[1]
    apart, near = distances(a, b), torch.cdist(targets, targets)
    parts = {
        "pair": (settings.pair_weight, pair),
        "decode": (settings.decode_weight, decode),
        "metric": (settings.metric_weight, metric_loss(apart, near)),
        "neighbour": (settings.neighbour_weight, neighbour_loss(apart, near, settings.temperature)),
    }
    loss = torch.stack([weight * value for weight, value in parts.values()]).sum()
    return loss, {name: value.detach() for name, (_, value) in parts.items()}


class _Run:
    """The state of a run, saved without pickling."""

    def __init__(
        self,
        encoder: Encoder,
        decoder: PoseDecoder,
        optimiser: torch.optim.Optimizer,
        generator: torch.Generator,
        settings: VipeSettings,
        folder: Path | None,
    ) -> None:
        self.encoder, self.decoder, self.optimiser, self.generator = encoder, decoder, optimiser, generator
        self.settings, self.folder = settings, folder
        self.step = 0
        self.history: list[dict[str, float]] = []

    def weights(self) -> dict[str, Tensor]:
        state = {f"encoder.{k}": v for k, v in self.encoder.state_dict().items()}
        state |= {f"decoder.{k}": v for k, v in self.decoder.state_dict().items()}
        return {k: v.detach().cpu().clone() for k, v in state.items()}

    def load_weights(self, weights: dict[str, Tensor]) -> None:
        for name, network in (("encoder.", self.encoder), ("decoder.", self.decoder)):
            network.load_state_dict(
                {k.removeprefix(name): v for k, v in weights.items() if k.startswith(name)}
            )

    def save(self, best: dict[str, Tensor]) -> None:
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        state = {f"now.{k}": v for k, v in self.weights().items()} | {f"best.{k}": v for k, v in best.items()}
        for number, slots in self.optimiser.state_dict()["state"].items():
            state |= {f"optimiser.{number}.{k}": v.cpu() for k, v in slots.items()}
        state["generator"] = self.generator.get_state()
        # Dropout draws from the default generator.
        state["default_generator"] = torch.get_rng_state()
        about = {"settings": self.settings.model_dump_json(), "history": json.dumps(self.history)}
        beside = self.folder / (STATE + ".part")
        save_file(state, beside, metadata=about)
        beside.replace(self.folder / STATE)
        rows = "".join(json.dumps(row) + "\n" for row in self.history)
        (self.folder / HISTORY).write_text(rows, encoding="utf-8")

    def resume(self, schedule: torch.optim.lr_scheduler.LRScheduler) -> dict[str, Tensor]:
        path = self.folder / STATE if self.folder is not None else None
        if path is None or not path.is_file():
            return self.weights()
        with safe_open(path, "pt") as file:
            about = file.metadata()
        if about["settings"] != self.settings.model_dump_json():
            raise InputError(f"{path} was trained with other settings. Give another folder, or delete it.")
        state = load_file(path)
        self.history = json.loads(about["history"])
        self.step = int(self.history[-1]["step"])
        self.load_weights({k.removeprefix("now."): v for k, v in state.items() if k.startswith("now.")})
        slots: dict[int, dict[str, Tensor]] = {}
        for key, value in state.items():
            if key.startswith("optimiser."):
                _, number, slot = key.split(".")
                slots.setdefault(int(number), {})[slot] = value
        with warnings.catch_warnings():
            # It warns that the optimiser has not stepped: it has, in the run before.
            warnings.simplefilter("ignore", UserWarning)
            for _ in range(self.step):
                schedule.step()
        full = self.optimiser.state_dict() | {"state": slots}
        self.optimiser.load_state_dict(full)
        self.generator.set_state(state["generator"])
        torch.set_rng_state(state["default_generator"])
        return {k.removeprefix("best."): v for k, v in state.items() if k.startswith("best.")}
