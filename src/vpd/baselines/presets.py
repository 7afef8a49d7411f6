"""Settings of each system by preset: its own paper's, some for minutes on two cores, some for weights.

The paper of VPD leaves backbone, frames and schedule of its baselines to its supplement. So `paper` is each
system's own canonical setting. The `laptop` presets are smaller networks of the same kind on smaller
pictures. Their accuracy says little about the systems at full size. `frozen` has the laptop's networks, and
trains only what follows the pretrained part.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from vpd.baselines.clip_classifier import ClipClassifier
from vpd.baselines.settings import ClipView, Modality, SkeletonView, Training
from vpd.baselines.skeleton_classifier import SkeletonClassifier
from vpd.errors import InputError, unknown_name

LAPTOP, PAPER, FROZEN = "laptop", "paper", "frozen"
PRESETS = (LAPTOP, PAPER, FROZEN)
FROZEN_SIDE = 112
"""Pixels that a frozen picture network sees. Without a backward pass a larger picture costs no more time."""

RGB_SCALES = (1.0, 0.875, 0.75, 0.66)
FLOW_SCALES = (1.0, 0.875, 0.75)

SMALL = Training(
    optimiser="adamw", rate=1e-3, decay=0.05, batch=16, epochs=20, least_updates=100, warmup=2, clip=20.0
)
"""Training of a small picture network from random weights on a laptop."""
SMALL_GRAPH = Training(rate=0.05, nesterov=True, decay=5e-4, batch=16, epochs=24, least_updates=100, warmup=2)
"""Training of a graph network on a laptop."""


def check_preset(preset: str) -> None:
    """Raise InputError for an unknown preset."""
    if preset not in PRESETS:
        raise unknown_name("preset", preset, PRESETS)


def tsn(preset: str, modality: Modality) -> ClipClassifier:
    """Three segments; UCF101's schedules as published."""
    if preset == LAPTOP:
        return ClipClassifier("tsn", "resnet18", ClipView(modality, 3, side=64), replace(SMALL, epochs=30))
    flow = modality == "flow"
    view = ClipView(modality, 3, side=224, scales=FLOW_SCALES if flow else RGB_SCALES)
    training = Training(
        rate=1e-3,
        batch=128,
        epochs=340 if flow else 80,
        falls=(190, 300) if flow else (30, 60),
        clip=20.0,
        caffe_rates=True,
        frozen_norms=True,
    )
    return ClipClassifier("tsn", "bninception", view, training, dropout=0.7 if flow else 0.8)


def trn(preset: str, modality: Modality) -> ClipClassifier:
    """Eight segments, tuples of two to eight."""
    if preset == LAPTOP:
        return ClipClassifier("trn", "resnet18", ClipView(modality, 8, side=48), SMALL)
    view = ClipView(modality, 8, side=224, scales=FLOW_SCALES if modality == "flow" else RGB_SCALES)
    training = Training(
        rate=1e-3, batch=64, epochs=120, falls=(50, 100), clip=20.0, caffe_rates=True, frozen_norms=True
    )
    return ClipClassifier("trn", "bninception", view, training, dropout=0.8)


def gsm(preset: str, modality: Modality) -> ClipClassifier:
    """Sixteen segments through Inception-v3 with gates; Diving48's schedule as published."""
    if preset == LAPTOP:
        return ClipClassifier("gsm", "resnet18", ClipView(modality, 8, side=48), SMALL)
    view = ClipView(modality, 16, side=229, scales=RGB_SCALES)
    training = Training(rate=0.01, batch=16, accumulate=2, epochs=60, warmup=10, clip=20.0, caffe_rates=True)
    return ClipClassifier("gsm", "inceptionv3", view, training)


def timesformer(preset: str, modality: Modality) -> ClipClassifier:
    """TimeSformer-L on 96 frames as published; a tiny one on eight frames on a laptop."""
    if preset == LAPTOP:
        training = replace(SMALL, rate=5e-4)
        return ClipClassifier("timesformer", "tiny", ClipView(modality, 8, side=64), training)
    view = ClipView(modality, 96, stride=4, side=224, scales=RGB_SCALES, test_views=3)
    training = Training(rate=5e-3, decay=1e-4, batch=8, epochs=15, falls=(11, 14))
    return ClipClassifier("timesformer", "large", view, training)


def r3d(preset: str, modality: Modality) -> ClipClassifier:
    """R3D-18 on 16 frames of 112 px; on a laptop eight of 48 px."""
    if preset == LAPTOP:
        training = replace(SMALL, epochs=10, least_updates=60)
        return ClipClassifier("r3d", "", ClipView(modality, 8, side=48), training)
    view = ClipView(modality, 16, stride=2, side=112)
    return ClipClassifier("r3d", "", view, Training(rate=0.01, decay=1e-4, epochs=45, warmup=10))


