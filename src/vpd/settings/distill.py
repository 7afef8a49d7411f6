"""Settings of `distill`: the student's inputs, its targets, and the number of crops."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from vpd.settings.presets import IDENTITY, PRESETS
from vpd.settings.section import MOST_COUNT, MOST_SEED, OPERATIONAL, TRAINER, Section

MOVENET = "movenet"
"""The backbone that reads poses by the shipped pose network."""
CONTEXT_S = (-0.267, -0.2, -0.133, -0.067, 0.067, 0.133, 0.2, 0.267)
"""Offsets in seconds of the poses from which the teacher `vipe-window` makes a frame's feature."""


class HeadSettings(Section):
    """The targets of one teacher, and their weight."""

    teacher: str = "vipe-window"
    """Teacher whose features are the targets: vipe-window, vipe (VI-VPD) or joints2d (2D-VPD)."""
    d: int = Field(default=0, ge=0)
    """Size of this head's part of the student's feature; 0 for the teacher's own size (paper)."""
    motion: tuple[int, ...] = Field(default=(), strict=False)
    """Further targets, by their offset in frames: -1 is the change p[t] - p[t-1] (paper), 3 is p[t+3] - p[t].
    Needs decoder = true."""
    decoder: bool = False
    """true: a decoder predicts the targets from the feature (paper). false: the feature itself is the
    target, in the teacher's units."""
    weight: float = Field(default=1.0, gt=0)
    """Weight of this head in the loss."""

    @model_validator(mode="after")
    def _check(self) -> HeadSettings:
        if 0 in self.motion:
            raise ValueError("motion 0 is no change of pose: give offsets such as -1 or 3")
        if not self.decoder and (self.motion or self.d):
            raise ValueError(
                "without a decoder the feature is the pose: add decoder = true, or leave out motion and d"
            )
        return self


class AugmentSettings(Section):
    """Random changes of the crops in training (paper, supplement). Used where the encoder is trained."""

    min_area: float = Field(default=0.5, gt=0, le=1)
    """Least area of the random crop, as a fraction of the crop; 1 keeps the whole crop."""
    max_aspect: float = Field(default=1.1, ge=1)
    """The aspect of the random crop lies between this and its inverse."""
    flip: bool = True
    """Mirror half of the crops, with their targets."""
    brightness: float = Field(default=0.2, ge=0, le=1)
    """Largest relative change of brightness."""
    contrast: float = Field(default=0.2, ge=0, le=1)
    """Largest relative change of contrast."""
    saturation: float = Field(default=0.05, ge=0, le=1)
    """Largest relative change of saturation."""
    hue: float = Field(default=0.05, ge=0, le=0.5)
    """Largest change of hue, as a fraction of the full circle."""
    noise_variance: float = Field(default=0.05, ge=0, le=1)
    """Variance of the noise on the background; colours span 0..1."""
    noise_share: float = Field(default=0.5, ge=0, le=1)
    """Fraction of the crops that get the noise."""
    person_margin: float = Field(default=0.08, ge=0, le=1)
    """The person is the hull of the joints, grown by this fraction of the crop's side."""


NO_AUGMENTATION = AugmentSettings(
    min_area=1, max_aspect=1, flip=False, brightness=0, contrast=0, saturation=0, hue=0, noise_share=0
)
"""No changes of the crops."""


