"""The decoder predicts pose and motion from a feature, in training only (paper 3.2)."""

from torch import nn

HIDDEN = 128
"""Width of the two hidden layers (paper, supplement)."""


def decoder(d: int, targets: int) -> nn.Module:
    """Fully connected: d -> 128 -> 128 -> targets."""
    return nn.Sequential(
        nn.Linear(d, HIDDEN),
        nn.ReLU(inplace=True),
        nn.Linear(HIDDEN, HIDDEN),
        nn.ReLU(inplace=True),
        nn.Linear(HIDDEN, targets),
    )
