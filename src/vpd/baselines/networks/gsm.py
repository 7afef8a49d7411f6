"""The gate-shift module (Sudhakaran et al. 2020, "Gate-Shift Networks", section 3)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class GateShift(nn.Module):
    """Move a part of every channel to the frame before or after, by a learned gate.

    (N * T, C, H, W) -> the same shape, frames of one clip together. The gate is the tanh of a 3D convolution,
    whose weights start at zero. The first half of the channels moves to the frame before, the second to the
    frame after. The remainder stays (equations 1 to 4).

    Parameters
    ----------
    channels : C, a multiple of 4.
    frames : T.
    interleave : permute the channels of each half, as the released code does: (2, C / 4) is transposed. With
        it, a gate at zero is a permutation, and released weights fit; without it, it is the identity, and
        weights of a network without gates fit.
    """

    def __init__(self, channels: int, frames: int, interleave: bool = True) -> None:
        super().__init__()
        if channels % 4:
            raise ValueError(f"the gate needs a multiple of 4 channels, not {channels}")
        self.channels, self.frames, self.interleave = channels, frames, interleave
        self.conv3D = nn.Conv3d(channels, 2, 3, padding=1, groups=2)
        nn.init.zeros_(self.conv3D.weight)
        if self.conv3D.bias is not None:
            nn.init.zeros_(self.conv3D.bias)
        self.bn = nn.BatchNorm3d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        n, c, h, w = x.shape
        clips = x.view(n // self.frames, self.frames, c, h, w).transpose(1, 2)
        gate = torch.tanh(self.conv3D(torch.relu_(self.bn(clips))))
        earlier, later = clips.chunk(2, 1)
        moved = gate[:, :1] * earlier
        before = earlier - moved
        before[:, :, :-1] += moved[:, :, 1:]
        moved = gate[:, 1:] * later
        after = later - moved
        after[:, :, 1:] += moved[:, :, :-1]
        if self.interleave:
            before, after = _interleaved(before), _interleaved(after)
        out: Tensor = torch.cat([before, after], 1).transpose(1, 2).reshape(n, c, h, w)
        return out


def _interleaved(half: Tensor) -> Tensor:
    """Channels 0, C/4, 1, C/4 + 1, ... of one half (N, C/2, ...)."""
    n, c = half.shape[:2]
    return half.view(n, 2, c // 2, *half.shape[2:]).transpose(1, 2).flatten(1, 2)
