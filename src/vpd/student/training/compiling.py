"""Compile the network that trains on pictures, by torch.compile."""

from __future__ import annotations

import warnings
from typing import Literal

import torch
from torch import Tensor, nn


def compiled(
    network: nn.Module, inputs: Tensor, when: Literal["auto", "on", "off"], bfloat16: bool
) -> nn.Module:
    """The network compiled for training on inputs of this shape; unchanged where that is off or fails.

    A step forward and back on ``inputs`` compiles it immediately, so that errors occur here. Gradients and
    running statistics are restored. Warns where it cannot be compiled.
    """
    device = inputs.device.type
    if when == "off" or (when == "auto" and device != "cuda"):
        return network
    buffers = {name: buffer.clone() for name, buffer in network.named_buffers()}
    try:
        fast: nn.Module = torch.compile(network)  # type: ignore[assignment] # it keeps a module one
        with torch.autocast(device, torch.bfloat16, enabled=bfloat16):
            found = fast(inputs)
        torch.stack([part.float().sum() for part in found]).sum().backward()  # type: ignore[no-untyped-call]
    except (RuntimeError, OSError, ImportError, AssertionError) as error:
        said = (str(error) or repr(error)).splitlines()[0]
        warnings.warn(f"the network trains as it is, it could not be compiled: {said}", RuntimeWarning, 2)
        fast = network
    finally:
        network.zero_grad(set_to_none=True)
        with torch.no_grad():
            for name, buffer in network.named_buffers():
                buffer.copy_(buffers[name])
    return fast
