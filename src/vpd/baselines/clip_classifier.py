"""TSN, TRN, GSM, TimeSformer, R3D and MViT as estimators over clips."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from vpd.baselines.clips import Clip
from vpd.baselines.estimator import NetworkClassifier
from vpd.baselines.networks.segments import TRN
from vpd.baselines.sampling import middle_segments, random_segments, stacks, strided
from vpd.baselines.settings import ClipView, Training
from vpd.baselines.systems import CLIP_SYSTEMS, Norms, system_named
from vpd.baselines.training import Source, seed_of
from vpd.baselines.views import corner_crops, cropped, fixed_crops, mirrored, normalised
from vpd.errors import MismatchError
from vpd.types import Array


class ClipSource:
    """Clips as inputs of a network: frames are chosen and decoded on the CPU, cut and augmented on the
    device.
    """

    def __init__(self, clips: Sequence[Clip], view: ClipView, norms: Norms, device: torch.device) -> None:
        self.clips, self.view, self.norms, self.device = clips, view, norms, device

    def frames(self, clip: Clip, rng: np.random.Generator | None) -> Array:
        """(F,) first frames of the segments, or the frames themselves."""
        view, length = self.view, len(clip)
        if view.stride:
            return strided(length, view.frames, view.stride, rng)
        if rng is None:
            return middle_segments(length, view.frames, view.length)
        return random_segments(length, view.frames, view.length, rng)

    def read(self, items: Array, seed: int | None, changed: bool) -> Tensor:
        """(N, F, S, S, 3) uint8 colours, or (N, F, 10, S, S) uint8 flow."""
        rng = None if seed is None else np.random.default_rng(seed)
        read = []
        for item in items:
            clip = self.clips[int(item)]
            chosen = self.frames(clip, rng)
            if self.view.modality == "flow":
                read.append(clip.flow(stacks(chosen, self.view.length, len(clip))))
            else:
                read.append(clip.rgb(chosen))
        if len({one.shape for one in read}) > 1:
            sides = sorted({one.shape[2] for one in read})
            raise MismatchError(f"the clips have crops of different sizes: {sides} px. Make them alike.")
        return torch.from_numpy(np.stack(read))

    def ready(self, raw: Tensor, seed: int | None) -> Tensor:
        """(N, F, C, side, side) float32, normalised: a random crop, or the whole picture without ``seed``."""
        view = self.view
        clips = self.on_device(raw)
        if seed is None:
            return self.view_of(clips, fixed_crops(clips.shape[-1], 1)[0], False)
        rng = np.random.default_rng(seed_of(seed, 1))
        clips = cropped(clips, corner_crops(clips.shape[-1], view.scales, len(clips), rng), view.side)
        if view.flip:
            flip = torch.from_numpy(rng.random(len(clips)) < 0.5).to(self.device)
            turned = mirrored(clips, view.modality == "flow")
            clips = torch.where(flip[:, None, None, None, None], turned, clips)
        return normalised(clips, self.norms.mean, self.norms.std, self.norms.bgr)

    def on_device(self, raw: Tensor) -> Tensor:
        """(N, F, C, S, S) float32 in bytes' range."""
        clips = raw.to(self.device)
        if self.view.modality == "rgb":
            clips = clips.permute(0, 1, 4, 2, 3)
        return clips.float()

    def view_of(self, clips: Tensor, box: tuple[int, int, int, int], mirror: bool) -> Tensor:
        """One test view of clips (N, F, C, S, S)."""
        clips = cropped(clips, [box] * len(clips), self.view.side)
        if mirror:
            clips = mirrored(clips, self.view.modality == "flow")
        return normalised(clips, self.norms.mean, self.norms.std, self.norms.bgr)


class ClipClassifier(NetworkClassifier):
    """A network over clips of the athlete or of whole pictures.

    Parameters
    ----------
    system : "tsn", "trn", "gsm", "timesformer", "r3d" or "mvit".
    backbone : of tsn, trn and gsm "bninception", "inceptionv3", "resnet18" or "resnet50"; of timesformer
        "base", "hr", "large" or "tiny", "-joint" behind it for joint attention.
    view, training : what it sees, and how it is trained.
    dropout : before the last layer, of tsn, trn and gsm.
    every_tuple : at test TRN sums all its tuples of frames, not three a scale.
    weights : pretrained or released: "" random, "torchvision", a file, or hub:OWNER/NAME/FILE.
    seed : of weights, order, sampling and augmentation.
    device : "auto" takes a GPU where there is one.
    workers : threads that decode ahead.
    folder : of the checkpoint from which a stopped training continues; None keeps none.
    """

    takes = Clip

    def __init__(
        self,
        system: str = "tsn",
        backbone: str = "resnet18",
        view: ClipView = ClipView(),  # noqa: B008 (frozen)
        training: Training = Training(),  # noqa: B008 (frozen)
        dropout: float = 0.5,
        every_tuple: bool = False,
        weights: str = "",
        seed: int = 0,
        device: str = "auto",
        workers: int = 2,
        folder: Path | None = None,
    ) -> None:
        self.system = system
        self.backbone = backbone
        self.view = view
        self.training = training
        self.dropout = dropout
        self.every_tuple = every_tuple
        self.weights = weights
        self.seed = seed
        self.device = device
        self.workers = workers
        self.folder = folder

    def make_network(self, classes: int) -> nn.Module:
        """The untrained network for ``classes`` classes."""
        system_named(CLIP_SYSTEMS, self.system)
        made = CLIP_SYSTEMS[self.system]
        return made.make(classes, self.view, self.backbone, self.dropout, self.seed)

    def _heads(self) -> tuple[str, ...]:
        return CLIP_SYSTEMS[self.system].heads

    def _torchvision(self) -> str:
        return CLIP_SYSTEMS[self.system].torchvision(self.backbone)

    def _test_clips(self) -> int:
        return self.view.test_clips

    def make_source(self, X: Sequence[Clip], device: torch.device) -> ClipSource:
        """The inputs ``X`` in the form that the network takes."""
        return ClipSource(X, self.view, CLIP_SYSTEMS[self.system].norms(self.backbone), device)

    def decision_function(self, X: Sequence[Clip]) -> Array:
        """(N, C) logits, the mean over the test views."""
        network = getattr(self, "network_", None)
        if not isinstance(network, TRN):
            return super().decision_function(X)
        network.consensus.seed_draws(self.seed)
        network.consensus.every_tuple = self.every_tuple
        try:
            return super().decision_function(X)
        finally:
            network.consensus.every_tuple = False

    def _views(self, source: Source, raw: Tensor) -> list[Tensor]:
        assert isinstance(source, ClipSource)
        clips = source.on_device(raw)
        boxes = fixed_crops(clips.shape[-1], self.view.test_views)
        mirrors = (False, True) if self.view.test_views == 10 else (False,)
        return [source.view_of(clips, box, mirror) for box in boxes for mirror in mirrors]
