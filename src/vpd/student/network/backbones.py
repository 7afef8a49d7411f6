"""The encoders by name: a table of networks from C input channels to a feature of size d."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from torch import nn
from torchvision.models import get_model

from vpd.errors import InputError
from vpd.models.weight_files import read_weight_file, torchvision_weights
from vpd.student.corpus.inputs import InputSpec

IMAGENET = "imagenet"
TIMM = "timm:"


Backbone = Callable[[InputSpec, int, str], nn.Module]
"""(spec, d, weights) to a module from (N, C, S, S) to (N, d); ``weights`` as in `DistillSettings`."""


def widen_first(weight: torch.Tensor, channels: int) -> torch.Tensor:
    """Widen the weights (O, 3, k, k) of a first convolution to more channels. New channels start at zero.

    So the wider network begins as the one for colours alone. With fewer channels (flow alone) the mean over
    the colours is taken.
    """
    if channels < weight.shape[1]:
        return weight.mean(1, keepdim=True).repeat(1, channels, 1, 1)
    wide = weight.new_zeros(weight.shape[0], channels, *weight.shape[2:])
    wide[:, : weight.shape[1]] = weight
    return wide


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """Read the tensors of a .safetensors file, or of a .pth file without running code in it.

    Of a student's file only the encoder is returned. Raises InputError.
    """
    state: dict[str, torch.Tensor] = read_weight_file(path)
    if not isinstance(state, dict) or not all(isinstance(tensor, torch.Tensor) for tensor in state.values()):
        raise InputError(f"the weights {path} are not a table of tensors by name")
    prefix = "encoder."
    if any(name.startswith(prefix) for name in state):
        state = {n.removeprefix(prefix): t for n, t in state.items() if n.startswith(prefix)}
    return state


def fill(network: nn.Module, state: dict[str, torch.Tensor], first: str, last: str) -> nn.Module:
    """Copy the matching weights of ``state``: the first convolution widened, the last layer where its size
    agrees.

    Raises InputError where any other weight is missing.
    """
    own = network.state_dict()
    taken = {}
    for name, tensor in own.items():
        given = state.get(name)
        if given is not None and name == first and given.shape[1] != tensor.shape[1]:
            given = widen_first(given, tensor.shape[1])
        if given is not None and given.shape == tensor.shape:
            taken[name] = given
        elif not name.startswith(last):
            raise InputError(f"the weights do not fit the backbone: {name} is missing or of another size")
    network.load_state_dict({**own, **taken})
    return network


def _resnet(name: str, spec: InputSpec, d: int, weights: str) -> nn.Module:
    network: nn.Module = get_model(name, weights=None, num_classes=d)
    old = network.get_submodule("conv1")
    assert isinstance(old, nn.Conv2d)
    if spec.channels != old.in_channels:
        wider = nn.Conv2d(spec.channels, old.out_channels, 7, 2, 3, bias=False)
        nn.init.kaiming_normal_(wider.weight, mode="fan_out", nonlinearity="relu")
        network.set_submodule("conv1", wider)
    if weights == IMAGENET:
        state = torchvision_weights(name, "Give a file instead, or leave weights empty.")
        return fill(network, state, "conv1.weight", "fc.")
    if weights:
        return fill(network, read_weights(Path(weights)), "conv1.weight", "fc.")
    return network


def _timm(name: str, spec: InputSpec, d: int, weights: str) -> nn.Module:
    try:
        import timm
    except ImportError as error:
        raise InputError("timm: backbones need `pip install video-pose-distillation[timm]`") from error
    file = weights not in ("", IMAGENET)
    try:
        network: nn.Module = timm.create_model(
            name, pretrained=weights == IMAGENET, in_chans=spec.channels, num_classes=d
        )
    except (RuntimeError, OSError, ValueError, TypeError) as error:
        raise InputError(f"timm cannot make {name!r}: {error}") from error
    if file:
        network.load_state_dict(read_weights(Path(weights)), strict=False)
    return network


BACKBONES: dict[str, Backbone] = {
    name: partial(_resnet, name) for name in ("resnet18", "resnet34", "resnet50")
}


def backbone(name: str) -> Backbone:
    """The encoder called ``name``, or any of timm's as ``timm:NAME``. Raises InputError for others."""
    if name.startswith(TIMM):
        return partial(_timm, name.removeprefix(TIMM))
    if name not in BACKBONES:
        raise InputError(f"no backbone is called {name!r}; take movenet, {', '.join(BACKBONES)} or timm:NAME")
    return BACKBONES[name]
