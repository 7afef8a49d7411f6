"""Features of the pretrained R3D-18 for a whole library. The paper's Table 4 detects with them.

The supplement with the authors' window, stride and crop is not available. Here: the 16 frames around a frame,
crops of the athlete, 112 px, frozen weights of Kinetics-400, every fourth frame, linear interpolation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vpd.baselines.clips import crop_file
from vpd.baselines.networks.video3d import (
    KINETICS_MEAN,
    KINETICS_STD,
    R3D,
    R3D_FRAMES,
    R3D_SIDE,
    R3D_WIDTH,
)
from vpd.baselines.views import cropped, mirrored, normalised
from vpd.baselines.weights import TORCHVISION, load_weights, read_weights
from vpd.crops import CropFile
from vpd.device import choose_device
from vpd.errors import InputError
from vpd.library.artefact import Recipe, is_current, read_recipe
from vpd.library.features import write_features
from vpd.library.layout import Layout
from vpd.library.videos import Videos
from vpd.types import Array, FeatureSequence

NAME = "r3d"
"""Name of the features."""
VERSION = 1
STRIDE = 4
"""Frames between two windows. A window takes 2.6 s of one core."""
CLASSES = 400


def load_r3d(weights: str) -> R3D:
    """R3D-18 with ``weights``: a file, or "torchvision", which downloads those of Kinetics-400.

    Raises InputError where none are named, because random weights make no useful features.
    """
    if not weights:
        raise InputError(
            f'R3D features need pretrained weights: give a file, or "{TORCHVISION}" to fetch Kinetics-400\'s'
        )
    network = R3D(CLASSES)
    load_weights(network, read_weights(weights, "r3d_18"), ("network.fc.",))
    return network.eval().requires_grad_(False)


def write_r3d_features(
    layout: Layout,
    weights: str,
    stride: int = STRIDE,
    device: str = "auto",
    progress: Callable[[str], None] = lambda video: None,
) -> list[str]:
    """Write the missing features ``r3d`` of every video that has crops (`with_crops`). Returns the videos
    written.

    Raises InputError without weights, or where no video has crops.
    """
    network = load_r3d(weights).to(choose_device(device))
    key = hashlib.sha256(b"".join(_bytes(t) for t in network.state_dict().values())).hexdigest()[:32]
    videos, _ = with_crops(layout)
    if not videos:
        raise InputError(f"{layout.root} has no crops. Make them with `vpd run`.")
    written = []
    for video in videos:
        inputs = {"crop": str(read_recipe(layout.crops(video))["key"])}
        recipe = Recipe("r3d", VERSION, {"weights": key, "stride": stride}, inputs)
        path = layout.features(NAME, video)
        if is_current(path, recipe):
            continue
        write_features(path, list(_sequences(network, video, layout.crops(video), stride)), R3D_WIDTH, recipe)
        written.append(video)
        progress(video)
    return written


def with_crops(layout: Layout) -> tuple[list[str], list[str]]:
    """The usable videos that have crops, and those that have none."""
    usable = Videos.read(layout).usable()
    there = [video for video in usable if layout.crops(video).exists()]
    return there, [video for video in usable if video not in set(there)]


def _bytes(tensor: Tensor) -> bytes:
    return tensor.cpu().numpy().tobytes()


def _sequences(network: R3D, video: str, path: Path, stride: int) -> Iterator[FeatureSequence]:
    file = crop_file(path)
    for athlete in np.unique(file.athletes):
        rows = np.flatnonzero(file.athletes == athlete)
        values = _features(network, file, rows, stride)
        n = len(rows)
        ones = np.ones(n)
        frames, times = file.frames[rows], file.times_s[rows]
        yield FeatureSequence(video, int(athlete), frames, times, values, ones.astype(bool), ones)


@torch.inference_mode()
def _features(network: R3D, file: CropFile, rows: Array, stride: int) -> Array:
    """(T, 2, 512) of every ``stride``-th frame and the last, interpolated linearly; regular and mirrored."""
    device = next(network.parameters()).device
    middles = np.unique(np.r_[np.arange(0, len(rows), stride), len(rows) - 1])
    found = np.empty((len(middles), 2, R3D_WIDTH), np.float32)
    for i, middle in enumerate(middles):
        window = np.clip(middle - R3D_FRAMES // 2 + np.arange(R3D_FRAMES), 0, len(rows) - 1)
        raw = torch.from_numpy(file.rgb(rows[window])).to(device).permute(0, 3, 1, 2)[None].float()
        clip = cropped(raw, [(0, 0, file.size, file.size)], R3D_SIDE)
        both = torch.cat([clip, mirrored(clip, flow=False)])
        found[i] = network.features(normalised(both, KINETICS_MEAN, KINETICS_STD, False)).cpu().numpy()
    return interpolated(found, middles, len(rows))


def interpolated(found: Array, middles: Array, frames: int) -> Array:
    """(frames, 2, d) interpolated linearly between the features at ``middles``."""
    places = np.arange(frames)
    right = np.clip(np.searchsorted(middles, places), 1, max(1, len(middles) - 1))
    if len(middles) == 1:
        return np.repeat(found, frames, axis=0)
    left = right - 1
    share = ((places - middles[left]) / (middles[right] - middles[left]))[:, None, None].astype(np.float32)
    values: Array = found[left] + share * (found[right] - found[left])
    return values
