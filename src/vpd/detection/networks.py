"""Networks that classify each tick: the paper's BiGRU, and dilated convolutions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from vpd.sequences.gru import BiGRU
from vpd.sequences.packing import frame_packing

DILATIONS = (1, 2, 4, 8, 16, 32, 64)
"""Dilations of the convolutions. As many are used as the receptive field needs. All of them see 255 ticks."""
FEWEST_DILATIONS = 4


class SeededDropout(nn.Module):
    """Dropout with a generator of its own, so that folds that train in parallel give one result.

    ``of_whole_channels`` drops a channel over all ticks of a (B, channels, 1, T) window. Otherwise a tick's
    neighbours would reveal its value. It also draws fewer numbers.
    """

    def __init__(self, rate: float, of_whole_channels: bool = False) -> None:
        super().__init__()
        self.rate, self.of_whole_channels = rate, of_whole_channels
        self.generator: torch.Generator | None = None

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or not self.rate:
            return x
        shape = (*x.shape[:2], 1, 1) if self.of_whole_channels else x.shape
        kept = torch.rand(shape, generator=self.generator, device=x.device) >= self.rate
        return x * kept / (1 - self.rate)


class FrameBiGRU(nn.Module):
    """Two bidirectional GRU layers with a head for every frame (paper, section 4.3 and supplement).

    It sees the whole window, whatever the ``view``. ``forward`` maps (B, T, d) to logits (B, T, outputs).
    """

    def __init__(self, d: int, outputs: int, hidden: int = 128, view: int = 0) -> None:
        super().__init__()
        self.input_dropout = SeededDropout(0.2)
        self.gru = BiGRU(d, hidden, layers=2)
        self.norm1 = nn.BatchNorm1d(2 * hidden)
        self.dropout1 = SeededDropout(0.5)
        self.linear1 = nn.Linear(2 * hidden, 256)
        self.norm2 = nn.BatchNorm1d(256)
        self.dropout2 = SeededDropout(0.5)
        self.linear2 = nn.Linear(256, outputs)

    def forward(self, x: Tensor) -> Tensor:
        batch, ticks, _ = x.shape
        # The compiled layer works on a time step of all windows after the other.
        by_tick = self.input_dropout(x).transpose(0, 1).flatten(0, 1)
        packing = frame_packing(np.arange(batch * ticks).reshape(batch, ticks), np.full(batch, ticks))
        states = self.gru(by_tick, packing)
        hidden = torch.relu(self.linear1(self.dropout1(self.norm1(states))))
        logits: Tensor = self.linear2(self.dropout2(self.norm2(hidden)))
        return logits.reshape(ticks, batch, -1).transpose(0, 1)


class _Residual(nn.Module):
    """A residual block that sees ``dilation`` ticks to both sides. It convolves pictures one row high with
    channels last, because torch is half again as fast on these as on sequences.
    """

    def __init__(self, width: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.wide = nn.Conv2d(width, width, (1, 3), padding=(0, dilation), dilation=(1, dilation))
        self.dropout = SeededDropout(dropout, of_whole_channels=True)
        self.mix = nn.Conv2d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.mix(self.dropout(torch.relu(self.wide(x))))
        return out


class FrameConvolutions(nn.Module):
    """Dilated temporal convolutions with residuals. They take a tenth of the BiGRU's time.

    ``view`` is the receptive field in ticks. A larger one overfits more. ``forward`` maps (B, T, d) to logits
    (B, T, outputs).
    """

    def __init__(self, d: int, outputs: int, hidden: int = 64, view: int = 255) -> None:
        super().__init__()
        self.input_dropout = SeededDropout(0.2)
        self.first = nn.Linear(d, hidden)
        seen = 1 + 2 * np.cumsum(DILATIONS)
        needed = max(FEWEST_DILATIONS, 1 + int(np.searchsorted(seen, view)))
        self.blocks = nn.Sequential(*(_Residual(hidden, dilation, 0.25) for dilation in DILATIONS[:needed]))
        self.dropout = SeededDropout(0.5)
        self.last = nn.Linear(hidden, outputs)

    def forward(self, x: Tensor) -> Tensor:
        rows = self.first(self.input_dropout(x))[:, None]
        seen = self.blocks(rows.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)[:, 0]
        logits: Tensor = self.last(self.dropout(torch.relu(seen)))
        return logits


@dataclass(frozen=True)
class NetworkKind:
    """One kind of network: its constructor from (d, outputs, hidden, view), and its usual width."""

    make: Callable[[int, int, int, int], nn.Module]
    hidden: int


NETWORKS = {
    "bigru": NetworkKind(FrameBiGRU, 128),
    "convolutions": NetworkKind(FrameConvolutions, 64),
}


def make_network(
    name: str, d: int, outputs: int, hidden: int | None, view: int, generator: torch.Generator
) -> nn.Module:
    """A network with weights from ``generator``, uniform within 1 / sqrt(inputs), as in torch."""
    entry = NETWORKS[name]
    network = entry.make(d, outputs, hidden or entry.hidden, view)
    for module in network.modules():
        if isinstance(module, SeededDropout):
            module.generator = generator
        if isinstance(module, nn.Linear | nn.Conv2d | nn.GRU):
            fan = module.hidden_size if isinstance(module, nn.GRU) else module.weight[0].numel()
            for parameter in module.parameters(recurse=False):
                nn.init.uniform_(parameter, -(fan**-0.5), fan**-0.5, generator=generator)
    return network
