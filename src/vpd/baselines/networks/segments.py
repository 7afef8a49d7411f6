"""Complete TSN, TRN and GSM: a picture network over segments of a clip, and the combination of segments.

The names of the weights are those of tsn-pytorch, TRN-pytorch and GSM.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from vpd.baselines.networks.backbones import backbone_of
from vpd.baselines.networks.trn import MultiScaleRelation

CLASSIFIER_STD = 0.001
RELATION_WIDTH = 256
"""Size of a frame's feature in TRN."""
FLOW_FIRST_RATE = 5.0
"""Factor of the learning rate of the first convolution of a network for flow."""


class Segments(nn.Module):
    """Apply one picture network with dropout, then a linear layer, to every segment of clips (N, S, C, H,
    W).
    """

    def __init__(self, backbone: str, side: int, channels: int, outside: int, dropout: float) -> None:
        super().__init__()
        self.kind = backbone_of(backbone, side)
        self.flow = channels != 3
        self.base_model = self._base(channels)
        self.dropout = nn.Dropout(dropout)
        self.new_fc = nn.Linear(self.kind.width, outside)
        nn.init.normal_(self.new_fc.weight, 0, CLASSIFIER_STD)
        nn.init.zeros_(self.new_fc.bias)

    def _base(self, channels: int) -> nn.Module:
        return self.kind.make(channels, None)

    def each(self, x: Tensor) -> Tensor:
        """(N, S, outside) of clips (N, S, C, H, W)."""
        n, s = x.shape[:2]
        out: Tensor = self.new_fc(self.dropout(self.base_model(x.flatten(0, 1)))).view(n, s, -1)
        return out

    def first_convolution(self) -> nn.Conv2d:
        """The layer that receives the input."""
        return next(m for m in self.base_model.modules() if isinstance(m, nn.Conv2d))

    def norms(self) -> Iterator[nn.Module]:
        """The norms that partial batch normalisation freezes: all of the picture network except the first."""
        found = [m for m in self.base_model.modules() if isinstance(m, nn.BatchNorm2d)]
        yield from found[1:]


class TSN(Segments):
    """Temporal segment network (Wang et al. 2016): the mean of the segments' logits.

    Clips (N, S, C, H, W), normalised, to logits (N, classes).
    """

    def __init__(
        self,
        classes: int,
        backbone: str = "bninception",
        side: int = 224,
        channels: int = 3,
        dropout: float = 0.8,
    ) -> None:
        super().__init__(backbone, side, channels, classes, dropout)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        return self.each(x).mean(1)


class GSM(TSN):
    """TSN whose picture network has gate-shift modules (Sudhakaran et al. 2020); ``frames`` is S."""

    def __init__(
        self,
        classes: int,
        frames: int,
        backbone: str = "inceptionv3",
        side: int = 229,
        channels: int = 3,
        dropout: float = 0.5,
    ) -> None:
        self.frames = frames
        super().__init__(classes, backbone, side, channels, dropout)

    def _base(self, channels: int) -> nn.Module:
        return self.kind.make(channels, self.frames)


class TRN(Segments):
    """Multi-scale temporal relation network (Zhou et al. 2018) over S segments; logits (N, classes)."""

    def __init__(
        self,
        classes: int,
        frames: int = 8,
        backbone: str = "bninception",
        side: int = 224,
        channels: int = 3,
        dropout: float = 0.8,
        seed: int = 0,
    ) -> None:
        super().__init__(backbone, side, channels, RELATION_WIDTH, dropout)
        self.consensus = MultiScaleRelation(RELATION_WIDTH, frames, classes, seed=seed)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        logits: Tensor = self.consensus(self.each(x))
        return logits


@torch.no_grad()
def spread_to_flow(weight: Tensor, channels: int) -> Tensor:
    """A first convolution's weights (O, 3, k, k) for stacked flow: their mean over colours, repeated."""
    return weight.mean(1, keepdim=True).repeat(1, channels, 1, 1)
