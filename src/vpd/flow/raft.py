"""RAFT (Teed and Deng, ECCV 2020) from torchvision, the paper's flow."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from torch import nn
from torchvision.models import optical_flow

from vpd.errors import InputError
from vpd.types import Array

SIZES = {
    "small": (optical_flow.raft_small, optical_flow.Raft_Small_Weights.DEFAULT),
    "large": (optical_flow.raft_large, optical_flow.Raft_Large_Weights.DEFAULT),
}
MIN_SIDE = 128
"""RAFT's correlation pyramid needs pictures of at least this side, a multiple of 8."""


class Raft:
    """RAFT on a device, in batches. ``network`` replaces the published weights, which are downloaded
    otherwise.

    Raises InputError where the weights cannot be downloaded.
    """

    def __init__(
        self, size: Literal["small", "large"], device: str, network: nn.Module | None = None
    ) -> None:
        make, weights = SIZES[size]
        if network is None:
            try:
                network = make(weights=weights)
            except OSError as error:
                raise InputError(
                    f"the weights of RAFT could not be fetched from {weights.url} ({error}). "
                    'Set flow = "dis" in [crop], or put the file into the torch hub folder.'
                ) from error
        self.device = torch.device(device)
        self.network = network.eval().to(self.device)

    @torch.inference_mode()
    def __call__(self, previous: Array, current: Array) -> Array:
        """See FlowEstimator. Raises InputError for pictures that RAFT cannot take."""
        side = current.shape[1]
        if side < MIN_SIDE or side % 8:
            raise InputError(
                f"RAFT takes crops of at least 128 px, a multiple of 8, not {side}: set [crop] size"
            )
        pictures = [
            torch.from_numpy(p).to(self.device).permute(0, 3, 1, 2).float() / 127.5 - 1
            for p in (previous, current)
        ]
        flow = self.network(*pictures)[-1]
        return np.ascontiguousarray(flow.permute(0, 2, 3, 1).float().cpu().numpy())
