"""The small network that decides for each picture whether a shot begins with it, or a transition runs.

It has a linear layer, residual dilated convolutions over time, and two outputs. Its card is
vpd/models/shots.md.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from safetensors.numpy import load_file

from vpd.models import model_path
from vpd.types import Array

DILATIONS = (1, 2, 4, 8, 16, 8, 1)
REACH = sum(DILATIONS)
"""Number of pictures before and after that the output for one depends on."""


LIMIT = 50.0
"""Limit of the logits. Beyond it a probability is 0 or 1 in float32."""


class ShotNetwork:
    """Features of pictures (T, F) to (T, 2): probabilities of a cut and of a gradual change."""

    def __init__(self, weights: dict[str, Array]) -> None:
        self._weights = weights

    def __call__(self, features: Array) -> Array:
        w = self._weights
        seen = (features - w["mean"]) / w["deviation"]
        hidden = np.maximum(seen @ w["input.weight"].T + w["input.bias"], 0)
        for layer, dilation in enumerate(DILATIONS):
            kernel, bias = w[f"layer{layer}.weight"], w[f"layer{layer}.bias"]
            padded = np.pad(hidden, ((dilation, dilation), (0, 0)))
            count = len(hidden)
            taps = [padded[i * dilation : i * dilation + count] @ kernel[:, :, i].T for i in range(3)]
            hidden = hidden + np.maximum(taps[0] + taps[1] + taps[2] + bias, 0)
        out = hidden @ w["output.weight"].T + w["output.bias"]
        chances: Array = 1 / (1 + np.exp(-np.clip(out, -LIMIT, LIMIT)))
        return chances


@lru_cache(maxsize=1)
def shot_network() -> ShotNetwork:
    """The shipped network. Raises ArtefactError where its file is missing or altered."""
    return ShotNetwork(load_file(model_path("shots")))
