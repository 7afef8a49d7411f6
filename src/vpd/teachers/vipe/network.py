"""The networks of VIPE*: residual encoder of 2D poses and decoder of 3D poses (paper, supplement)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vpd.teachers.vipe.keypoints import INPUTS
from vpd.teachers.vipe.target import SIZE

DECODER_WIDTH = 128
"""Width of the decoder's two hidden layers. The reference has 512, which would be a third of a step's
cost.
"""


class Block(nn.Module):
    """Linear, BatchNorm, ReLU, Dropout twice, and the input added, or taken away as the reference does."""

    def __init__(self, width: int, dropout: float, subtract: bool = False) -> None:
        super().__init__()
        self.sign = -1.0 if subtract else 1.0
        self.layers = nn.Sequential(
            *[
                part
                for _ in range(2)
                for part in (nn.Linear(width, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(dropout))
            ]
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, width) to (B, width)."""
        out: Tensor = torch.add(self.layers(x), x, alpha=self.sign)
        return out


class Encoder(nn.Module):
    """Normalised joints with visibility (B, 39) to embeddings (B, d).

    With ``subtract`` its blocks give layers(x) - x, as the reference's do (models/module.py).
    """

    def __init__(self, d: int, width: int, blocks: int, dropout: float, subtract: bool = False) -> None:
        super().__init__()
        self.subtract = subtract
        self.first = nn.Linear(INPUTS, width)
        self.blocks = nn.ModuleList(Block(width, dropout, subtract) for _ in range(blocks))
        self.last = nn.Linear(width, d)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, 39) to (B, d)."""
        x = torch.relu(self.first(x))
        for block in self.blocks:
            x = block(x)
        out: Tensor = self.last(x)
        return out

    def folded(self) -> Encoder:
        """The same function, with every BatchNorm folded into the Linear before it, for inference."""
        width, d = self.first.out_features, self.last.out_features
        copy = Encoder(d, width, len(self.blocks), 0.0, self.subtract).to(self.first.weight.device)
        copy.load_state_dict(self.state_dict())
        copy.eval()
        for block in copy.blocks:
            assert isinstance(block, Block)
            fused = []
            for linear, norm in zip(block.layers[0::4], block.layers[1::4], strict=True):
                assert isinstance(linear, nn.Linear)
                assert isinstance(norm, nn.BatchNorm1d)
                fused += [torch.nn.utils.fuse_linear_bn_eval(linear, norm), nn.ReLU(inplace=True)]
            block.layers = nn.Sequential(*fused)
        return copy


class PoseDecoder(nn.Module):
    """Embeddings (B, d) to 3D targets (B, ``target.SIZE``)."""

    def __init__(self, d: int, width: int = DECODER_WIDTH) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(d, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, SIZE),
        )  # fmt: skip

    def forward(self, z: Tensor) -> Tensor:
        """Map (B, d) to (B, SIZE)."""
        out: Tensor = self.layers(z)
        return out
