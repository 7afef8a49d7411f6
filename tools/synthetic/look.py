"""What an athlete looks like: skin, hair, clothes and their patterns, as colours of vertices."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

import numpy as np

from tools.synthetic.body import Body

SKINS = np.array(
    [
        [0.95, 0.80, 0.70],
        [0.90, 0.72, 0.58],
        [0.78, 0.57, 0.42],
        [0.60, 0.41, 0.28],
        [0.42, 0.28, 0.19],
        [0.28, 0.18, 0.13],
    ]
)
HAIRS = np.array(
    [[0.06, 0.05, 0.05], [0.22, 0.13, 0.08], [0.45, 0.30, 0.16], [0.75, 0.60, 0.35], [0.45, 0.42, 0.4]]
)


@dataclass(frozen=True, eq=False)
class Look:
    """Colours of each vertex.

    Attributes
    ----------
    colors, seconds : (V, 3) float32 in 0..1, the cloth's colour and that of its pattern.
    pattern : (V,) float32: 0 plain, 1 hoops, 2 stripes, 3 checks, 4 blotches.
    scale : of the pattern, waves a metre.
    """

    colors: np.ndarray
    seconds: np.ndarray
    pattern: np.ndarray
    scale: float


def dress(body: Body, rng: np.random.Generator) -> Look:
    """Clothes for ``body``, of random cut, colours and patterns."""
    bones = np.array(body.names)[body.bone_indices[:, 0]]
    height = body.vertices[:, 2]
    skin = SKINS[rng.integers(len(SKINS))] * rng.uniform(0.9, 1.08)
    colors = np.tile(skin, (len(bones), 1))
    seconds, pattern = colors.copy(), np.zeros(len(bones))

    def paint(where: np.ndarray, color: np.ndarray, second: np.ndarray | None = None, kind: int = 0) -> None:
        colors[where] = color
        seconds[where] = color if second is None else second
        pattern[where] = kind

    def part(*stems: str) -> np.ndarray:
        return np.array([bone.startswith(stems) for bone in bones])

    waist = body.heads[body.names.index("spine05"), 2] + rng.uniform(0.0, 0.06)
    trunk = part("root", "pelvis", "spine", "clavicle", "shoulder", "breast")
    legs = part("upperleg", "lowerleg", "pelvis", "root") | (trunk & (height < waist))
    arms = part("upperarm", "lowerarm")
    side = np.abs(body.vertices[:, 0])
    elbow = abs(body.heads[body.names.index("lowerarm01.L"), 0])
    shoulder = abs(body.heads[body.names.index("upperarm01.L"), 0])
    knee = body.heads[body.names.index("lowerleg01.L"), 2]
    hip = body.heads[body.names.index("upperleg01.L"), 2]
    ankle = body.heads[body.names.index("foot.L"), 2]

    top, top2, bottom, bottom2 = (_cloth(rng) for _ in range(4))
    hem = rng.choice([hip - 0.12, knee + 0.12, knee, knee - 0.15, ankle + 0.02])
    paint(legs & (height > hem), bottom, bottom2, int(rng.choice([0, 0, 0, 2, 4])))
    sleeve = rng.choice([0.0, 0.45, 0.75, 2.2])
    cut = (side - shoulder) < sleeve * (elbow - shoulder)
    shirt = (trunk & (height >= waist)) | (arms & cut)
    paint(shirt, top, top2, int(rng.choice([0, 0, 1, 2, 3, 4])))
    if rng.random() < 0.3:
        paint(arms & cut, top2)
    sock = rng.choice([0.0, 0.06, 0.25])
    paint(part("lowerleg") & (height < ankle + sock) & (height < hem), _cloth(rng))
    paint(part("foot", "toe"), _cloth(rng))
    if rng.random() < 0.12:
        paint(part("wrist", "finger", "metacarpal"), _cloth(rng))
    head = body.names.index("head")
    skull = part("head", "neck03")
    top_of_head = body.vertices[:, 2].max()
    above = (height - body.heads[head, 2]) / (top_of_head - body.heads[head, 2])
    front = (body.heads[head, 1] - body.vertices[:, 1]) / 0.1
    hairline = rng.uniform(0.25, 0.55)
    hair = skull & (above > hairline + np.maximum(front, 0) * rng.uniform(0.3, 0.5))
    hair |= skull & (front < -0.2) & (above > rng.uniform(-0.3, 0.3))
    if rng.random() > 0.07:
        paint(hair, _cloth(rng) if rng.random() < 0.15 else HAIRS[rng.integers(len(HAIRS))])
    paint(part("eye"), np.array([0.12, 0.1, 0.1]))
    return Look(
        np.clip(colors, 0, 1).astype(np.float32),
        np.clip(seconds, 0, 1).astype(np.float32),
        pattern.astype(np.float32),
        float(rng.uniform(5.0, 22.0)),
    )


def _cloth(rng: np.random.Generator) -> np.ndarray:
    """A colour that clothes have: white, black and grey as often as bright ones."""
    if rng.random() < 0.4:
        return np.full(3, rng.choice([0.04, 0.12, 0.35, 0.75, 0.93])) * rng.uniform(0.9, 1.05, 3)
    return np.array(colorsys.hsv_to_rgb(rng.random(), rng.uniform(0.4, 1.0), rng.uniform(0.25, 0.95)))
