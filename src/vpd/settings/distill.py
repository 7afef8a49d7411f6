"""Settings of `distill`: what the student sees, what it is taught, and for how long."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from vpd.settings.section import OPERATIONAL, Section
from vpd.settings.vipe import OFFSETS_S


class HeadSettings(Section):
    """One teacher's targets, and how they weigh."""

    teacher: str = "vipe-window"
    """Name of the features that are the targets: movement, vipe (VI-VPD) or joints2d (2D-VPD)."""
    d: int = Field(default=0, ge=0)
    """Size of this head's part of the student's feature; 0 for the teacher's own (paper)."""
    motion: tuple[int, ...] = Field(default=(), strict=False)
    """Changes of pose that are targets beside the pose: -1 is p[t] - p[t-1] (paper), 3 is p[t+3] - p[t].
    Empty for none."""
    decoder: bool = False
    """Predict the targets by a decoder from the feature (paper); without, the feature itself is the pose, and
    with the backbone movenet starts as what the teacher says of the joints that are read."""
    weight: float = Field(default=1.0, gt=0)
    """Share of this head in the loss."""
    weighting: Literal["none", "frame", "joint"] = "none"
    """Weigh targets by the pose's confidence: of the frame, or of each joint (joints2d alone)."""
    consistency: float = Field(default=0.0, ge=0, le=1)
    """Weigh targets by whether joints are where the flow carries them, too: one that strays so far, in sides
    of the crop, weighs half; 0 for no. Each joint by itself where weighting is joint, else the frame by its
    mean."""
    fill: str = ""
    """Name of the features of an earlier student, which are the targets of frames where the teacher is
    unsure: a second round. That student's own feature must be the pose (decoder = false)."""

    @model_validator(mode="after")
    def _check(self) -> HeadSettings:
        if 0 in self.motion:
            raise ValueError("motion 0 is no motion: offsets are -1, 3, ...")
        if not self.decoder and (self.motion or self.d):
            raise ValueError(
                "without a decoder the feature is the pose: add decoder = true, or leave out motion and d"
            )
        if self.weighting == "joint" and self.teacher != "joints2d":
            raise ValueError(f"{self.teacher} has no confidence of single joints")
        return self


class AugmentSettings(Section):
    """Augmentations of method.md, drawn for each crop of a batch."""

    min_area: float = Field(default=0.5, gt=0, le=1)
    """Least area of the random crop; 1 leaves the crop whole."""
    max_aspect: float = Field(default=1.1, ge=1)
    """Aspect of the random crop lies between this and its inverse."""
    flip: bool = True
    """Mirror half of the crops, with their targets."""
    brightness: float = Field(default=0.2, ge=0, le=1)
    """Largest relative change of brightness."""
    contrast: float = Field(default=0.2, ge=0, le=1)
    """Largest relative change of contrast."""
    saturation: float = Field(default=0.05, ge=0, le=1)
    """Largest relative change of saturation."""
    hue: float = Field(default=0.05, ge=0, le=0.5)
    """Largest turn of hue, of a full circle."""
    noise_variance: float = Field(default=0.05, ge=0, le=1)
    """Variance of the noise on the background, of colours in 0..1."""
    noise_share: float = Field(default=0.5, ge=0, le=1)
    """Share of the crops that get it."""
    person_margin: float = Field(default=0.08, ge=0, le=1)
    """The person is the hull of the pose's joints grown by this fraction of the crop's side."""


NO_AUGMENTATION = AugmentSettings(
    min_area=1, max_aspect=1, flip=False, brightness=0, contrast=0, saturation=0, hue=0, noise_share=0
)
"""Crops as they are."""


