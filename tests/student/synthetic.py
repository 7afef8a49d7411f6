"""A moving stick figure with known joints: its videos as crops, poses and features, and a small encoder."""

from __future__ import annotations

from types import SimpleNamespace

import cv2
import numpy as np
from torch import nn

from vpd.crops import make_crops, write_crops
from vpd.flow import make_flow
from vpd.library.artefact import Recipe
from vpd.pose.skeleton import BONES17
from vpd.settings import CropSettings, DistillSettings
from vpd.settings.distill import NO_AUGMENTATION, HeadSettings
from vpd.student import VideoSource
from vpd.student.network.backbones import BACKBONES
from vpd.teachers import teacher
from vpd.types import PoseSequence, Track

SIZE = 48
RECIPE = Recipe("distill", 1)


def tiny_encoder(spec, d, weights):
    """Three convolutions; group normalisation, so that a frame's result does not depend on its batch."""
    layers, width = [], spec.channels
    for out in (16, 32, 32):
        layers += [nn.Conv2d(width, out, 3, 2, 1), nn.GroupNorm(4, out), nn.ReLU()]
        width = out
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(32 * (SIZE // 8) ** 2, d))


BACKBONES["tiny"] = tiny_encoder


def stick_poses(n, rng):
    """(n, 17, 3) keypoints in a 96 x 96 picture: a figure that waves and walks."""
    t = np.arange(n) / 12
    pose = np.zeros((n, 17, 3), np.float32)
    x = 48 + 8 * np.sin(t * rng.uniform(0.5, 1) + rng.uniform(0, 6))
    y = np.full(n, 34.0)
    phase, speed = rng.uniform(0, 6, 8), rng.uniform(0.7, 1.6, 8)
    angle = 1.1 * np.sin(t[:, None] * speed + phase)
    for side, sign in ((0, 1), (1, -1)):
        shoulder = np.stack([x + 8 * sign, y], 1)
        hip = np.stack([x + 5 * sign, y + 22], 1)
        bend, kick = angle[:, 4 * side : 4 * side + 2].T
        elbow = shoulder + 12 * np.stack([np.sin(bend + sign), np.cos(bend + sign)], 1)
        wrist = elbow + 12 * np.stack([np.sin(2 * bend), np.cos(2 * bend)], 1)
        knee = hip + 12 * np.stack([np.sin(kick * 0.6), np.cos(kick * 0.6)], 1)
        ankle = knee + 12 * np.stack([np.sin(kick * 0.3), np.cos(kick * 0.3)], 1)
        for joint, point in ((5, shoulder), (7, elbow), (9, wrist), (11, hip), (13, knee), (15, ankle)):
            pose[:, joint + side, :2] = point
    for joint, (dx, dy) in enumerate(((0, -10), (2, -12), (-2, -12), (4, -11), (-4, -11))):
        pose[:, joint, 0], pose[:, joint, 1] = x + dx, y + dy
    pose[:, :, 2] = rng.uniform(0.6, 1, (n, 17))
    return pose


def draw_pose(pose, background):
    """The picture of one pose: left limbs red, right ones blue."""
    picture = background.copy()
    for a, b in BONES17:
        colour = (255, 60, 60) if a % 2 else (60, 60, 255)
        ends = [tuple(int(v * 8) for v in pose[j, :2]) for j in (a, b)]
        cv2.line(picture, *ends, colour, 4, cv2.LINE_AA, 3)
    cv2.circle(picture, tuple(int(v) for v in pose[0, :2]), 5, (255, 220, 180), -1, cv2.LINE_AA)
    return picture


def stick_source(folder, name="v", n=60, seed=0, size=SIZE, flow="dis", teachers=("joints2d",), missing=()):
    """One video of the figure as a VideoSource; frames in ``missing`` have no pose."""
    rng = np.random.default_rng(seed)
    poses = stick_poses(n, rng)
    background = rng.integers(40, 120, (96, 96, 3), dtype=np.uint8)
    frames = (SimpleNamespace(frame=i, time_s=i / 25, rgb=draw_pose(poses[i], background)) for i in range(n))
    low, high = poses[..., :2].min(1), poses[..., :2].max(1)
    number = np.arange(n)
    track = Track(
        0, number, number / 25, np.hstack([low - 4, high - low + 8]), np.ones(n), np.full(n, "detected")
    )
    settings = CropSettings(size=size, flow=flow)
    path = folder / f"{name}.arrow"
    write_crops(path, make_crops(frames, [track], make_flow(flow), settings), RECIPE)
    kept = np.setdiff1d(number, missing)
    sequence = PoseSequence(0, kept, poses[kept])
    features = {t: [teacher(t)(sequence, number / 25, name)] for t in teachers}
    return VideoSource(name, path, features, [sequence])


def stick_sources(folder, videos=6, n=60, **more):
    """Several videos of it."""
    return [stick_source(folder, f"v{i}", n, seed=i, **more) for i in range(videos)]


def tiny_settings(**changes):
    """Settings that train the small encoder within a second or two."""
    values = {
        "backbone": "tiny", "images": 640, "epoch_images": 320, "batch": 32,
        "learning_rate": 3e-3, "augment": NO_AUGMENTATION, "device": "cpu", "precision": "float32",
        "validation_images": 64, "loss": "squared",
        "heads": (HeadSettings(teacher="joints2d", motion=(-1,), decoder=True),),
    }  # fmt: skip
    return DistillSettings(**{**values, **changes})
