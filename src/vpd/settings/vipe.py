"""Settings of the trainers `vpd vipe train` and `vpd vipe train-window`, in a TOML file of their own."""

from itertools import pairwise
from typing import Any, Literal

from pydantic import Field, model_validator

from vpd.settings.section import MOST_SEED, Section

OFFSETS_S = (-0.267, -0.2, -0.133, -0.067, 0.0, 0.067, 0.133, 0.2, 0.267)
"""Offsets in seconds of the poses of a window: every second frame of video at 30 frames/s."""


class VipeSettings(Section):
    """Settings of `vpd vipe train`, in `[vipe]` of its file. The preset `gpu` made the shipped weights."""

    d: int = Field(default=64, ge=2, le=512)
    """Size of the embedding (paper: 64)."""
    width: int = Field(default=384, ge=8)
    """Width of the hidden layers (paper: 1024). The shipped weights have 768 (preset `gpu`)."""
    blocks: int = Field(default=2, ge=1)
    """Residual blocks of two layers each (paper: 2)."""
    dropout: float = Field(default=0.0, ge=0, lt=1)
    """Dropout in the blocks (paper: 0.2). Every batch has new samples, so nothing overfits."""
    residual: Literal["add", "subtract"] = "add"
    """What a block does with its input: adds it, or takes it away as the reference does."""
    decoder_width: int = Field(default=128, ge=8)
    """Width of the 3D decoder's two hidden layers (reference: 512)."""

    steps: int = Field(default=24_000, ge=1)
    """Optimiser steps. The default is the laptop preset: some twenty minutes on one core."""
    batch: int = Field(default=256, ge=4)
    """3D poses a step, each seen by two cameras."""
    lr: float = Field(default=2e-3, gt=0)
    """Highest learning rate of AdamW."""
    schedule: Literal["cycle", "constant"] = "cycle"
    """The learning rate warms up and falls along a cosine, with clipped gradients; or it stays, and gradients
    are as they are (paper)."""
    seed: int = Field(default=0, ge=0, le=MOST_SEED)
    """Seed of weights and samples."""
    validate_every: int = Field(default=1_000, ge=1)
    """Steps between two validations, each of which also saves the state to resume from."""

    captured: float = Field(default=0.3, ge=0)
    """Weight of poses as captured."""
    mixed: float = Field(default=0.3, ge=0)
    """Weight of captured poses whose arms, legs and trunk come from different frames, with perturbed
    limbs.
    """
    sampled: float = Field(default=0.4, ge=0)
    """Weight of poses sampled within anatomical limits."""
    supports: bool = True
    """Turn mixed and sampled bodies as gravity allows (standing, hanging, lying, on the hands) instead of
    only tilting them.
    """
    limb_lengths: float = Field(default=0.12, ge=0, le=0.5)
    """Standard deviation of the logarithm of bone lengths; left and right alike."""
    interpolate: float = Field(default=0.3, ge=0, le=1)
    """Share of poses that are interpolated between two."""
    inverted: float = Field(default=0.05, ge=0, le=1)
    """Share of whole bodies turned to any orientation, for flips and dives."""

    elevation: float = Field(default=30.0, ge=0, le=90)
    """Cameras look from above or below by up to this many degrees (paper: 30)."""
    roll: float = Field(default=15.0, ge=0, le=180)
    """Cameras roll by up to this many degrees (paper: 30)."""
    wild_cameras: float = Field(default=0.1, ge=0, le=1)
    """Share of cameras with any elevation and any roll."""
    perspective: float = Field(default=0.5, ge=0, le=1)
    """Share of cameras with perspective, from 2 to 10 body lengths away; the rest is orthographic (paper)."""

    jitter: float = Field(default=0.025, ge=0)
    """Standard deviation of the error of a certain keypoint, in units of the torso (which has length 0.5)."""
    least_score: float = Field(default=0.9, gt=0, le=1)
    """Scores of sure keypoints are drawn from here to 1 (paper: 0.5)."""
    unsure: float = Field(default=0.3, ge=0, le=1)
    """Share of poses with keypoints of low score. Their error grows as the score falls."""
    dropped: float = Field(default=0.6, ge=0, le=1)
    """Share of poses with missing keypoints: single ones, limbs, the side away from the camera."""
    swapped: float = Field(default=0.05, ge=0, le=1)
    """Share of poses with left and right of the arms or of the legs exchanged."""
    head_centre: bool = True
    """Move the nose to any place between nose and centre of the head, as other layouts have it."""

    pair_weight: float = Field(default=0.0, ge=0)
    """Weight of the paper's hinge embedding loss (positive: distance; negative: max(0, 1 - distance))."""
    decode_weight: float = Field(default=1.0, ge=0)
    """Weight of the 3D decoder's squared error."""
    metric_weight: float = Field(default=1.0, ge=0)
    """Weight of the loss that makes distances between embeddings of two views equal those between the 3D
    poses.
    """
    neighbour_weight: float = Field(default=0.3, ge=0)
    """Weight of the loss that makes the nearest pose of the other view the nearest in 3D."""
    procrustes: float = Field(default=0.5, ge=0, le=1)
    """Share of Procrustes distance in the squared distance of two 3D poses: that of their joints after the
    best rotation and scale (as Pr-VIPE compares poses). The rest is the distance of bone directions, angles
    and tilt.
    """
    temperature: float = Field(default=0.1, gt=0)
    """Temperature of that loss: a distance. The nearest pose of a batch is about 0.7 away."""
    gravity: float = Field(default=1.0, ge=0)
    """Weight of the vertical components of the bones, beside their directions in the body's own frame."""
    target: Literal["trunk", "heading"] = "trunk"
    """Frame of the directions in the 3D target: of the trunk, or of the body turned to face forward
    (paper)."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where to train."""


