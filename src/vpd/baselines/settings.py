"""Settings of a baseline's inputs and of its training. The defaults are for a laptop."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi
from typing import Literal

from vpd.errors import SettingsError

Modality = Literal["rgb", "flow"]
FLOW_LENGTH = 5
"""Number of frames of flow that TSN, TRN and GSM stack to ten channels."""


@dataclass(frozen=True)
class ClipView:
    """The view of a clip that a network takes.

    Attributes
    ----------
    modality : colours, or stacks of five frames of flow.
    frames : number of segments, or of frames where ``stride`` is given.
    stride : frames between one seen and the next; 0 for segments, as TSN has them.
    side : pixels of the square that the network sees.
    scales : of the random crops in training, TSN's corner crops; (1,) takes the whole.
    flip : mirror half of the training clips. Off: a mirrored forehand of one hand is one of the other.
    test_views : 1 takes the whole picture; 3, 5 and 10 average crops (10 needs ``flip``).
    test_clips : samplings of frames averaged at test; more than one are drawn at random.
    """

    modality: Modality = "rgb"
    frames: int = 3
    stride: int = 0
    side: int = 112
    scales: tuple[float, ...] = (1.0, 0.875, 0.75)
    flip: bool = False
    test_views: int = 1
    test_clips: int = 1

    def __post_init__(self) -> None:
        if self.test_views not in (1, 3, 5, 10):
            raise SettingsError(f"test_views is 1, 3, 5 or 10, not {self.test_views}")
        if self.test_views == 10 and not self.flip:
            raise SettingsError("10 test views mirror the clip: set flip for classes without left and right")
        if min(self.frames, self.side, self.test_clips) < 1 or self.stride < 0:
            raise SettingsError("frames, side and test_clips are at least 1, stride at least 0")

    @property
    def length(self) -> int:
        """Number of frames in a segment."""
        return FLOW_LENGTH if self.modality == "flow" else 1

    @property
    def channels(self) -> int:
        """Channels of the network's input."""
        return 2 * FLOW_LENGTH if self.modality == "flow" else 3


@dataclass(frozen=True)
class SkeletonView:
    """The view of a skeleton that a network takes.

    Attributes
    ----------
    frames : T.
    sampling : "uniform", one frame of each of T equal parts; "pad", as they come, zeros after the end.
    place : x and y about the "athlete", or in the "picture" as for Kinetics.
    stream : "joint", or "bone", each joint less its parent.
    persons : M.
    move : random turns, scales and shifts in training.
    flip : mirror half of the training skeletons, left and right exchanged.
    heatmap : side of the heatmaps (PoseConv3D); 0 for graph networks.
    test_clips : samplings averaged at test; more than one are drawn at random.
    """

    frames: int = 32
    sampling: Literal["uniform", "pad"] = "uniform"
    place: Literal["athlete", "picture"] = "athlete"
    stream: Literal["joint", "bone"] = "joint"
    persons: int = 1
    move: bool = True
    flip: bool = False
    heatmap: int = 0
    test_clips: int = 1

    def __post_init__(self) -> None:
        if min(self.frames, self.persons, self.test_clips) < 1 or self.heatmap < 0:
            raise SettingsError("frames, persons and test_clips are at least 1")


@dataclass(frozen=True)
class Training:
    """The training of a network.

    Attributes
    ----------
    optimiser, rate, momentum, nesterov, decay : SGD or AdamW, learning rate and weight decay.
    batch : examples a step; ``accumulate`` steps make one update.
    epochs : passes over the training data.
    least_updates : as many epochs more as it takes to make so many updates, where examples are few.
    falls : epochs after which the learning rate falls to a tenth; () for a cosine to 0.
    warmup : epochs in which the learning rate rises linearly.
    clip : largest norm of the gradient; 0 for none.
    caffe_rates : twice the rate and no decay for biases, no decay for norms, five times the rate for the
        first convolution over flow (tsn-pytorch).
    frozen_norms : all norms of the picture network but the first stay as the pretrained weights have them
        (tsn-pytorch); without pretrained weights they are trained.
    frozen : the picture network stays as it came; what follows it is trained.
    validation : share of the training videos held out to choose the epoch; 0 takes the last.
    """

    optimiser: Literal["sgd", "adamw"] = "sgd"
    rate: float = 0.01
    momentum: float = 0.9
    nesterov: bool = False
    decay: float = 5e-4
    batch: int = 16
    accumulate: int = 1
    epochs: int = 30
    least_updates: int = 0
    falls: tuple[int, ...] = ()
    warmup: int = 0
    clip: float = 0.0
    caffe_rates: bool = False
    frozen_norms: bool = False
    frozen: bool = False
    validation: float = 0.0

    def __post_init__(self) -> None:
        if min(self.batch, self.accumulate, self.epochs) < 1 or self.rate <= 0:
            raise SettingsError("batch, accumulate and epochs are at least 1, rate is above 0")
        if not 0 <= self.validation < 1:
            raise SettingsError(f"validation is a share in 0..1, not {self.validation}")

    def epochs_for(self, examples: int) -> int:
        """The number of epochs for ``examples`` examples."""
        updates = -(-examples // (self.batch * self.accumulate))
        return max(self.epochs, -(-self.least_updates // updates))

    def factor(self, progress: float) -> float:
        """Factor of the learning rate after ``progress`` (0..1) of the training."""
        epoch = progress * self.epochs
        if epoch < self.warmup:
            return (epoch + 1) / (self.warmup + 1)
        if self.falls:
            return 0.1 ** sum(epoch >= fall for fall in self.falls)
        start = self.warmup / self.epochs
        return 0.5 * (1 + cos(pi * (progress - start) / (1 - start)))
