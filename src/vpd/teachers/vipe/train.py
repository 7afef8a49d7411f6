"""Train VIPE* on samples generated on the device."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from vpd.device import choose_device
from vpd.pose.skeleton import BODY13
from vpd.settings.vipe import VipeSettings
from vpd.teachers.vipe.camera import project, random_views
from vpd.teachers.vipe.keypoints import encoder_input, with_errors
from vpd.teachers.vipe.loop import Loop
from vpd.teachers.vipe.losses import (
    distances,
    hinge_embedding_loss,
    joined_distances,
    metric_loss,
    neighbour_loss,
    procrustes_distances,
)
from vpd.teachers.vipe.model import Vipe
from vpd.teachers.vipe.motion import Motion, check_held_out
from vpd.teachers.vipe.network import Encoder, PoseDecoder
from vpd.teachers.vipe.retrieval import hit_at_k
from vpd.teachers.vipe.sampler import Sample, Sampler

VALIDATION_SEED = 1
"""Seed of validation. It uses the same poses and cameras each time."""
VALIDATION_POSES = 1500


@dataclass(frozen=True)
class Trained:
    """The result of a training: both networks at the best validated step, and the history as rows."""

    encoder: Encoder
    decoder: PoseDecoder
    history: list[dict[str, float]]


class Validation:
    """Held-out poses, each seen by two cameras with an estimator's errors, drawn once."""

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
    """Train on ``motions``, and keep the step with the best Hit@1 on ``held_out``.

    With a ``folder`` the state is saved at every validation, and a later run continues from it with the
    result of an uninterrupted run. ``progress`` gets the step and its figures at every validation. ``start``
    gives the first weights, to continue from another embedding with new motion or settings. Raises InputError
    where a sequence is in both parts or the state belongs to other settings.
    """
    check_held_out(motions, held_out)
    device = choose_device(settings.device)
    torch.manual_seed(settings.seed)
    subtract = settings.residual == "subtract"
    encoder = Encoder(settings.d, settings.width, settings.blocks, settings.dropout, subtract).to(device)
    decoder = PoseDecoder(settings.d, settings.decoder_width).to(device)
    generator = torch.Generator(device).manual_seed(settings.seed)
    sampler, validation = Sampler(motions, settings, device), Validation(held_out, settings, device)
    loop = Loop(encoder, decoder, generator, settings, folder)
    if start is not None:
        loop.load_weights(start.weights)
    loop.run(
        lambda: batch_loss(encoder, decoder, sampler.draw(settings.batch, generator), settings),
        lambda: validation(encoder),
        progress,
    )
    return Trained(encoder, decoder, loop.history)


def batch_loss(
    encoder: Encoder, decoder: PoseDecoder, sample: Sample, settings: VipeSettings
) -> tuple[Tensor, dict[str, Tensor]]:
    """The weighted loss of a batch, and its parts by name (paper, supplement; docs/vipe.md)."""
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
    if settings.procrustes:
        near = joined_distances(near, procrustes_distances(sample.joints), settings.procrustes)
    parts = {
        "pair": (settings.pair_weight, pair),
        "decode": (settings.decode_weight, decode),
        "metric": (settings.metric_weight, metric_loss(apart, near)),
        "neighbour": (settings.neighbour_weight, neighbour_loss(apart, near, settings.temperature)),
    }
    loss = torch.stack([weight * value for weight, value in parts.values()]).sum()
    return loss, {name: value.detach() for name, (_, value) in parts.items()}