class DistillSettings(Section):
    """Settings of the step `distill`, in `[distill]` of vpd.toml. The defaults are the laptop's."""

    name: str = Field(default="vpd", pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", json_schema_extra=OPERATIONAL)
    """Name of the student and of its features."""
    backbone: str = "movenet"
    """Encoder: movenet (starts from the shipped pose network), resnet18, resnet34
    (paper), resnet50, or timm:NAME."""
    weights: str = ""
    """Start from: "" random weights (paper), "imagenet" (fetched), or a .safetensors or .pth file."""
    inputs: tuple[Literal["rgb", "flow"], ...] = Field(default=("rgb", "flow"), strict=False, min_length=1)
    """What the student sees of a crop."""
    neighbours: tuple[int, ...] = Field(default=(), strict=False)
    """Further frames it sees, as offsets: -1 is the frame before; cut with the same square."""
    context_s: tuple[float, ...] = Field(default=tuple(o for o in OFFSETS_S if o), strict=False)
    """Seconds from the frame to those whose readings it sees beside its own (movenet). Shorter is less sure
    where poses are (docs/experiments/student.md)."""
    heads: tuple[HeadSettings, ...] = Field(
        default=(HeadSettings(), HeadSettings(teacher="vipe", motion=(-1,), decoder=True)),
        strict=False,
        min_length=1,
    )
    """What it is taught; the feature is the heads' parts side by side. By default the movement of half a
    second as it is, and a free feature of which the pose and its motion can be told (VI-VPD): the one serves
    few examples best, the other many (docs/experiments/student.md)."""
    decoded_size: float = Field(default=0.7, gt=0)
    """How much decoded parts of the feature vary, as a share of how much parts that are poses do. Distances
    hang on it: less serves few examples and small corpora, more serves many."""
    augment: AugmentSettings = AugmentSettings()
    """How its crops are changed in training."""

    min_score: float = Field(default=0.5, ge=0, le=1)
    """Least mean joint score of a training frame (paper: 0.5, tennis 0.7)."""
    validation: float = Field(default=0.2, gt=0, lt=1)
    """Share of the videos held out to choose the epoch; of a few videos, spans are held out."""
    loss: Literal["squared", "huber"] = "huber"
    """Squared error (paper), or Huber's, that a wrong target cannot rule."""
    standardise: bool = True
    """Bring every component of a target to unit variance before the loss."""

    images: int = Field(default=200_000, gt=0)
    """Crops seen in training, repeats counted."""
    read: int = Field(default=60_000, gt=0)
    """Crops that the frozen pose network reads at most, in spans drawn from all videos (movenet)."""
    time_limit_minutes: float | None = Field(default=None, gt=0, json_schema_extra=OPERATIONAL)
    """Upper bound of the time that `distill` may take; not set by default. At the bound the training ends
    with what it has, and `vpd status` says so. The student then depends on the speed of the machine."""
    epoch_images: int = Field(default=10_000, gt=0)
    """Crops between two validations (paper: 20,000)."""
    validation_images: int = Field(default=1_000, gt=0)
    """At most this many held-out crops are looked at, evenly spread."""
    batch: int = Field(default=100, gt=0)
    """Crops a step, of all processes together (paper: 100)."""
    learning_rate: float = Field(default=5e-4, gt=0)
    """AdamW's (paper: 5e-4)."""
    pretrained_rate: float = Field(default=0.0, ge=0, le=1)
    """Share of the learning rate that a backbone's pretrained part gets; 0 leaves it as it came, and training
    is then a matter of minutes."""
    weight_decay: float = Field(default=0.01, ge=0)
    """AdamW's (PyTorch's default)."""
    schedule: Literal["constant", "cosine", "onecycle"] = "cosine"
    """Learning rate: constant (paper), falling to 0 by a cosine, or rising for a tenth and then falling."""
    contrast: float = Field(default=0.0, ge=0)
    """Weight of a contrastive term: a crop, mirrored and changed as it is, should know the teacher's feature
    of its own moment among those of the batch (InfoNCE); 0 for none."""
    ema: float = Field(default=0.0, ge=0, lt=1)
    """Decay a step of the running average of weights that is kept instead of the last weights; 0 for none."""
    best_of_mean: int = Field(default=1, gt=0)
    """The epoch is chosen by the mean validation loss of this many epochs (paper: 5)."""
    seed: int = Field(default=0, ge=0)
    """Of weights, split, order and augmentation."""

    device: str = Field(default="auto", json_schema_extra=OPERATIONAL)
    """auto takes a GPU where there is one."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """auto takes bfloat16 on GPUs and CPUs with matrix units for it."""
    compile: Literal["auto", "on", "off"] = Field(default="auto", json_schema_extra=OPERATIONAL)
    """Compile the network before it trains on pictures (torch.compile). auto does so on GPUs; where it cannot
    be compiled, it trains as it is."""
    workers: int = Field(default=2, gt=0, json_schema_extra=OPERATIONAL)
    """Threads that decode batches ahead of the network."""

    @model_validator(mode="after")
    def _check(self) -> DistillSettings:
        if len({head.teacher for head in self.heads}) != len(self.heads):
            raise ValueError("two heads have the same teacher")
        if any(head.fill == self.name for head in self.heads):
            raise ValueError(f"{self.name} cannot be filled by itself: give this student another name")
        if 0 in self.neighbours or 0 in self.context_s:
            raise ValueError("neighbour or context 0 is the frame itself: offsets are -1, 1, ...")
        return self


PRESETS: dict[str, dict[str, Any]] = {
    "laptop": {},
    "paper": {
        "images": 20_000_000,
        "epoch_images": 20_000,
        "validation_images": 5_000,
        "schedule": "constant",
        "best_of_mean": 5,
        "standardise": False,
        "ema": 0.0,
        "loss": "squared",
        "heads": (HeadSettings(teacher="vipe", motion=(-1,), decoder=True),),
        "backbone": "resnet34",
        "weights": "",
        "inputs": ("rgb", "flow"),
        "neighbours": (),
    },
}
"""Named groups of settings: `laptop` takes about 15 minutes on two cores, `paper` is the paper's."""


def preset(name: str, **changes: Any) -> DistillSettings:
    """The settings of a preset with changes. Raises KeyError for an unknown name."""
    return DistillSettings(**{**PRESETS[name], **changes})