class DistillSettings(Section):
    """Settings of the step `distill`, in `[distill]` of vpd.toml. The defaults suit a laptop."""

    preset: Literal[
        "default",
        "2d-vpd",
        "vi-vpd",
        "concat-vpd",
        "2d-vpd-rgb",
        "2d-vpd-flow",
        "vi-vpd-rgb",
        "vi-vpd-flow",
        "vi-vpd-actions",
        "vi-vpd-corpus",
        "2d-vpd-corpus",
    ] = Field(default="default", json_schema_extra=OPERATIONAL)
    """Student to train: the default one, or one of the paper's (ResNet-34, 20 million crops: for a GPU). It
    sets the defaults of the other settings of this section; what the section says itself comes first."""
    name: str = Field(default="vpd", pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", json_schema_extra=OPERATIONAL)
    """Name of the student's folder and of its features. By default vpd, or the preset's."""
    learn_from: Literal["all", "training", "actions"] = Field(
        default="all", json_schema_extra=OPERATIONAL | TRAINER
    )
    """What the student sees of the library in training, always without labels: all videos; those of which
    splits.csv tests nothing (all where there is no such file); or only the labelled actions of these."""
    backbone: str = MOVENET
    """Encoder: movenet (the shipped pose network, frozen), resnet18, resnet34 (paper), resnet50, or
    timm:NAME."""
    weights: str = ""
    """First weights of a resnet or timm backbone: "" for random ones (paper), "imagenet" to fetch them, or a
    .safetensors or .pth file."""
    inputs: tuple[Literal["rgb", "flow"], ...] = Field(default=("rgb", "flow"), strict=False, min_length=1)
    """Channels of a crop that the student sees. movenet needs rgb."""
    neighbours: tuple[int, ...] = Field(default=(), strict=False)
    """Offsets of further frames whose colours a resnet or timm backbone sees: -1 is the frame before."""
    context_s: tuple[float, ...] = Field(default=CONTEXT_S, strict=False)
    """Offsets in seconds of further frames whose readings the movenet student sees. The teacher vipe-window
    needs the default.
    """
    heads: tuple[HeadSettings, ...] = Field(
        default=(HeadSettings(), HeadSettings(teacher="vipe", motion=(-1,), decoder=True)),
        strict=False,
        min_length=1,
    )
    """Teachers of the student, one entry each; the feature consists of the heads' parts side by side."""
    decoded_size: float = Field(default=0.7, gt=0, le=1000, json_schema_extra=TRAINER)
    """Standard deviation of decoded parts of the feature, relative to parts that are poses. Affects DTW
    distances: lower for few labels, higher for many."""
    augment: AugmentSettings = Field(default=AugmentSettings(), json_schema_extra=TRAINER)
    """Random changes of the crops in training."""

    min_score: float = Field(default=0.5, ge=0, le=1)
    """Least mean joint score of a training frame (paper: 0.5, tennis 0.7)."""
    validation: float = Field(default=0.2, gt=0, lt=1, json_schema_extra=TRAINER)
    """Fraction of the videos held out to choose the epoch. With fewer than five videos, spans are held
    out.
    """
    loss: Literal["squared", "huber"] = Field(default="huber", json_schema_extra=TRAINER)
    """Squared error (paper), or Huber's loss, which limits the influence of wrong targets."""
    standardise: bool = Field(default=True, json_schema_extra=TRAINER)
    """Scale every component of a target to unit variance before the loss."""

    images: int = Field(default=200_000, gt=0, le=MOST_COUNT)
    """Crops seen in training, repeats counted."""
    read: int = Field(default=60_000, gt=0, le=MOST_COUNT)
    """Largest number of crops that the frozen pose network reads, in spans drawn from all videos
    (movenet).
    """
    time_limit_minutes: float | None = Field(default=None, gt=0, json_schema_extra=OPERATIONAL)
    """Upper bound of the minutes that `distill` may take; not set by default. At the bound the training ends
    with what it has, and `vpd status` says so. The student then depends on the speed of the machine.
    """
    epoch_images: int = Field(default=10_000, gt=0, le=MOST_COUNT)
    """Crops between two validations (paper: 20,000)."""
    validation_images: int = Field(default=1_000, gt=0, le=MOST_COUNT, json_schema_extra=TRAINER)
    """Largest number of held-out crops in a validation, evenly spaced."""
    batch: int = Field(default=100, gt=0, json_schema_extra=TRAINER)
    """Crops a step, of all processes together (paper: 100)."""
    learning_rate: float = Field(default=5e-4, gt=0, le=100, json_schema_extra=TRAINER)
    """AdamW's learning rate (paper: 5e-4)."""
    schedule: Literal["constant", "cosine"] = Field(default="cosine", json_schema_extra=TRAINER)
    """Learning rate over the training: constant (paper), or falling to 0 along a cosine."""
    best_of_mean: int = Field(default=1, gt=0, le=1000, json_schema_extra=TRAINER)
    """The epoch is chosen by the validation loss averaged over this many epochs (paper: 5)."""
    seed: int = Field(default=0, ge=0, le=MOST_SEED)
    """Random seed of weights, split, order and augmentation."""

    trainer: str = Field(default="", json_schema_extra=OPERATIONAL)
    """TOML file beside vpd.toml with settings of the training itself, such as batch, learning rate and
    augmentation; `vpd settings --trainer` prints them. "" for their defaults, which a preset sets."""

    device: str = Field(default="auto", json_schema_extra=OPERATIONAL)
    """auto takes a GPU where there is one."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """auto takes bfloat16 on GPUs and CPUs with matrix units for it."""
    compile: Literal["auto", "on", "off"] = Field(default="auto", json_schema_extra=OPERATIONAL | TRAINER)
    """Compile the network that trains on pictures (torch.compile); auto does so on GPUs."""

    @model_validator(mode="before")
    @classmethod
    def _take_preset(cls, values: Any) -> Any:
        preset = values.get("preset", "default") if isinstance(values, dict) else None
        if preset not in PRESETS:
            return values
        sets = PRESETS[preset]
        changed = [key for key in IDENTITY if key in values and key in sets]
        if changed and "name" not in values:
            raise ValueError(
                f"preset {preset} sets {', '.join(changed)}: leave that out, or give the student"
                " a name of its own with `name`"
            )
        return {**sets, **values}

    @model_validator(mode="after")
    def _check(self) -> DistillSettings:
        if len({head.teacher for head in self.heads}) != len(self.heads):
            raise ValueError("two heads have the same teacher")
        if 0 in self.neighbours or 0 in self.context_s:
            raise ValueError("neighbour or context 0 is the frame itself: give offsets such as -1 or 1")
        if self.reads_poses and ("rgb" not in self.inputs or self.neighbours or self.weights):
            raise ValueError(
                "the backbone movenet reads the frame's own colours with the shipped weights: add rgb to"
                " inputs, leave weights empty, and give further frames as context_s, not as neighbours"
            )
        return self

    @property
    def reads_poses(self) -> bool:
        """Whether the student starts from the shipped pose network."""
        return self.backbone == MOVENET

    def reference(self) -> DistillSettings:
        """The settings of the preset alone."""
        return DistillSettings(preset=self.preset)

    def with_preset(self, preset: str) -> DistillSettings:
        """The settings of another preset, with what these settings say themselves beside their own preset,
        be it a default, except those that make a student what it is (`IDENTITY`) and its name.

        Raises ValueError for an unknown preset.
        """
        own, said = self.reference(), self.model_fields_set - {*IDENTITY, "name", "preset"}
        of_preset = PRESETS[self.preset]
        kept = {k: v for k, v in self if k in said and (k not in of_preset or v != getattr(own, k))}
        return DistillSettings.model_validate({**kept, "preset": preset})