def mvit(preset: str, modality: Modality) -> ClipClassifier:
    """MViT-v2 small. It has no laptop preset."""
    view = ClipView(modality, 16, stride=4, side=224)
    training = Training(optimiser="adamw", rate=1e-4, decay=0.05, batch=8, epochs=50, warmup=5, clip=1.0)
    return ClipClassifier("mvit", "", view, training)


def stgcn(preset: str) -> SkeletonClassifier:
    """Kinetics' schedule as published, on windows of 150 frames."""
    if preset == LAPTOP:
        return SkeletonClassifier("stgcn", SkeletonView(24), SMALL_GRAPH)
    view = SkeletonView(150, "pad", "picture", persons=2)
    training = Training(rate=0.1, nesterov=True, decay=1e-4, batch=256, epochs=50, falls=(20, 30, 40))
    return SkeletonClassifier("stgcn", view, training)


def msg3d(preset: str, stream: str) -> SkeletonClassifier:
    """Kinetics' schedule as published, one stream of the ensemble."""
    if preset == LAPTOP:
        view = SkeletonView(16, stream="bone" if stream == "bone" else "joint")
        return SkeletonClassifier("msg3d", view, replace(SMALL_GRAPH, epochs=16, least_updates=60))
    view = SkeletonView(300, "pad", "picture", "bone" if stream == "bone" else "joint", persons=2, move=False)
    training = Training(rate=0.1, nesterov=True, decay=3e-4, batch=128, epochs=65, falls=(45, 55))
    return SkeletonClassifier("msg3d", view, training)


def stgcnpp(preset: str) -> SkeletonClassifier:
    """PYSKL's schedule: 16 epochs of five passes, a cosine, ten samplings at test."""
    if preset == LAPTOP:
        return SkeletonClassifier("stgcn++", SkeletonView(24), replace(SMALL_GRAPH, epochs=20))
    view = SkeletonView(100, place="picture", persons=2, move=False, test_clips=10)
    training = Training(rate=0.1, nesterov=True, decay=5e-4, batch=128, epochs=80)
    return SkeletonClassifier("stgcn++", view, training)


def poseconv3d(preset: str) -> SkeletonClassifier:
    """PYSKL's schedule: 24 epochs of ten passes, a cosine, ten samplings at test."""
    if preset == LAPTOP:
        training = replace(SMALL, decay=0.01)
        return SkeletonClassifier("poseconv3d", SkeletonView(12, heatmap=24), training, dropout=0.5)
    view = SkeletonView(48, persons=2, heatmap=56, test_clips=10)
    training = Training(rate=0.4, decay=3e-4, batch=256, epochs=240, clip=40.0)
    return SkeletonClassifier("poseconv3d", view, training, dropout=0.5)


CLIP_PRESETS: dict[str, Callable[[str, Modality], ClipClassifier]] = {
    "tsn": tsn, "trn": trn, "gsm": gsm, "timesformer": timesformer, "r3d": r3d, "mvit": mvit
}  # fmt: skip
SEGMENTS = ("tsn", "trn", "gsm")
"""The systems whose picture network takes any size and has weights in torchvision."""


def of_clips(system: str, modality: Modality, preset: str, flip: bool, **changes: Any) -> ClipClassifier:
    """The estimator of a system over clips, by preset. ``flip`` mirrors examples in training."""
    made = CLIP_PRESETS[system](_network_of(preset), modality)
    if preset == FROZEN and system in SEGMENTS:
        made.set_params(view=replace(made.view, side=FROZEN_SIDE))
    _change(made, preset, flip, changes)
    return made


def of_skeletons(
    maker: Callable[[str], SkeletonClassifier], preset: str, flip: bool, **changes: Any
) -> SkeletonClassifier:
    """An estimator over skeletons, by preset. ``flip`` mirrors examples in training."""
    made = maker(_network_of(preset))
    _change(made, preset, flip, changes)
    return made


def _network_of(preset: str) -> str:
    """The preset whose network ``preset`` has. Raises InputError for an unknown one."""
    check_preset(preset)
    return LAPTOP if preset == FROZEN else preset


def _change(
    made: ClipClassifier | SkeletonClassifier, preset: str, flip: bool, changes: dict[str, Any]
) -> None:
    """Set the caller's parameters, and freeze what the preset freezes. Raises InputError without weights."""
    made.set_params(view=replace(made.view, flip=flip), **changes)
    if preset != FROZEN:
        return
    if not made.weights:
        raise InputError(
            "the preset frozen trains only what follows a pretrained network: name its weights "
            "(--weights torchvision, a file, or hub:OWNER/NAME/FILE)"
        )
    made.set_params(training=replace(made.training, frozen=True))
