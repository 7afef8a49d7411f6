"""Current video foundation networks, frozen, by `transformers` (an extra): clips to tokens.

Their weights are downloaded from the hub or read from a folder; none are shipped. Random weights of a network
that only makes features are meaningless, so weights must be named.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from vpd.baselines.networks.backbones import IMAGENET_MEAN, IMAGENET_STD
from vpd.baselines.systems import Norms
from vpd.counting import counted
from vpd.errors import InputError, unknown_name

IMAGENET = Norms(IMAGENET_MEAN, IMAGENET_STD)


@dataclass(frozen=True)
class Foundation:
    """One kind of frozen network.

    Attributes
    ----------
    architecture : its class in `transformers`.
    tokens : (network, clips (N, T, 3, H, W) normalised) -> tokens (N, L, d).
    frames : T; clips are sampled to it.
    hub : a published set of weights, and its licence.
    """

    architecture: str
    tokens: Callable[[Any, Tensor], Tensor]
    frames: int
    side: int
    hub: str
    licence: str


def _vjepa(network: Any, clips: Tensor) -> Tensor:
    found: Tensor = network(pixel_values_videos=clips, skip_predictor=True).last_hidden_state
    return found


def _videomae(network: Any, clips: Tensor) -> Tensor:
    found: Tensor = network(pixel_values=clips).last_hidden_state
    return found


def _dino(network: Any, clips: Tensor) -> Tensor:
    """One token for each frame, because DINO takes pictures."""
    n, t = clips.shape[:2]
    found: Tensor = network(pixel_values=clips.flatten(0, 1)).pooler_output
    return found.view(n, t, -1)


FOUNDATIONS: dict[str, Foundation] = {
    "vjepa2": Foundation("VJEPA2Model", _vjepa, 16, 256, "facebook/vjepa2-vitl-fpc64-256", "MIT"),
    "videomae": Foundation("VideoMAEModel", _videomae, 16, 224, "MCG-NJU/videomae-base", "CC BY-NC 4.0"),
    "dinov3": Foundation(
        "DINOv3ViTModel", _dino, 8, 224, "facebook/dinov3-vits16-pretrain-lvd1689m", "DINOv3 License"
    ),
}


def load_foundation(name: str, weights: str) -> nn.Module:
    """The frozen network ``name`` with ``weights``: a folder of `transformers`, or a name on its hub.

    Raises InputError where the extra is missing, no weights are named, or they cannot be loaded.
    """
    if name not in FOUNDATIONS:
        raise unknown_name("foundation network", name, FOUNDATIONS)
    kind = FOUNDATIONS[name]
    if not weights:
        raise InputError(
            f"{name} needs weights: name a folder, or a set of the hub such as {kind.hub} ({kind.licence})"
        )
    try:
        import transformers
    except ImportError as error:
        raise InputError(f"{name} needs `pip install video-pose-distillation[foundation]`") from error
    made = getattr(transformers, kind.architecture)
    try:
        network, report = made.from_pretrained(weights, use_safetensors=True, output_loading_info=True)
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(f"the weights {weights} of {name} could not be had: {error}") from error
    # transformers fills what is missing with random numbers, and warns.
    lacking = sorted(str(key) for which in ("missing_keys", "mismatched_keys") for key in report[which])
    if lacking:
        raise InputError(
            f"the weights {weights} lack {counted(len(lacking), 'tensor')} of {name}, such as {lacking[0]}: "
            f"they are of another network. A set of the hub is {kind.hub}."
        )
    frozen: nn.Module = network.eval().requires_grad_(False)
    return frozen


@torch.inference_mode()
def tokens_of(name: str, network: nn.Module, clips: Tensor) -> Tensor:
    """Tokens (N, L, d) of normalised clips (N, T, 3, H, W)."""
    return FOUNDATIONS[name].tokens(network, clips).float()
