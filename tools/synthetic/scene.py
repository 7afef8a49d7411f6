"""Places: a floor, walls round it and things that stand about, with textures made from noise."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

import cv2
import numpy as np

FLOOR_M = 40.0
CLEAR_M = 1.0
"""Half the width of the lane between camera and athlete where nothing stands."""
KINDS = ("court", "hall", "grass", "mats", "stands", "street")


@dataclass(frozen=True, eq=False)
class Surface:
    """A textured mesh: corners (N, 8) of position, normal and texture coordinate, as triangles.

    ``footprint`` is x, y and radius in metres of a thing that can be in the way; None for floor and walls.
    """

    corners: np.ndarray
    texture: np.ndarray
    footprint: tuple[float, float, float] | None = None

    def is_between(self, eyes: np.ndarray, targets: np.ndarray) -> bool:
        """Whether it stands in the way from any of ``eyes`` (T, 3) to its target (T, 3), or close to it."""
        if self.footprint is None:
            return False
        spot = np.array(self.footprint[:2])
        start, way = eyes[:, :2], targets[:, :2] - eyes[:, :2]
        share = np.clip(((spot - start) * way).sum(1) / np.maximum((way**2).sum(1), 1e-9), 0.0, 1.0)
        away = np.linalg.norm(start + share[:, None] * way - spot, axis=1)
        return bool((away < self.footprint[2] + CLEAR_M).any())


@dataclass(frozen=True, eq=False)
class Scene:
    """A place and its light.

    Attributes
    ----------
    sun : (3,) unit vector towards the light; ambient, direct : (3,) colours.
    sky : (3,) colour where nothing is.
    shadow : (3,) colour of a shadow on the floor.
    """

    surfaces: list[Surface]
    sun: np.ndarray
    ambient: np.ndarray
    direct: np.ndarray
    sky: np.ndarray
    shadow: np.ndarray


def build(rng: np.random.Generator) -> Scene:
    """A random place."""
    kind = KINDS[rng.integers(len(KINDS))]
    floor = _floor(kind, rng)
    surfaces = [_plane(floor)]
    far = rng.uniform(9.5, 16.0)  # cameras stand at most 8 m from the middle
    high = rng.uniform(3.0, 9.0)
    turn = rng.uniform(0, np.pi)
    for wall in range(4):
        texture = _wall(kind, rng)
        surfaces.append(_wall_quad(texture, turn + wall * np.pi / 2, far, high))
    for _ in range(rng.integers(2, 9)):
        surfaces.append(_box(rng, far))
    angle, up = rng.uniform(0, 2 * np.pi), rng.uniform(0.7, 2.0)
    sun = np.array([np.cos(angle), np.sin(angle), up])
    warm = np.array([1.0, rng.uniform(0.9, 1.0), rng.uniform(0.8, 1.05)])
    ambient = rng.uniform(0.35, 0.65)
    direct = rng.uniform(0.35, 0.8)
    dark = floor.reshape(-1, 3).mean(axis=0) / 255 * rng.uniform(0.35, 0.6)
    return Scene(
        surfaces,
        sun / np.linalg.norm(sun),
        ambient * warm,
        direct * warm,
        _color(rng, 0.35, (0.35, 0.95)),
        dark,
    )


def _color(rng: np.random.Generator, most_vivid: float, values: tuple[float, float]) -> np.ndarray:
    return np.array(colorsys.hsv_to_rgb(rng.random(), rng.uniform(0, most_vivid), rng.uniform(*values)))


def _noise(rng: np.random.Generator, height: int, width: int, coarsest: int = 4) -> np.ndarray:
    """Fractal noise (height, width) of mean 0 and deviation 1."""
    total = np.zeros((height, width), np.float32)
    cells, weight = coarsest, 1.0
    while cells < max(height, width):
        grid = rng.standard_normal((max(cells * height // width, 2), cells)).astype(np.float32)
        total += weight * cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
        cells, weight = cells * 2, weight * 0.6
    return (total - total.mean()) / total.std()


def _image(values: np.ndarray) -> np.ndarray:
    return np.clip(values * 255, 0, 255).astype(np.uint8)


def _floor(kind: str, rng: np.random.Generator) -> np.ndarray:
    size = 1024
    vivid = {"grass": 0.7, "mats": 0.8, "court": 0.6}.get(kind, 0.25)
    color = _color(rng, vivid, (0.25, 0.8))
    if kind == "grass":
        color = np.array(
            colorsys.hsv_to_rgb(rng.uniform(0.2, 0.36), rng.uniform(0.3, 0.7), rng.uniform(0.3, 0.6))
        )
    picture = color + 0.05 * _noise(rng, size, size, 32)[..., None] * np.array([1.0, 1.0, 0.9])
    metre = size / FLOOR_M
    if kind == "hall":
        planks = rng.uniform(-0.06, 0.06, int(FLOOR_M / 0.25) + 1)
        picture += planks[(np.arange(size) / (0.25 * metre)).astype(int)][:, None, None]
    if kind == "mats":
        step = rng.uniform(1.0, 2.0) * metre
        second = _color(rng, 0.8, (0.25, 0.8))
        row, col = np.indices((size, size)) // step
        picture[(row + col) % 2 == 1] += second - color
    picture = _image(picture)
    if kind in ("court", "hall", "mats", "grass"):
        line = tuple(int(v) for v in _color(rng, 0.3, (0.7, 1.0)) * 255)
        for _ in range(rng.integers(2, 7)):
            width, depth = (rng.uniform(1, 9, 2) * metre).astype(int)
            x, y = (size / 2 + rng.uniform(-3, 3, 2) * metre).astype(int)
            corners = (x - width, y - depth), (x + width, y + depth)
            cv2.rectangle(picture, *corners, line, max(1, round(metre * 0.06)), cv2.LINE_AA)
        if rng.random() < 0.5:
            centre = tuple((size / 2 + rng.uniform(-2, 2, 2) * metre).astype(int).tolist())
            cv2.circle(
                picture,
                centre,
                int(rng.uniform(1, 4) * metre),
                line,
                max(1, round(metre * 0.06)),
                cv2.LINE_AA,
            )
    return picture


def _wall(kind: str, rng: np.random.Generator) -> np.ndarray:
    height, width = 256, 1024
    base = _color(rng, 0.45, (0.25, 0.9))
    picture = base + rng.uniform(0.02, 0.08) * _noise(rng, height, width)[..., None]
    if kind in ("stands", "court") and rng.random() < 0.85:
        _crowd(picture, rng)
    elif rng.random() < 0.7:
        for _ in range(rng.integers(4, 30)):
            x, y = rng.integers(width), rng.integers(height)
            w, h = rng.integers(10, 160), rng.integers(8, 150)
            picture[y : y + h, x : x + w] = _color(rng, 0.7, (0.1, 0.95)) + rng.normal(0, 0.02, 3)
    if rng.random() < 0.6:  # boards with advertisements along the foot of the wall
        board = rng.integers(26, 60)
        x = 0
        while x < width:
            w = int(rng.integers(50, 240))
            picture[-board:, x : x + w] = _color(rng, 0.9, (0.1, 0.95))
            image = np.ascontiguousarray(_image(picture[-board:, x : x + w]))
            text = "".join(chr(rng.integers(65, 91)) for _ in range(rng.integers(2, 8)))
            ink = tuple(int(v) for v in _color(rng, 0.5, (0.0, 1.0)) * 255)
            cv2.putText(
                image, text, (4, board - 8), cv2.FONT_HERSHEY_SIMPLEX, board / 40, ink, 2, cv2.LINE_AA
            )
            picture[-board:, x : x + w] = image / 255
            x += w
    blurred = cv2.GaussianBlur(_image(picture), (0, 0), rng.uniform(0.3, 2.0))
    return np.asarray(blurred)


def _crowd(picture: np.ndarray, rng: np.random.Generator) -> None:
    height, width = picture.shape[:2]
    for y in range(16, height, 14):
        for x in range(0, width, 12):
            if rng.random() < 0.12:
                continue
            at = (int(x + rng.normal(0, 2)), int(y + rng.normal(0, 1.5)))
            coat = tuple(float(v) for v in _color(rng, 0.8, (0.1, 0.9)))
            cv2.ellipse(picture, (at[0], at[1] + 8), (5, 7), 0, 0, 360, coat, -1)
            skin = tuple(float(v) for v in np.array([0.85, 0.65, 0.5]) * rng.uniform(0.4, 1.1))
            cv2.circle(picture, at, 3, skin, -1)


def _quad(points: np.ndarray, texcoords: np.ndarray) -> np.ndarray:
    normal = np.cross(points[1] - points[0], points[2] - points[0])
    normal = normal / np.linalg.norm(normal)
    rows = [np.concatenate([points[i], normal, texcoords[i]]) for i in (0, 1, 2, 0, 2, 3)]
    return np.array(rows, np.float32)


SQUARE = np.array([[0, 1], [1, 1], [1, 0], [0, 0]], float)


def _plane(texture: np.ndarray) -> Surface:
    half = FLOOR_M / 2
    points = np.array([[-half, -half, 0], [half, -half, 0], [half, half, 0], [-half, half, 0]])
    return Surface(_quad(points, SQUARE), texture)


def _wall_quad(texture: np.ndarray, angle: float, far: float, high: float) -> Surface:
    out, along = np.array([np.cos(angle), np.sin(angle), 0]), np.array([-np.sin(angle), np.cos(angle), 0])
    up = np.array([0, 0, high])
    foot = out * far
    points = np.array(
        [foot + along * far, foot - along * far, foot - along * far + up, foot + along * far + up]
    )
    return Surface(_quad(points, SQUARE), texture)


def _box(rng: np.random.Generator, far: float) -> Surface:
    """A bench, a post, a crate: off the middle, so that it seldom hides the athlete."""
    angle, away = rng.uniform(0, 2 * np.pi), rng.uniform(0.35, 0.9) * far
    x, y = away * np.cos(angle), away * np.sin(angle)
    w, d, h = rng.uniform(0.1, 1.2), rng.uniform(0.1, 1.2), rng.uniform(0.3, 2.5)
    low, high = np.array([x - w, y - d, 0]), np.array([x + w, y + d, h])
    c = np.array([[(low, high)[i >> a & 1][a] for a in range(3)] for i in range(8)])
    sides = [(0, 1, 5, 4), (1, 3, 7, 5), (3, 2, 6, 7), (2, 0, 4, 6), (4, 5, 7, 6)]
    corners = np.concatenate([_quad(c[list(side)], SQUARE) for side in sides])
    picture = _color(rng, 0.8, (0.1, 0.9)) + 0.06 * _noise(rng, 64, 64)[..., None]
    return Surface(corners, _image(picture), (x, y, float(np.hypot(w, d))))
