"""Multi-scale temporal relations (Zhou et al. 2018, "Temporal Relational Reasoning in Videos", section 3)."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import torch
from torch import Tensor, nn

TUPLES = 3
"""Number of tuples of frames drawn for each scale and forward pass."""


class MultiScaleRelation(nn.Module):
    """Sum the evidence of ordered tuples of 2 to T frames: (N, T, d) -> logits (N, classes).

    The single tuple of all frames is always used. Of each smaller scale up to ``TUPLES`` are drawn without
    replacement; with ``every_tuple`` all are used (a deterministic sum, T = 8: 246 tuples). The released code
    also draws at test time, from an unseeded generator. Here the module's own generator is seeded.

    Parameters
    ----------
    d, frames, classes : sizes.
    bottleneck : hidden width of each scale.
    seed : of the drawn tuples.
    """

    def __init__(self, d: int, frames: int, classes: int, bottleneck: int = 256, seed: int = 0) -> None:
        super().__init__()
        self.scales = tuple(range(frames, 1, -1))
        self.tuples = [list(combinations(range(frames), scale)) for scale in self.scales]
        self.fc_fusion_scales = nn.ModuleList(
            nn.Sequential(
                nn.ReLU(),
                nn.Linear(scale * d, bottleneck),
                nn.ReLU(),
                nn.Linear(bottleneck, classes),
            )
            for scale in self.scales
        )
        self.every_tuple = False
        self.seed_draws(seed)

    def seed_draws(self, seed: int) -> None:
        """Restart the sequence of drawn tuples."""
        self.rng = np.random.default_rng(seed)

    def draw(self) -> list[list[int]]:
        """The tuples of each scale to use, by index in ``tuples``."""
        counts = [len(tuples) for tuples in self.tuples]
        if self.every_tuple:
            return [list(range(count)) for count in counts]
        return [self.rng.choice(count, min(TUPLES, count), replace=False).tolist() for count in counts]

    def forward(self, x: Tensor, chosen: list[list[int]] | None = None) -> Tensor:
        """Logits of frames' features (N, T, d), by the tuples ``chosen`` of each scale, else by drawn
        ones.
        """
        x = torch.relu(x)
        total: Tensor | None = None
        for scale, tuples, which in zip(
            self.fc_fusion_scales, self.tuples, self.draw() if chosen is None else chosen, strict=True
        ):
            frames = torch.tensor([tuples[i] for i in which], device=x.device)
            # (N, tuples, scale * d): the tuples of one scale share its weights and pass together.
            logits = scale(x[:, frames].flatten(2)).sum(1)
            total = logits if total is None else total + logits
        assert total is not None
        return total