PRESETS: dict[str, dict[str, Any]] = {
    "laptop": {},
    "gpu": {"width": 768, "batch": 1024, "steps": 4565, "dropped": 0.45, "roll": 20.0},
    "paper": {
        "width": 1024,
        "dropout": 0.2,
        "residual": "subtract",
        "decoder_width": 512,
        "steps": 100_000,
        "batch": 100,
        "lr": 1e-4,
        "schedule": "constant",
        "captured": 1.0,
        "mixed": 0.0,
        "sampled": 0.0,
        "supports": False,
        "limb_lengths": 0.0,
        "interpolate": 0.0,
        "inverted": 0.0,
        "roll": 30.0,
        "wild_cameras": 0.0,
        "perspective": 0.0,
        "jitter": 0.0,
        "least_score": 0.5,
        "unsure": 0.0,
        "dropped": 0.0,
        "swapped": 0.0,
        "head_centre": False,
        "pair_weight": 1.0,
        # Of unscaled targets and of both views, as the reference sums them; see teachers/vipe/target.py.
        "decode_weight": 21.0,
        "metric_weight": 0.0,
        "procrustes": 0.0,
        "neighbour_weight": 0.0,
        "gravity": 0.0,
        "target": "heading",
    },
}
"""Named groups of settings: `gpu` made the shipped weights; `laptop` has the defaults, some twenty minutes on
one core; `paper` is VIPE* of the paper's supplement."""


def preset(name: str, **changes: Any) -> VipeSettings:
    """The settings of a preset with changes. Raises KeyError for an unknown name."""
    return VipeSettings(**{**PRESETS[name], **changes})


class VipeWindowSettings(Section):
    """Settings of `vpd vipe train-window`, in `[vipe_window]` of its file.

    The defaults made the shipped weights, with `procrustes = 0` in `[vipe]`. Bodies and cameras are those of
    `[vipe]`.
    """

    offsets_s: tuple[float, ...] = Field(default=OFFSETS_S, strict=False, min_length=3)
    """Times of the window's poses relative to the middle one in seconds, increasing; the middle one is 0."""
    width: int = Field(default=512, ge=8)
    """Width of the layers that see the whole window."""
    takes_s: tuple[float, float] = Field(default=(0.2, 1.0), strict=False)
    """Least and longest time in seconds that a synthetic movement takes from one pose to the next."""
    captured: float = Field(default=0.4, ge=0, le=1)
    """Share of captured movements, at another tempo. The others are synthetic."""

    jitter: float = Field(default=0.02, ge=0)
    """Standard deviations of the error of a certain keypoint, in units of the torso (which has length 0.5):
    of the part drawn for every pose, and of the part that lasts for the window.
    """
    unsure: float = Field(default=0.4, ge=0, le=1)
    """Share of windows, and of poses, with keypoints of low score."""
    swapped: float = Field(default=0.12, ge=0, le=1)
    """Share of windows in which some poses have left and right of the arms or of the legs exchanged."""
    dropped: float = Field(default=0.4, ge=0, le=1)
    """Share of windows without some joints, in some poses or in all."""

    reach: float = Field(default=1.0, ge=0)
    """Weight of the poses around the middle one in the distance of two movements. The middle one has weight
    1.
    """
    steps: int = Field(default=10_000, ge=1)
    """Optimiser steps."""
    batch: int = Field(default=192, ge=4)
    """Movements a step, each seen by two cameras."""
    lr: float = Field(default=1.5e-3, gt=0)
    """Highest learning rate of AdamW. It is warmed up, then lowered along a cosine."""
    schedule: Literal["cycle", "constant"] = "cycle"
    """As in `[vipe]`."""
    seed: int = Field(default=0, ge=0, le=MOST_SEED)
    """Seed of weights and samples."""
    validate_every: int = Field(default=500, ge=1)
    """Steps between two validations, each of which also saves the state to resume from."""
    neighbour_weight: float = Field(default=0.3, ge=0)
    """As in `[vipe]`."""
    temperature: float = Field(default=0.1, gt=0)
    """As in `[vipe]`."""

    @model_validator(mode="after")
    def _check(self) -> "VipeWindowSettings":
        offsets = self.offsets_s
        if offsets[len(offsets) // 2] != 0 or any(a >= b for a, b in pairwise(offsets)):
            raise ValueError("offsets_s must increase and have 0 in the middle")
        return self


class TrainerSettings(Section):
    """The whole file that `vpd vipe train --settings` reads."""

    vipe: VipeSettings = VipeSettings()
    vipe_window: VipeWindowSettings = VipeWindowSettings()
