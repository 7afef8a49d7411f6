"""Performances: several actions after each other, each executed a little differently, by one athlete."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation

from tools.synthetic.motions import LINKS, Motion, load, normalised, standing

FADE_S = 0.24
"""Time in which one motion passes into the next."""
NOISE_S = 0.25
"""Standard deviation in time of the noise of an execution: slower than a frame, faster than an action."""


@dataclass(frozen=True)
class Variation:
    """How far executions differ. Angles in degrees (standard deviation), speeds as factors."""

    style_deg: float = 4.0
    noise_deg: float = 4.0
    slowest: float = 0.95
    fastest: float = 1.45
    smallest: float = 0.88
    largest: float = 1.1
    trim: float = 0.06


@dataclass(frozen=True, eq=False)
class Clip:
    """One motion executed once: begins at ``start_s``, sampled by a time warp, placed in the world."""

    motion: Motion
    start_s: float
    end_s: float
    warp: np.ndarray
    yaw: float
    origin: np.ndarray
    anchor: np.ndarray
    mean: np.ndarray
    amplitude: float

    def at(self, times_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        share = np.clip((times_s - self.start_s) / (self.end_s - self.start_s), 0.0, 1.0)
        local = np.interp(share, np.linspace(0.0, 1.0, len(self.warp)), self.warp)
        roots, quats = self.motion.at(local)
        quats = quats.copy()
        aligned = np.where((quats * self.mean).sum(-1, keepdims=True) < 0, -quats, quats)
        limbs = normalised(self.mean + self.amplitude * (aligned - self.mean))
        quats[:, 1:] = limbs[:, 1:]
        turn = Rotation.from_rotvec([0.0, 0.0, self.yaw])
        quats[:, 0] = (turn * Rotation.from_quat(quats[:, 0])).as_quat()
        placed = turn.apply(roots - self.anchor) + self.origin
        return placed, quats


@dataclass(eq=False)
class Performance:
    """What one athlete does in one video: poses at any time, and the labelled spans."""

    clips: list[Clip]
    style: np.ndarray
    noise: np.ndarray
    labels: list[tuple[float, float, str]] = field(default_factory=list)

    @property
    def duration_s(self) -> float:
        return self.clips[-1].end_s

    def at(self, times_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Roots (T, 3) and local rotations (T, 13, 4) at ``times_s`` (T,), increasing."""
        roots, quats = self.clips[0].at(times_s)
        for clip in self.clips[1:]:
            weight = np.clip((times_s - clip.start_s) / FADE_S, 0.0, 1.0)
            weight = weight * weight * (3 - 2 * weight)
            used = weight > 0
            if not used.any():
                continue
            new_roots, new_quats = clip.at(times_s[used])
            w = weight[used][:, None]
            roots[used] = (1 - w) * roots[used] + w * new_roots
            old = quats[used]
            new_quats = np.where((old * new_quats).sum(-1, keepdims=True) < 0, -new_quats, new_quats)
            quats[used] = normalised((1 - w[..., None]) * old + w[..., None] * new_quats)
        return roots, self._varied(quats, times_s)

    def _varied(self, quats: np.ndarray, times_s: np.ndarray) -> np.ndarray:
        grid = np.linspace(0.0, self.duration_s, len(self.noise))
        varied = quats.copy()
        for link in range(len(LINKS)):
            drift = np.stack([np.interp(times_s, grid, self.noise[:, link, i]) for i in range(3)], axis=1)
            change = Rotation.from_rotvec(drift + self.style[link])
            varied[:, link] = (Rotation.from_quat(quats[:, link]) * change).as_quat()
        return varied


def perform(
    actions: list[str],
    rng: np.random.Generator,
    variation: Variation,
    *,
    pauses: bool = True,
    mirror: bool = False,
) -> Performance:
    """``actions`` one after the other, with standing or walking between; labels are the spans of the actions.

    ``mirror`` lets the athlete do everything with the other side.
    """
    clips: list[Clip] = []
    labels = []
    names: list[str] = []
    for action in actions:
        names += [_pause(rng), action] if pauses else [action]
    if pauses:
        names.append("idle")
    for name in names:
        clip = _execute(name, clips, rng, variation, mirror=mirror)
        clips.append(clip)
        if name in actions:
            labels.append((clip.start_s, clip.end_s, name))
    samples = max(int(clips[-1].end_s * 20), 8)
    noise = rng.standard_normal((samples, len(LINKS), 3))
    noise = gaussian_filter1d(noise, NOISE_S * 20, axis=0, mode="reflect")
    noise *= np.deg2rad(variation.noise_deg) / max(noise.std(), 1e-9)
    style = rng.standard_normal((len(LINKS), 3)) * np.deg2rad(variation.style_deg)
    calm = np.ones((len(LINKS), 1))
    calm[0] = 0.4  # the pelvis carries the whole body: its error would tilt everything
    return Performance(clips, style * calm, noise * calm, labels)


def _pause(rng: np.random.Generator) -> str:
    return "walk" if rng.random() < 0.35 else "idle"


def _execute(
    name: str, before: list[Clip], rng: np.random.Generator, variation: Variation, *, mirror: bool
) -> Clip:
    motion = standing() if name == "idle" else load(name)
    if mirror:
        motion = motion.mirrored()
    first, last = 0.0, motion.duration_s
    if name == "idle":
        last = rng.uniform(0.4, 0.9)
    elif name == "walk":
        first, last = 0.0, last * rng.uniform(0.7, 1.0)
    else:
        first, last = last * rng.uniform(0.0, variation.trim), last * rng.uniform(1 - variation.trim, 1.0)
    speed = np.exp(rng.uniform(np.log(variation.slowest), np.log(variation.fastest)))
    pace = np.exp(gaussian_filter1d(rng.standard_normal(24), 4) * 0.6)
    warp = np.concatenate([[0.0], np.cumsum(pace)])
    warp = first + (last - first) * warp / warp[-1]
    start_s = before[-1].end_s - FADE_S / 2 if before else 0.0
    roots, quats = motion.at(np.array([first]))
    origin, yaw = np.array([0.0, 0.0, roots[0, 2]]), rng.uniform(-np.pi, np.pi)
    if before:
        end_roots, end_quats = before[-1].at(np.array([start_s + FADE_S / 2]))
        origin[:2] = end_roots[0, :2]
        turn = rng.normal(0.0, 0.35)
        if name == "walk":
            turn += np.clip(_bearing(-end_roots[0]) - _heading(end_quats[0, 0]), -1.2, 1.2)
        yaw = _heading(end_quats[0, 0]) - _heading(quats[0, 0]) + turn
    return Clip(
        motion,
        start_s,
        start_s + (last - first) / speed + FADE_S,
        warp,
        yaw,
        origin,
        roots[0],
        normalised(motion.quats.mean(axis=0)),
        rng.uniform(variation.smallest, variation.largest),
    )


def _heading(quat: np.ndarray) -> float:
    """Angle about the vertical of where the pelvis faces; 0 is -y."""
    forward = Rotation.from_quat(quat).apply([0.0, -1.0, 0.0])
    return _bearing(forward)


def _bearing(direction: np.ndarray) -> float:
    return float(np.arctan2(direction[0], -direction[1]))
