"""Train the window embedding: distances between two views of movements equal those in 3D."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from vpd.device import choose_device
from vpd.errors import InputError
from vpd.settings.vipe import VipeSettings, VipeWindowSettings
from vpd.teachers.vipe.loop import Loop
from vpd.teachers.vipe.losses import (
    distances,
    joined_distances,
    metric_loss,
    neighbour_loss,
    procrustes_distances,
)
from vpd.teachers.vipe.model import Vipe
from vpd.teachers.vipe.motion import Motion, check_held_out
from vpd.teachers.vipe.retrieval import hit_at_k
from vpd.teachers.vipe.target import SIZE, pose_target
from vpd.teachers.vipe_window.model import VipeWindow, VipeWindowCard
from vpd.teachers.vipe_window.network import VipeWindowEncoder
from vpd.teachers.vipe_window.noise import add_keypoint_noise, project_windows
from vpd.teachers.vipe_window.synthesis import Movements

VALIDATION_SEED = 1
"""Seed of validation. It uses the same movements and cameras each time."""
VALIDATION_MOVEMENTS = 1200


def window_target(joints: Tensor, offsets_s: Tensor, reach: float, gravity: float) -> Tensor:
    """(B, K ``SIZE``) targets of movements (B, K, 13, 3): the weighted 3D targets of their poses.

    The distance of two movements is the root of the weighted mean of the squared distances of their poses.
    The middle pose has weight 1, the others have ``reach`` together, and more of it the farther away they
    are.
    """
    b, k = joints.shape[:2]
    poses = pose_target(joints.flatten(0, 1), gravity).view(b, k, SIZE)
    return (poses * _weights(offsets_s, reach).sqrt()[:, None]).flatten(1)


def _weights(offsets_s: Tensor, reach: float) -> Tensor:
    """(K,) shares of the poses in the squared distance of two movements."""
    middle = len(offsets_s) // 2
    weight = offsets_s.abs() + offsets_s.abs().max() / 2
    weight[middle] = 0
    weight = reach * weight / weight.sum()
    weight[middle] = 1
    return weight / weight.sum()


def window_distances(
    joints: Tensor, targets: Tensor, offsets_s: Tensor, reach: float, share: float
) -> Tensor:
    """(B, B) distances of movements (B, K, 13, 3) by their `window_target`. ``share`` of the squared distance
    is that of the joints after each pose's best rotation and scale (`procrustes_distances`).
    """
    near = torch.cdist(targets, targets)
    if not share:
        return near
    aligned = torch.zeros_like(near)
    for place, weight in enumerate(_weights(offsets_s, reach)):
        aligned += weight * procrustes_distances(joints[:, place]) ** 2
    return joined_distances(near, aligned.sqrt(), share)


@dataclass(frozen=True)
class Views:
    """Two views of movements: joints (B, K, 13, 2) and visibility (B, K, 13) of each."""

    first: tuple[Tensor, Tensor]
    second: tuple[Tensor, Tensor]

    @classmethod
    def of(
        cls, joints: Tensor, settings: VipeWindowSettings, cameras: VipeSettings, generator: torch.Generator
    ) -> Views:
        """Project each view by a camera and with errors of its own."""
        seen = [
            add_keypoint_noise(project_windows(joints, cameras, generator), settings, generator)
            for _ in range(2)
        ]
        return cls(seen[0], seen[1])


class Validation:
    """Held-out movements, each seen by two cameras with an estimator's errors, drawn once."""

    def __init__(
        self,
        motions: Sequence[Motion],
        settings: VipeWindowSettings,
        poses: VipeSettings,
        device: torch.device | None = None,
    ) -> None:
        device = device or torch.device("cpu")
        generator = torch.Generator(device).manual_seed(VALIDATION_SEED)
        movements = Movements(motions, settings, poses, device)
        self.joints = movements.draw(VALIDATION_MOVEMENTS, 1.0, generator)
        self.views = Views.of(self.joints, settings, poses, generator)

    @torch.no_grad()
    def __call__(self, encoder: nn.Module) -> dict[str, float]:
        """Hit@1, 10, 20 of one view's embeddings among the other's, for the middle poses. ``same`` is the
        share whose nearest is the movement itself.
        """
        encoder.eval()
        first, second = encoder(*self.views.first), encoder(*self.views.second)
        encoder.train()
        hits = hit_at_k(first, second, self.joints[:, self.joints.shape[1] // 2])
        nearest = torch.cdist(first, second).argmin(1)
        same = nearest == torch.arange(len(first), device=nearest.device)
        return dict(zip(("hit1", "hit10", "hit20"), hits, strict=True)) | {"same": float(same.float().mean())}


def train(
    motions: Sequence[Motion],
    held_out: Sequence[Motion],
    start: Vipe,
    settings: VipeWindowSettings,
    poses: VipeSettings,
    folder: Path | None = None,
    progress: Callable[[int, dict[str, float]], None] | None = None,
) -> tuple[VipeWindow, list[dict[str, float]]]:
    """Train on ``motions`` from the pose embedding ``start``, and keep the step that is best on ``held_out``.

    ``poses`` describes bodies and cameras, and the device. With a ``folder`` a stopped run continues. Returns
    the embedding and the history as rows. Raises InputError where a sequence is in both parts, the folder's
    state belongs to other settings, or ``start`` removes the input of its blocks.
    """
    check_held_out(motions, held_out)
    if start.card.residual != "add":
        raise InputError(
            "vipe-window starts from a vipe whose blocks add their input; this one takes it away "
            "(preset paper)"
        )
    torch.manual_seed(settings.seed)
    card = VipeWindowCard(
        start.card.d, settings.width, start.card.width, start.card.blocks, settings.offsets_s
    )
    device = choose_device(poses.device)
    encoder = VipeWindowEncoder(start.encoder, len(settings.offsets_s), settings.width).to(device)
    decoder = card.decoder().to(device)
    generator = torch.Generator(device).manual_seed(settings.seed)
    movements = Movements(motions, settings, poses, device)
    validation = Validation(held_out, settings, poses, device)

    def loss() -> tuple[Tensor, dict[str, Tensor]]:
        joints = movements.draw(settings.batch, settings.captured, generator)
        views = Views.of(joints, settings, poses, generator)
        targets = window_target(joints, movements.offsets_s, settings.reach, poses.gravity)
        a, b = encoder(*views.first), encoder(*views.second)
        apart = distances(a, b)
        near = window_distances(joints, targets, movements.offsets_s, settings.reach, poses.procrustes)
        decoded = functional.mse_loss(decoder(torch.cat([a, b])), torch.cat([targets, targets]))
        parts = {
            "metric": metric_loss(apart, near),
            "neighbour": settings.neighbour_weight * neighbour_loss(apart, near, settings.temperature),
            "decode": decoded * targets.shape[1],
        }
        return torch.stack(list(parts.values())).sum(), {k: v.detach() for k, v in parts.items()}

    known_by = settings.model_dump_json() + poses.model_dump_json()
    loop = Loop(encoder, decoder, generator, settings, folder, known_by)
    loop.run(loss, lambda: validation(encoder), progress)
    return VipeWindow(card, encoder.cpu(), decoder.cpu()), loop.history
