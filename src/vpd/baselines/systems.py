"""Make the network of each system from an estimator's parameters, with the normalisation of its input."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import nn

from vpd.baselines.networks import video3d
from vpd.baselines.networks.backbones import backbone_of
from vpd.baselines.networks.msg3d import MSG3D
from vpd.baselines.networks.poseconv3d import PoseConv3D
from vpd.baselines.networks.segments import GSM, TRN, TSN
from vpd.baselines.networks.stgcn import STGCN
from vpd.baselines.networks.stgcnpp import STGCNPlusPlus
from vpd.baselines.networks.timesformer import BASE, HR, LONG, TimeSformer, TimeSformerShape
from vpd.baselines.settings import ClipView, SkeletonView
from vpd.errors import InputError, unknown_name

TIMESFORMER_MEAN = (0.45 * 255,) * 3
TIMESFORMER_STD = (0.225 * 255,) * 3
"""Standard deviations of colours in 0..255 (its released settings)."""
TINY = TimeSformerShape(
    image_size=112, hidden_size=192, num_hidden_layers=6, num_attention_heads=3, intermediate_size=768
)
"""TimeSformer for a laptop, our own size: 1/30 of the base model's weights."""
TIMESFORMERS = {"base": BASE, "hr": HR, "large": LONG, "tiny": TINY}
JOINT = "-joint"
"""Suffix of a TimeSformer whose attention is joint over space and time."""


@dataclass(frozen=True)
class Norms:
    """Mean and standard deviation of colours in 0..255, in the order of the network's channels."""

    mean: tuple[float, ...]
    std: tuple[float, ...]
    bgr: bool = False


@dataclass(frozen=True)
class ClipSystem:
    """One kind of network over clips.

    Attributes
    ----------
    make : (classes, view, backbone, dropout, seed) -> network (N, F, C, H, W) -> logits.
    norms : of the backbone's name.
    heads : what its keys begin with that pretrained weights need not have.
    torchvision : name of torchvision's weights, by the backbone's name; "" where there are none.
    """

    make: Callable[[int, ClipView, str, float, int], nn.Module]
    norms: Callable[[str], Norms]
    heads: tuple[str, ...]
    torchvision: Callable[[str], str]


def _segment_norms(backbone: str) -> Norms:
    kind = backbone_of(backbone, 224 if backbone != "inceptionv3" else 229)
    return Norms(kind.mean, kind.std, kind.bgr)


def _resnets(backbone: str) -> str:
    return backbone if backbone.startswith("resnet") else ""


def timesformer_shape(backbone: str, view: ClipView) -> TimeSformerShape:
    """The shape called ``backbone`` for the frames of the view. Raises InputError."""
    name = backbone.removesuffix(JOINT)
    if name not in TIMESFORMERS:
        raise InputError(f"there is no TimeSformer {backbone!r}; known: {', '.join(TIMESFORMERS)}")
    found = TIMESFORMERS[name]
    if view.modality != "rgb" or view.side % found.patch_size:
        raise InputError(f"TimeSformer sees colours, with a side that is a multiple of {found.patch_size} px")
    attention = "joint_space_time" if backbone.endswith(JOINT) else "divided_space_time"
    return TimeSformerShape(
        view.side,
        found.patch_size,
        view.frames,
        found.hidden_size,
        found.num_hidden_layers,
        found.num_attention_heads,
        found.intermediate_size,
        attention,  # type: ignore[arg-type]  # one of the two literals
        found.drop_path,
    )


def _rgb(view: ClipView, frames: int, side: int, what: str) -> None:
    if view.modality != "rgb" or view.frames != frames or view.side != side:
        raise InputError(f"{what} sees colours of {frames} frames of {side} px")


def _r3d(classes: int, view: ClipView, backbone: str, dropout: float, seed: int) -> nn.Module:
    if view.modality != "rgb":
        raise InputError("R3D sees colours")
    return video3d.R3D(classes)


def _mvit(classes: int, view: ClipView, backbone: str, dropout: float, seed: int) -> nn.Module:
    _rgb(view, video3d.MVIT_FRAMES, video3d.MVIT_SIDE, "MViT")
    return video3d.MViT(classes)


CLIP_SYSTEMS: dict[str, ClipSystem] = {
    "tsn": ClipSystem(
        lambda classes, view, backbone, dropout, seed: TSN(
            classes, backbone, view.side, view.channels, dropout
        ),
        _segment_norms,
        ("new_fc.",),
        _resnets,
    ),
    "trn": ClipSystem(
        lambda classes, view, backbone, dropout, seed: TRN(
            classes, view.frames, backbone, view.side, view.channels, dropout, seed
        ),
        _segment_norms,
        ("new_fc.", "consensus."),
        _resnets,
    ),
    "gsm": ClipSystem(
        lambda classes, view, backbone, dropout, seed: GSM(
            classes, view.frames, backbone, view.side, view.channels, dropout
        ),
        _segment_norms,
        ("new_fc.",),
        _resnets,
    ),
    "timesformer": ClipSystem(
        lambda classes, view, backbone, dropout, seed: TimeSformer(
            classes, timesformer_shape(backbone, view)
        ),
        lambda backbone: Norms(TIMESFORMER_MEAN, TIMESFORMER_STD),
        ("classifier.",),
        lambda backbone: "",
    ),
    "r3d": ClipSystem(
        _r3d,
        lambda backbone: Norms(video3d.KINETICS_MEAN, video3d.KINETICS_STD),
        ("network.fc.",),
        lambda backbone: "r3d_18",
    ),
    "mvit": ClipSystem(
        _mvit,
        lambda backbone: Norms(video3d.MVIT_MEAN, video3d.MVIT_STD),
        ("network.head.1.",),
        lambda backbone: "mvit_v2_s",
    ),
}

SKELETON_SYSTEMS: dict[str, tuple[Callable[[int, SkeletonView, float], nn.Module], tuple[str, ...]]] = {
    "stgcn": (lambda classes, view, dropout: STGCN(classes, dropout=dropout), ("fcn.",)),
    "msg3d": (lambda classes, view, dropout: MSG3D(classes, persons=view.persons), ("fc.",)),
    "stgcn++": (lambda classes, view, dropout: STGCNPlusPlus(classes), ("cls_head.",)),
    "poseconv3d": (lambda classes, view, dropout: PoseConv3D(classes, dropout=dropout), ("cls_head.",)),
}
"""The networks over skeletons, and the prefixes of keys that pretrained weights may lack."""


def system_named(table: Mapping[str, object], name: str) -> None:
    """The system of that name in ``table``. Raises InputError where there is none."""
    if name not in table:
        raise unknown_name("system", name, table)
