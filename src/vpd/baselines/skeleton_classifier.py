"""ST-GCN, MS-G3D, ST-GCN++ and PoseConv3D as estimators over skeletons."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from vpd.baselines.estimator import NetworkClassifier
from vpd.baselines.networks.graph import COCO
from vpd.baselines.networks.poseconv3d import heatmaps
from vpd.baselines.settings import SkeletonView, Training
from vpd.baselines.skeletons import (
    Skeleton,
    about_athlete,
    bones,
    in_box,
    in_picture,
    mirrored,
    padded,
    random_move,
    uniform,
    with_persons,
)
from vpd.baselines.systems import SKELETON_SYSTEMS, system_named
from vpd.types import Array


class SkeletonSource:
    """Skeletons as inputs of a network."""

    def __init__(self, skeletons: Sequence[Skeleton], view: SkeletonView, device: torch.device) -> None:
        self.skeletons, self.view, self.device = skeletons, view, device

    def _one(self, skeleton: Skeleton, rng: np.random.Generator | None, changed: bool) -> Array:
        view = self.view
        points = with_persons(skeleton, view.persons)
        if view.heatmap:
            return self._for_heatmap(points, rng, changed)
        if view.place == "picture":
            values = in_picture(points, skeleton.width, skeleton.height)
        else:
            values = about_athlete(points)
        if changed and view.flip and rng is not None and rng.random() < 0.5:
            values = mirrored(values)
        if changed and view.move and rng is not None:
            values = random_move(values, rng)
        if view.stream == "bone":
            values = bones(values, COCO.parents)
        sample = uniform if view.sampling == "uniform" else padded
        return sample(values, view.frames, rng)

    def _for_heatmap(self, points: Array, rng: np.random.Generator | None, changed: bool) -> Array:
        sample = uniform if self.view.sampling == "uniform" else padded
        boxed = in_box(sample(points, self.view.frames, rng), rng if changed else None)
        if changed and self.view.flip and rng is not None and rng.random() < 0.5:
            boxed = mirrored(boxed)
            boxed[..., 0] += 1
        return boxed

    def read(self, items: Array, seed: int | None, changed: bool) -> Tensor:
        """(N, M, T, 17, 3) float32."""
        rng = None if seed is None else np.random.default_rng(seed)
        return torch.from_numpy(np.stack([self._one(self.skeletons[int(i)], rng, changed) for i in items]))

    def ready(self, raw: Tensor, seed: int | None) -> Tensor:
        """(N, 3, T, 17, M) for graph networks, (N, 17, T, side, side) for heatmaps."""
        values = raw.to(self.device)
        if self.view.heatmap:
            return heatmaps(values[..., :2], values[..., 2], self.view.heatmap)
        return values.permute(0, 4, 2, 3, 1).contiguous()


class SkeletonClassifier(NetworkClassifier):
    """A network over skeletons of one or two persons.

    Parameters
    ----------
    system : "stgcn", "msg3d", "stgcn++" or "poseconv3d".
    view, training : what it sees, and how it is trained.
    dropout : of stgcn and poseconv3d.
    weights, seed, device, workers, folder : as `ClipClassifier` has them.
    """

    takes = Skeleton

    def __init__(
        self,
        system: str = "stgcn",
        view: SkeletonView = SkeletonView(),  # noqa: B008 (frozen)
        training: Training = Training(),  # noqa: B008 (frozen)
        dropout: float = 0.0,
        weights: str = "",
        seed: int = 0,
        device: str = "auto",
        workers: int = 1,
        folder: Path | None = None,
    ) -> None:
        self.system = system
        self.view = view
        self.training = training
        self.dropout = dropout
        self.weights = weights
        self.seed = seed
        self.device = device
        self.workers = workers
        self.folder = folder

    def make_network(self, classes: int) -> nn.Module:
        """The untrained network for ``classes`` classes."""
        system_named(SKELETON_SYSTEMS, self.system)
        return SKELETON_SYSTEMS[self.system][0](classes, self.view, self.dropout)

    def _heads(self) -> tuple[str, ...]:
        return SKELETON_SYSTEMS[self.system][1]

    def _test_clips(self) -> int:
        return self.view.test_clips

    def make_source(self, X: Sequence[Skeleton], device: torch.device) -> SkeletonSource:
        """The inputs ``X`` in the form that the network takes."""
        return SkeletonSource(X, self.view, device)
