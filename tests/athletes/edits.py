"""Edited videos made at test time: shots of clips and of made pictures, joined by cuts, dissolves, fades,
wipes and graphics, with flashes, fast pans and banners in between that are no edit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from vpd.video import read_frames

SIZE = (192, 108)
"""Width and height of the pictures."""
CUT, DISSOLVE, FADE, WIPE, GRAPHICS = "cut", "dissolve", "fade", "wipe", "graphics"
KINDS = (CUT, DISSOLVE, FADE, WIPE, GRAPHICS)
FLASH, PAN, BANNER, ZOOM, PASSING = "flash", "fast pan", "banner", "fast zoom", "passing"
NO_EDITS = (FLASH, PAN, BANNER, ZOOM, PASSING)
LENGTHS = {DISSOLVE: (6, 30), FADE: (10, 40), WIPE: (8, 25), GRAPHICS: (12, 30)}
"""Frames of a transition, least and most, at 25 frames/s."""
SHOT = (40, 110)
MOST_FRAMES = 240
Picture = np.ndarray


@dataclass(frozen=True)
class Edit:
    """One transition: from the last frame of the shot before alone, to the first of the next alone."""

    kind: str
    first: int
    last: int


def read_source(path: Path) -> list[Picture]:
    """The frames of a clip, small: 320 pixels of the shorter side at most."""
    out = []
    for frame in read_frames(path, 0, MOST_FRAMES):
        scale = 320 / min(frame.rgb.shape[:2])
        out.append(
            frame.rgb
            if scale >= 1
            else cv2.resize(frame.rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        )
    return out


def made_source(rng: np.random.Generator) -> list[Picture]:
    """A background of blots, over which a few bodies move."""
    coarse = rng.integers(0, 255, (6, 10, 3), np.uint8)
    ground = cv2.resize(coarse, (480, 320), interpolation=cv2.INTER_CUBIC)
    ground = cv2.addWeighted(
        ground, 0.6, cv2.resize(coarse[::-1], (480, 320)), 0.4, float(rng.integers(-40, 40))
    )
    bodies = [
        (
            rng.uniform(60, 420),
            rng.uniform(60, 260),
            rng.uniform(-3, 3),
            rng.integers(12, 40),
            rng.integers(0, 255, 3),
        )
        for _ in range(rng.integers(1, 5))
    ]
    frames = []
    for t in range(150):
        picture = ground.copy()
        for x, y, speed, radius, colour in bodies:
            at = (int(x + speed * t) % 480, int(y + 10 * np.sin(t / 7 + x)))
            cv2.ellipse(picture, at, (int(radius // 2), int(radius)), 0, 0, 360, colour.tolist(), -1)
        frames.append(picture)
    return frames


def _window(picture: Picture, centre: tuple[float, float], size: float) -> Picture:
    """A part of a picture of the shape of `SIZE`, ``size`` being the share of what fits."""
    height, width = picture.shape[:2]
    w = size * min(width, height * SIZE[0] / SIZE[1])
    h = w * SIZE[1] / SIZE[0]
    x = min(max(centre[0] * width, w / 2), width - w / 2)
    y = min(max(centre[1] * height, h / 2), height - h / 2)
    return cv2.resize(
        cv2.getRectSubPix(picture, (max(2, int(w)), max(2, int(h))), (x, y)),
        SIZE,
        interpolation=cv2.INTER_AREA,
    )


def shot(frames: Sequence[Picture], length: int, rng: np.random.Generator, move: str) -> list[Picture]:
    """``length`` frames of a clip, to and fro, by a camera in a hand or on a stand that pans or zooms."""
    start, at = int(rng.integers(len(frames))), rng.uniform(0.25, 0.75, 2)
    sizes = np.full(length, rng.uniform(0.45, 1.0) if move == "" else rng.uniform(0.35, 0.5))
    drift = np.zeros((length, 2))
    if move == "slow":
        drift += np.linspace(0, 1, length)[:, None] * rng.uniform(-0.35, 0.35, 2)
    if move in (PAN, ZOOM):
        begin, takes = int(rng.integers(8, length - 20)), int(rng.integers(5, 12))
        passed = np.clip((np.arange(length) - begin) / takes, 0, 1)
        if move == ZOOM:
            ends = rng.permutation([rng.uniform(0.8, 1.0), rng.uniform(0.35, 0.5)])
            sizes = ends[0] + (ends[1] - ends[0]) * passed
        else:
            way = rng.choice([-1, 1]) * np.array([rng.uniform(0.3, 0.6), rng.uniform(-0.2, 0.2)])
            at = np.array([0.75 if way[0] < 0 else 0.25, 0.5])
            drift += passed[:, None] * way
    if rng.random() < 0.4:  # a hand that shakes
        drift += np.cumsum(rng.normal(0, rng.uniform(0.001, 0.004), (length, 2)), axis=0)
    period, speed = 2 * len(frames) - 2, int(rng.choice([1, 1, 1, 2]))
    places = [(start + speed * i) % period if period else 0 for i in range(length)]
    places = [p if p < len(frames) else period - p for p in places]
    light = 1 + np.linspace(0, 1, length) * (rng.uniform(-0.25, 0.25) if rng.random() < 0.2 else 0)
    pictures = [_window(frames[p], tuple(at + d), z) for p, d, z in zip(places, drift, sizes, strict=True)]
    return [np.clip(q * g, 0, 255).astype(np.uint8) for q, g in zip(pictures, light, strict=True)]


def passing(pictures: list[Picture], rng: np.random.Generator) -> None:
    """Somebody passes close by and hides most of the picture."""
    begin, takes = int(rng.integers(8, len(pictures) - 22)), int(rng.integers(6, 14))
    size, colour = int(rng.integers(40, 90)), rng.integers(0, 255, 3).tolist()
    ways = rng.permutation([-size, SIZE[0] + size])
    for i in range(takes):
        x = int(ways[0] + (ways[1] - ways[0]) * (i + 0.5) / takes)
        cv2.ellipse(pictures[begin + i], (x, SIZE[1] // 2 + 10), (size, SIZE[1]), 0, 0, 360, colour, -1)


def flash(pictures: list[Picture], rng: np.random.Generator) -> None:
    """One to three frames in the middle become bright."""
    at, strength = int(rng.integers(10, len(pictures) - 13)), rng.uniform(0.5, 1)
    for i in range(at, at + int(rng.integers(1, 4))):
        pictures[i] = cv2.addWeighted(pictures[i], 1 - strength, np.full_like(pictures[i], 255), strength, 0)


def banner(pictures: list[Picture], rng: np.random.Generator) -> None:
    """A plate slides over the lower third, and stays to the end."""
    colour, begin = rng.integers(0, 255, 3).tolist(), int(rng.integers(8, len(pictures) // 2))
    for i in range(begin, len(pictures)):
        width = int(SIZE[0] * min(1, (i - begin + 1) / 8) * 0.7)
        cv2.rectangle(pictures[i], (0, 80), (width, 98), colour, -1)


def _dissolve(a: Picture, b: Picture, t: float) -> Picture:
    return cv2.addWeighted(a, 1 - t, b, t, 0)


def _wipe_mask(t: float, way: int) -> Picture:
    x, y = np.meshgrid(np.linspace(0, 1, SIZE[0]), np.linspace(0, 1, SIZE[1]))
    place = (x, 1 - x, y, 1 - y, (x + y) / 2, 2 * np.maximum(abs(x - 0.5), abs(y - 0.5)))[way]
    return np.clip((t * 1.1 - place) / 0.1, 0, 1)[..., None]


def transition(
    kind: str, a: Sequence[Picture], b: Sequence[Picture], rng: np.random.Generator
) -> list[Picture]:
    """The pictures of a transition, from the ones of the shot that ends and of the one that begins."""
    n, out = len(a), []
    way, white = int(rng.integers(8)), bool(rng.random() < 0.3)
    colour = np.empty_like(a[0])
    colour[:] = rng.integers(0, 255, 3)
    stripe = rng.integers(0, 255, 3)
    for i in range(n):
        t = (i + 1) / (n + 1)
        if kind == DISSOLVE:
            out.append(_dissolve(a[i], b[i], t))
        elif kind == FADE:
            middle = np.full_like(a[i], 255 if white else 0)
            out.append(_dissolve(a[i], middle, 2 * t) if t < 0.5 else _dissolve(middle, b[i], 2 * t - 1))
        elif kind == WIPE and way >= 6:  # one pushes the other out
            axis, size = way - 6, SIZE[way - 6]
            both = np.concatenate([a[i], b[i]], axis=1 - axis)
            moved = round(t * size)
            out.append(both[:, moved : moved + size] if axis == 0 else both[moved : moved + size])
        elif kind == WIPE:
            mask = _wipe_mask(t, way)
            out.append((a[i] * (1 - mask) + b[i] * mask).astype(np.uint8))
        else:  # a plate comes in, covers the change, and goes out
            covered, shown = (a[i], min(1.0, 2.5 * t)) if t < 0.5 else (b[i], min(1.0, 2.5 * (1 - t)))
            plate = colour.copy()
            cv2.circle(plate, (SIZE[0] // 2, SIZE[1] // 2), int(20 + 30 * t), stripe.tolist(), 6)
            mask = _wipe_mask(shown, way % 4 if t < 0.5 else (way + 1) % 4)
            out.append((covered * (1 - mask) + plate * mask).astype(np.uint8))
    return out


def edited(
    sources: Sequence[Sequence[Picture]], shots: int, rng: np.random.Generator, kinds: Sequence[str] = KINDS
) -> tuple[list[Picture], list[Edit], list[tuple[str, int, int]]]:
    """Pictures of ``shots`` shots of random clips, the edits between them, and spans of what is no edit."""
    out: list[Picture] = []
    edits: list[Edit] = []
    others: list[tuple[str, int, int]] = []
    tail: list[Picture] = []
    kind, last = "", -1
    for number in range(shots):
        which = int(rng.choice([i for i in range(len(sources)) if i != last]))
        into = 0 if number == 0 or kind == CUT else len(tail)
        following = str(rng.choice(list(kinds))) if number < shots - 1 else ""
        leads = 0 if following in (CUT, "") else int(rng.integers(*LENGTHS[following], endpoint=True))
        length = int(rng.integers(*SHOT, endpoint=True))
        move = str(rng.choice(["", "slow", PAN, ZOOM], p=[0.45, 0.3, 0.15, 0.1]))
        made = shot(sources[which], into + length + leads, rng, move)
        body = made[into : into + length]
        if move in (PAN, ZOOM):
            others.append((move, len(out) + into, len(out) + into + length))
        elif rng.random() < 0.4:
            effect = str(rng.choice([FLASH, BANNER, PASSING], p=[0.45, 0.3, 0.25]))
            {FLASH: flash, BANNER: banner, PASSING: passing}[effect](body, rng)
            others.append((effect, len(out) + into, len(out) + into + length))
        if number:
            first = len(out) - 1
            out += transition(kind, tail, made[:into], rng) if into else []
            edits.append(Edit(kind, first, len(out)))
        out += body
        tail = made[into + length :]
        kind, last = following, which
    return out, edits, others
