"""Poses that acrobats take, made from angles: tucks, pikes, splits, handstands, twists, and any pose at all.

Axes are those of `tools.synthetic.motions`: at rest the figure faces -y, its left is +x, its limbs hang down.
Bending a hip or a shoulder forwards turns about -x, a knee about +x, an elbow about -x, the back about +x.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from tools.synthetic.motions import LINKS

KINDS = ("any", "tuck", "pike", "straight", "hands", "split", "straddle", "twist", "kick", "lunge", "arch")
NOISE_DEG = 10.0
Angles = dict[str, Rotation]


def made_pose(rng: np.random.Generator, kind: str | None = None) -> np.ndarray:
    """Local rotations (13, 4) of a pose of a random (or the named) kind; the root is not turned."""
    kind = kind or str(rng.choice(KINDS, p=[0.3] + [0.07] * 10))
    parts = _anything(rng)
    if kind != "any":
        parts.update(_Angles(rng).of(kind))
    pose = np.tile([0.0, 0.0, 0.0, 1.0], (len(LINKS), 1))
    for i, link in enumerate(LINKS):
        if link == "root":
            continue
        noise = Rotation.from_rotvec(rng.normal(0, np.deg2rad(NOISE_DEG), 3))
        hinge = link.endswith(("knee", "elbow"))
        pose[i] = (parts[link] if hinge else parts[link] * noise).as_quat()
    return pose


def _turn(*degrees: float) -> Rotation:
    return Rotation.from_rotvec(np.deg2rad(degrees))


def _anything(rng: np.random.Generator) -> Angles:
    """Every joint anywhere within what joints can do."""
    parts: Angles = {
        "chest": _turn(rng.uniform(-25, 50), rng.uniform(-25, 25), rng.uniform(-40, 40)),
        "neck": _turn(rng.uniform(-35, 35), rng.uniform(-20, 20), rng.uniform(-50, 50)),
    }
    for side, out in (("right", 1), ("left", -1)):
        spread = out * rng.uniform(-10, 60)
        parts[f"{side}_hip"] = _turn(rng.uniform(-130, 35), spread, rng.uniform(-30, 30))
        parts[f"{side}_knee"] = _turn(rng.choice([rng.uniform(0, 25), rng.uniform(0, 145)]), 0, 0)
        parts[f"{side}_ankle"] = _turn(rng.uniform(-20, 55), 0, rng.uniform(-15, 15))
        parts[f"{side}_shoulder"] = _arm(rng.uniform(-40, 185), rng.uniform(-30, 150), out, rng)
        parts[f"{side}_elbow"] = _turn(-rng.choice([rng.uniform(0, 30), rng.uniform(0, 145)]), 0, 0)
    return parts


def _arm(up: float, across: float, out: int, rng: np.random.Generator) -> Rotation:
    """An arm lifted ``up`` degrees in a plane turned ``across`` from forwards to sideways, and twisted."""
    plane = _turn(0, 0, -out * across)
    return plane * _turn(-up, 0, 0) * plane.inv() * _turn(0, 0, rng.normal(0, 40))


class _Angles:
    """Angles of the limbs of a kind; what is not named stays anything."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng

    def of(self, kind: str) -> Angles:
        rng, u = self.rng, self.rng.uniform
        if kind == "tuck":
            bend = u(105, 140)
            return self._legs(-bend, u(0, 15), u(100, 150)) | self._arms(
                u(30, 90), u(0, 30), u(10, 80), u(20, 55)
            )
        if kind == "pike":
            return self._legs(-u(80, 145), u(0, 40), u(0, 12)) | self._arms(
                u(40, 170), u(0, 60), u(0, 20), u(0, 50)
            )
        if kind == "straight":
            up = rng.choice([u(0, 30), u(60, 110), u(150, 180)])
            return self._legs(u(-15, 15), u(0, 8), u(0, 12)) | self._arms(up, u(0, 90), u(0, 25), u(-20, 15))
        if kind == "hands":  # arms beside the head carry the body
            legs = self._legs(u(-40, 20), u(0, 70), u(0, 60))
            return legs | self._arms(u(150, 185), u(0, 60), u(0, 15), u(-25, 20))
        if kind == "split":
            front, back = rng.permutation(["left", "right"])
            out = {"left": -1, "right": 1}
            return {
                f"{front}_hip": _turn(-u(70, 125), out[front] * u(0, 20), 0),
                f"{back}_hip": _turn(u(20, 65), out[back] * u(0, 25), 0),
                f"{front}_knee": _turn(u(0, 20), 0, 0),
                f"{back}_knee": _turn(rng.choice([u(0, 20), u(40, 110)]), 0, 0),
            }
        if kind == "straddle":  # cartwheels, straddle jumps
            legs = self._legs(-rng.choice([u(0, 25), u(50, 100)]), u(45, 85), u(0, 12))
            return legs | self._arms(u(130, 180), u(20, 90), u(0, 20), u(-15, 25))
        if kind == "twist":
            arms = self._arms(u(20, 80), u(-30, 20), u(90, 140), 0.0)
            return (
                self._legs(u(-15, 10), u(0, 5), u(0, 10)) | arms | {"chest": _turn(u(-10, 10), 0, u(-45, 45))}
            )
        if kind == "kick":
            side, other = rng.permutation(["left", "right"])
            out = {"left": -1, "right": 1}
            return {
                f"{side}_hip": _turn(-u(50, 130), out[side] * u(0, 60), 0),
                f"{side}_knee": _turn(u(0, 40), 0, 0),
                f"{other}_hip": _turn(u(-25, 20), out[other] * u(0, 15), 0),
                f"{other}_knee": _turn(u(0, 35), 0, 0),
            }
        if kind == "lunge":
            side, other = rng.permutation(["left", "right"])
            return {
                f"{side}_hip": _turn(-u(45, 100), 0, 0), f"{side}_knee": _turn(u(45, 110), 0, 0),
                f"{other}_hip": _turn(u(0, 35), 0, 0), f"{other}_knee": _turn(u(0, 60), 0, 0),
            }  # fmt: skip
        arch = self._legs(u(5, 40), u(0, 25), u(0, 70))
        return (
            arch | self._arms(u(120, 185), u(0, 60), u(0, 40), -u(15, 40)) | {"neck": _turn(-u(10, 45), 0, 0)}
        )

    def _legs(self, hip: float, spread: float, knee: float) -> Angles:
        legs = {}
        for side, out in (("right", 1), ("left", -1)):
            legs[f"{side}_hip"] = _turn(hip, out * spread, self.rng.normal(0, 8))
            legs[f"{side}_knee"] = _turn(max(knee + self.rng.normal(0, 6), 0), 0, 0)
        return legs

    def _arms(self, up: float, across: float, elbow: float, back: float) -> Angles:
        arms = {"chest": _turn(back, 0, self.rng.normal(0, 8))}
        for side, out in (("right", 1), ("left", -1)):
            arms[f"{side}_shoulder"] = _arm(up, across, out, self.rng)
            arms[f"{side}_elbow"] = _turn(-max(elbow + self.rng.normal(0, 8), 0), 0, 0)
        return arms
