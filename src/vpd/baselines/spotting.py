"""E2E-Spot as an estimator: find the moments of actions in uncut video from crops (Hong et al. 2022)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted
from torch import Tensor
from torch.nn.functional import cross_entropy

from vpd.baselines.clip_classifier import ClipSource
from vpd.baselines.clips import Clip
from vpd.baselines.estimator import RANDOM
from vpd.baselines.networks.spotter import Spotter
from vpd.baselines.settings import ClipView, Training
from vpd.baselines.systems import CLIP_SYSTEMS
from vpd.baselines.training import Trainer
from vpd.baselines.weights import load_weights, read_weights
from vpd.counting import counted
from vpd.device import make_accelerator
from vpd.errors import InputError
from vpd.types import Array, Detection, Segment

EVENT_WEIGHT = 5.0
"""Weight in the loss of a frame with an event; other frames have 1 (E2E-Spot, section 3.2)."""
HEADS = ("gru.", "classifier.")
LAPTOP_SPOTTING = Training("adamw", 1e-3, decay=0.01, batch=4, epochs=20, warmup=2, clip=20.0)


class _Windows:
    """Windows of consecutive frames of the streams, drawn by a seed."""

    def __init__(
        self, streams: Sequence[Clip], view: ClipView, targets: Sequence[Array], device: torch.device
    ) -> None:
        self.streams, self.view, self.targets = streams, view, targets
        self.source = ClipSource(streams, view, CLIP_SYSTEMS["tsn"].norms("resnet18"), device)

    def drawn(self, seed: int, count: int) -> list[tuple[int, Array]]:
        """Stream and frames of ``count`` windows. Half of them contain an event where there is one."""
        rng = np.random.default_rng(seed)
        lengths = np.array([len(s) for s in self.streams])
        events = [(i, int(t)) for i, one in enumerate(self.targets) for t in np.flatnonzero(one)]
        found = []
        for _ in range(count):
            span = (self.view.frames - 1) * self.view.stride + 1
            if events and rng.random() < 0.5:
                stream, frame = events[int(rng.integers(len(events)))]
                start = frame - int(rng.integers(span))
            else:
                stream = int(rng.choice(len(lengths), p=lengths / lengths.sum()))
                start = int(rng.integers(max(1, lengths[stream] - span + 1)))
            frames = start + self.view.stride * np.arange(self.view.frames)
            found.append((stream, np.clip(frames, 0, lengths[stream] - 1)))
        return found

    def read(self, items: Array, seed: int | None, changed: bool) -> Tensor:
        """(N, F, S, S, C) uint8."""
        assert seed is not None
        windows = self.drawn(seed, len(items))
        return torch.from_numpy(np.stack([self.streams[s].rgb(frames) for s, frames in windows]))

    def ready(self, raw: Tensor, seed: int | None) -> Tensor:
        """See ClipSource."""
        return self.source.ready(raw, seed)

    def loss(self, logits: Tensor, targets: Tensor, seed: int) -> Tensor:
        """Weighted cross-entropy of every frame of the windows drawn by the seed."""
        windows = self.drawn(seed, len(logits))
        wanted = torch.from_numpy(np.stack([self.targets[s][frames] for s, frames in windows]))
        weights = logits.new_full((logits.shape[2],), EVENT_WEIGHT)
        weights[0] = 1.0
        return cross_entropy(logits.flatten(0, 1), wanted.flatten().to(logits.device), weights)


def _frame(stream: Clip, s: Segment) -> int | None:
    """The frame of the stream that shows the middle of the segment; None where none does."""
    middle = (s.start_s + s.end_s) / 2
    mine = s.video == stream.video and s.athlete in (None, stream.athlete) and s.label is not None
    if not mine or not stream.times_s[0] <= middle <= stream.times_s[-1]:
        return None
    return int(np.abs(stream.times_s - middle).argmin())


class SpottingDetector(BaseEstimator):  # type: ignore[misc]  # sklearn has no types
    """Find the moments of actions in streams of crops, end to end.

    Parameters
    ----------
    backbone : "resnet18" or "resnet50", with gates.
    view : frames and stride of a window, and the side in pixels.
    training : ``epochs`` passes of ``windows`` drawn windows.
    windows : drawn an epoch.
    dilate : frames on either side of a moment that count as its event in training.
    apart_s : of detections of one label nearer than this the surest alone is kept.
    weights : "" random, "torchvision", or a file.
    seed, device, workers : as `ClipClassifier` has them.
    """

    def __init__(
        self,
        backbone: str = "resnet18",
        view: ClipView = ClipView(frames=32, stride=1, side=96, scales=(1.0,)),  # noqa: B008 (frozen)
        training: Training = LAPTOP_SPOTTING,
        windows: int = 100,
        dilate: int = 1,
        apart_s: float = 0.5,
        weights: str = "",
        seed: int = 0,
        device: str = "auto",
        workers: int = 2,
    ) -> None:
        self.backbone = backbone
        self.view = view
        self.training = training
        self.windows = windows
        self.dilate = dilate
        self.apart_s = apart_s
        self.weights = weights
        self.seed = seed
        self.device = device
        self.workers = workers

    def fit(self, streams: Sequence[Clip], segments: Sequence[Segment]) -> Self:
        """Learn from the streams and the middles of the labelled segments in them.

        Segments in no stream are left out, and ``outside_`` counts them. Raises InputError where all are.
        """
        if not self.view.stride:
            raise InputError("spotting sees consecutive frames: give the view a stride of 1 or more")
        inside = [s for s in segments if any(_frame(stream, s) is not None for stream in streams)]
        if not inside:
            raise InputError(f"of {counted(len(segments), 'segment')} none lies in a stream of crops")
        self.outside_ = len(segments) - len(inside)
        labels = sorted({str(s.label) for s in inside})
        targets = [self._targets(stream, inside, labels) for stream in streams]
        self.classes_ = np.array(labels)
        accelerator = make_accelerator(self.device)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            self.network_ = Spotter(len(labels), self.view.frames, self.backbone, self.view.side)
            self.started_ = RANDOM
            if self.weights:
                load_weights(self.network_, read_weights(self.weights, self.backbone), HEADS)
                self.started_ = f"from {self.weights}"
            self.network_.to(accelerator.device)
            source = _Windows(streams, self.view, targets, accelerator.device)
            self.losses_ = Trainer(
                self.network_,
                source,
                torch.zeros(self.windows, dtype=torch.int64),
                self.training,
                self.seed,
                accelerator,
                lambda network: network.train(),  # type: ignore[arg-type]  # it returns itself
                workers=self.workers,
                loss=source.loss,
            ).run()
        return self

    def _targets(self, stream: Clip, segments: Sequence[Segment], labels: list[str]) -> Array:
        """(T,) class of each frame, 0 for none, 1 for the first label."""
        found = np.zeros(len(stream), np.int64)
        for s in segments:
            frame = _frame(stream, s)
            if frame is None:
                continue
            first, last = max(0, frame - self.dilate), frame + self.dilate + 1
            found[first:last] = 1 + labels.index(str(s.label))
        return found

    @torch.inference_mode()
    def frame_scores(self, stream: Clip) -> Array:
        """(T, classes + 1) probabilities of every frame, 0 for no event; windows overlap by half."""
        check_is_fitted(self, "network_")
        self.network_.eval()
        device = next(self.network_.parameters()).device
        source = ClipSource([stream], self.view, CLIP_SYSTEMS["tsn"].norms("resnet18"), device)
        view, length = self.view, len(stream)
        total = np.zeros((length, len(self.classes_) + 1))
        count = np.zeros(length)
        offsets = view.stride * np.arange(view.frames)
        for phase in range(view.stride):
            for start in range(phase, max(length, phase + 1), max(1, view.frames // 2 * view.stride)):
                frames = np.minimum(start + offsets, length - 1)
                inputs = source.ready(torch.from_numpy(stream.rgb(frames))[None], None)
                scores = self.network_(inputs)[0].softmax(1).cpu().numpy()
                inside = start + offsets < length
                np.add.at(total, frames[inside], scores[inside])
                np.add.at(count, frames[inside], 1)
        mean: Array = total / np.maximum(count, 1)[:, None]
        return mean

    def detect(self, streams: Sequence[Clip], least: float = 0.05) -> list[Detection]:
        """The moments found in order of falling score: segments of one frame with the probability of their
        label.
        """
        found = [d for stream in streams for d in self._peaks(stream, least)]
        return sorted(found, key=lambda d: -d.score)

    def _peaks(self, stream: Clip, least: float) -> list[Detection]:
        scores = self.frame_scores(stream)
        step = float(np.median(np.diff(stream.times_s))) if len(stream) > 1 else 0.04
        kept: dict[str, list[float]] = {}
        found = []
        order = np.argsort(-scores[:, 1:], axis=None, kind="stable")
        for place in order:
            frame, label = divmod(int(place), len(self.classes_))
            score, time_s = float(scores[frame, label + 1]), float(stream.times_s[frame])
            if score < least:
                break
            name = str(self.classes_[label])
            if any(abs(time_s - other) < self.apart_s for other in kept.get(name, [])):
                continue
            kept.setdefault(name, []).append(time_s)
            start = max(0.0, time_s - step / 2)
            found.append(
                Detection(stream.video, start, time_s + step / 2, stream.athlete, name, min(score, 1.0))
            )
        return found
