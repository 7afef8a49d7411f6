"""Weights in units of their own size, so that one learning rate suits all.

Where batch normalisation is folded into convolutions, their weights differ in size by a thousand times, from
layer to layer and from channel to channel; steps of one size would destroy the small and leave the large.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

LEAST = 0.05
"""Smallest scale of a channel, as a share of its layer's."""
BIAS_SHARE = 0.3
"""Scale of biases, as a share of their size in the layer: they shift what the weights spread."""


class Scaled(nn.Module):
    """A weight as ``scale`` times a free parameter."""

    scale: Tensor

    def __init__(self, scale: Tensor) -> None:
        super().__init__()
        self.register_buffer("scale", scale)

    def forward(self, free: Tensor) -> Tensor:
        return free * self.scale

    def right_inverse(self, weight: Tensor) -> Tensor:
        return weight / self.scale


def scale_weights(network: nn.Module) -> None:
    """Let every convolution of ``network`` be trained in units of its weights' size, a channel at a time."""
    for module in network.modules():
        if not isinstance(module, nn.Conv2d):
            continue
        weight = module.weight.detach()
        layer = weight.pow(2).mean().sqrt()
        channel = weight.pow(2).mean((1, 2, 3), keepdim=True).sqrt()
        parametrize.register_parametrization(module, "weight", Scaled(torch.maximum(channel, LEAST * layer)))
        if module.bias is not None:
            size = module.bias.detach().pow(2).mean().sqrt().clamp_min(1e-3)
            parametrize.register_parametrization(module, "bias", Scaled(BIAS_SHARE * size))


def plain_weights(network: nn.Module) -> dict[str, Tensor]:
    """The state of ``network`` as it is without scales: names and values of plain weights and biases."""
    state = {}
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d):
            state[f"{name}.weight"] = module.weight.detach()
            if module.bias is not None:
                state[f"{name}.bias"] = module.bias.detach()
    return state
