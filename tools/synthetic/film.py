"""Filming: a performance before a moving camera, as pictures with the exact pose of every one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from tools.synthetic.body import Body
from tools.synthetic.camera import Views, intrinsics, look_at
from tools.synthetic.performance import Performance
from tools.synthetic.renderer import Figure, Renderer
from tools.synthetic.retarget import bone_transforms

MOST_MOMENTS = 9
"""Sub-frames averaged at a shutter open for the whole frame."""


@dataclass(frozen=True, eq=False)
class Truth:
    """What is exactly known of T frames, at the middle of each frame's exposure.

    Attributes
    ----------
    times_s : (T,) of the video's clock.
    keypoints2d : (T, 17, 2) pixels, COCO order; points behind the body or out of the picture included.
    keypoints3d : (T, 17, 3) metres in camera axes: x right, y down, z forward.
    boxes : (T, 4) xywh, pixels, of the body clipped to the picture.
    """

    times_s: np.ndarray
    keypoints2d: np.ndarray
    keypoints3d: np.ndarray
    boxes: np.ndarray


@dataclass(frozen=True)
class CameraPlan:
    """Where a camera stands: bearing and height of the athlete seen from it, and how it is held.

    ``fill`` is the height of a standing athlete as a share of the picture's height.
    """

    bearing: float
    distance_m: float
    height_m: float
    fill: float
    shake: float
    drift: float
    roll: float


def draw_camera(rng: np.random.Generator, fill: tuple[float, float]) -> CameraPlan:
    """A random camera: from the ground or the stands, on a tripod or in the hand."""
    return CameraPlan(
        bearing=rng.uniform(-np.pi, np.pi),
        distance_m=rng.uniform(3.5, 8.0),
        height_m=float(rng.choice([rng.uniform(0.4, 1.9), rng.uniform(1.5, 4.0)], p=[0.65, 0.35])),
        fill=rng.uniform(*fill),
        shake=float(rng.choice([0.0, rng.uniform(0.002, 0.012)])),
        drift=rng.normal(0.0, 0.12),
        roll=rng.normal(0.0, 0.02),
    )


def exposure(times_s: np.ndarray, fps: float, blur: float) -> np.ndarray:
    """(T, S) moments of each frame; S is odd, so that one is the middle, and grows with the blur.

    ``blur`` is the time that the shutter is open, as a share of the time between two frames (0 is none).
    """
    moments = 1 + 2 * round((MOST_MOMENTS - 1) / 2 * blur)
    if blur > 0:
        moments = max(moments, 3)
    offsets = (np.arange(moments) - (moments - 1) / 2) / moments * blur / fps
    return times_s[:, None] + offsets


class Shot:
    """One athlete before one camera over the frames at ``times_s``."""

    def __init__(
        self,
        body: Body,
        performance: Performance,
        plan: CameraPlan,
        times_s: np.ndarray,
        fps: float,
        blur: float,
        size: tuple[int, int],
        rng: np.random.Generator,
    ) -> None:
        self.width, self.height = size
        self.times_s = times_s
        self.body = body
        self.moments = exposure(times_s, fps, blur)
        frames, count = self.moments.shape
        flat = np.clip(self.moments.reshape(-1), 0.0, performance.duration_s)
        roots, quats = performance.at(flat)
        roots[:, :2] -= roots[:, :2].mean(axis=0)  # in the middle of the place, so that no wall is in the way
        bones = bone_transforms(body, roots, quats)
        bones[..., 2, 3] += _lift(body, bones, count)[:, None]
        self.bones = bones.reshape(frames, count, *bones.shape[1:])
        self._plan = plan
        pelvis = self._pelvis = bones[:, 0, :, :3] @ body.heads[0] + bones[:, 0, :, 3]
        self.views = self._views(pelvis, flat, fps * count, rng)
        self.clips = self.views.clip_matrices().reshape(frames, count, 4, 4)

    def _views(self, pelvis: np.ndarray, times_s: np.ndarray, rate: float, rng: np.random.Generator) -> Views:
        """The camera follows the pelvis late and smoothly, as a person who pans does."""
        plan = self._plan
        lag = 0.45 * rate
        target = gaussian_filter1d(pelvis, max(lag, 1e-3), axis=0, mode="nearest")
        target[:, 2] = 0.35 * target[:, 2] + 0.65 * 0.9
        seconds = times_s - times_s[0]
        bearing = plan.bearing + plan.drift * seconds / max(seconds[-1], 1.0)
        middle = target.mean(axis=0)
        away = np.stack([np.cos(bearing), np.sin(bearing)], axis=1) * plan.distance_m
        eyes = np.concatenate([middle[:2] + away, np.full((len(away), 1), plan.height_m)], axis=1)
        self._eyes = eyes
        shake = gaussian_filter1d(
            rng.standard_normal((len(target), 3)), max(0.08 * rate, 1e-3), axis=0, mode="nearest"
        )
        shake *= plan.shake * plan.distance_m / max(shake.std(), 1e-9)
        distance = np.linalg.norm(eyes - target, axis=1)
        tall = self.body.vertices[:, 2].max() - self.body.vertices[:, 2].min()
        focal = np.full(len(target), plan.fill * self.height * distance.mean() / tall)
        return Views(
            look_at(eyes, target + shake, np.full(len(target), plan.roll)),
            intrinsics(focal, self.width, self.height),
            self.width,
            self.height,
        )

    def aim(self, rng: np.random.Generator) -> None:
        """Zoom and shift the picture so that the body fills it as an athlete fills a crop.

        The longer side of the box of all frames takes 0.5 to 0.85 of the picture, its centre up to 0.08 off.
        """
        boxes = self._boxes(clipped=False)
        low, high = boxes[:, :2].min(axis=0), (boxes[:, :2] + boxes[:, 2:]).max(axis=0)
        zoom = rng.uniform(0.5, 0.85) * self.width / (high - low).max()
        centre = (low + high) / 2
        place = (0.5 + rng.uniform(-0.08, 0.08, 2)) * [self.width, self.height]
        change = np.array(
            [[zoom, 0, place[0] - zoom * centre[0]], [0, zoom, place[1] - zoom * centre[1]], [0, 0, 1]]
        )
        k = change @ self.views.intrinsics
        self.views = Views(self.views.world_to_camera, k, self.width, self.height)
        self.clips = self.views.clip_matrices().reshape(self.clips.shape)

    def _middles(self) -> tuple[Views, np.ndarray]:
        """Views and bones at the middle of each exposure."""
        frames, count = self.moments.shape
        chosen = np.arange(frames) * count + count // 2
        views = Views(
            self.views.world_to_camera[chosen], self.views.intrinsics[chosen], self.width, self.height
        )
        return views, self.bones[:, count // 2]

    def _boxes(self, *, clipped: bool) -> np.ndarray:
        views, bones = self._middles()
        surface = views.project(self.body.surface_at(bones))
        low, high = surface.min(axis=1), surface.max(axis=1)
        if clipped:
            limits = np.array([self.width, self.height])
            low, high = np.clip(low, 0, limits), np.clip(high, 0, limits)
        return np.concatenate([low, high - low], axis=1).astype(np.float32)

    def truth(self) -> Truth:
        """The exact poses of the frames."""
        views, bones = self._middles()
        points = self.body.keypoints_at(bones)
        return Truth(
            self.times_s,
            views.project(points).astype(np.float32),
            views.to_camera(points).astype(np.float32),
            self._boxes(clipped=True),
        )

    def pictures(
        self, renderer: Renderer, figure: Figure, others: list[tuple[Figure, np.ndarray]]
    ) -> Iterator[np.ndarray]:
        """(H, W, 3) uint8, frame after frame; ``others`` stand still, each with its bones (B, 3, 4)."""
        count = self.moments.shape[1]
        renderer.clear_view(self._eyes, self._pelvis)
        still = [(other, np.broadcast_to(bones, (count, *bones.shape))) for other, bones in others]
        for clips, bones in zip(self.clips, self.bones, strict=True):
            yield renderer.picture(clips, [(figure, bones), *still])


def _lift(body: Body, bones: np.ndarray, count: int) -> np.ndarray:
    """How far each moment must be raised so that the body touches the floor and does not sink into it.

    The floor is where the lowest point usually is; in the air the body keeps its height.
    """
    lowest = np.concatenate(
        [
            body.surface_at(part)[..., 2].min(axis=1)
            for part in np.array_split(bones, max(1, len(bones) // 256))
        ]
    )
    usual = np.median(lowest)
    sunk = np.maximum(usual - lowest, 0.0)
    return gaussian_filter1d(sunk, 1.5 * count, mode="nearest") - usual


def standing_person(body: Body, where: np.ndarray, yaw: float) -> np.ndarray:
    """Bones (B, 3, 4) of someone who stands at ``where`` (x, y) and looks on."""
    from scipy.spatial.transform import Rotation

    from tools.synthetic.motions import standing

    roots, quats = standing().at(np.zeros(1))
    quats = quats.copy()
    quats[:, 0] = Rotation.from_rotvec([0, 0, yaw]).as_quat()
    bones = bone_transforms(body, roots, quats)
    bones[..., 2, 3] -= body.surface_at(bones)[..., 2].min()
    bones[..., :2, 3] += where
    return bones[0]
