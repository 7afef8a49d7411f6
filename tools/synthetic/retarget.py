"""From the DeepMimic figure's rotations to the bones of a body."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from tools.synthetic.body import Body
from tools.synthetic.motions import LINKS, PARENTS

FIGURE_LEG_M = 0.86
"""Height of the DeepMimic figure's hips when it stands."""

SPINE = {"spine05": 0.15, "spine04": 0.4, "spine03": 0.6, "spine02": 0.8, "spine01": 1.0}
NECK = {"neck01": 0.3, "neck02": 0.6, "neck03": 0.8}
"""Share of the way from the link below to the link above, so that the back and the neck bend as curves."""
CLAVICLE_SHARE = 0.2
"""Share of the arm's swing that the collar bone follows."""


def global_rotations(quats: np.ndarray) -> list[Rotation]:
    """Rotation of each of the 13 links in the world, each over T times, from local ``quats`` (T, 13, 4)."""
    rotations: list[Rotation] = []
    for link, parent in enumerate(PARENTS):
        local = Rotation.from_quat(quats[:, link])
        rotations.append(local if parent < 0 else rotations[parent] * local)
    return rotations


def bone_transforms(body: Body, roots: np.ndarray, quats: np.ndarray) -> np.ndarray:
    """Transforms (T, B, 3, 4) that carry rest vertices to the pose; roots (T, 3), quats (T, 13, 4).

    The figure's lengths are scaled by the length of the body's legs. At rest the figure's limbs hang
    straight down: each limb of the body is first turned there.
    """
    links = dict(zip(LINKS, global_rotations(quats), strict=True))
    hanging = hanging_links(body)
    turned = {name: _to_link(name, links, hanging) for name in body.names}
    matrices = {name: rotation.as_matrix() for name, rotation in turned.items()}
    count = len(roots)
    positions = np.zeros((len(body.names), count, 3))
    transforms = np.zeros((count, len(body.names), 3, 4))
    for bone, name in enumerate(body.names):
        parent = body.parents[bone]
        if parent < 0:
            positions[bone] = roots * (body.leg_m / FIGURE_LEG_M)
        else:
            reach = body.heads[bone] - body.heads[parent]
            positions[bone] = positions[parent] + matrices[body.names[parent]] @ reach
        transforms[:, bone, :, :3] = matrices[name]
        transforms[:, bone, :, 3] = positions[bone] - matrices[name] @ body.heads[bone]
    return transforms


def hanging_links(body: Body) -> dict[str, Rotation]:
    """For each limb segment, the rotation from the body's rest pose to hanging straight down."""

    def direction(start: str, end: str) -> np.ndarray:
        return body.heads[body.names.index(end)] - body.heads[body.names.index(start)]

    hanging = {}
    for side, letter in (("left", "L"), ("right", "R")):
        for upper, lower, bones in (
            ("shoulder", "elbow", ("upperarm01", "lowerarm01", "wrist")),
            ("hip", "knee", ("upperleg01", "lowerleg01", "foot")),
        ):
            first, second, third = (f"{bone}.{letter}" for bone in bones)
            above = _least(direction(first, second))
            hanging[f"{side}_{upper}"] = above
            hanging[f"{side}_{lower}"] = _least(above.apply(direction(second, third))) * above
    return hanging


def _least(direction: np.ndarray) -> Rotation:
    """The smallest rotation that turns ``direction`` straight down."""
    unit = direction / np.linalg.norm(direction)
    axis = np.cross(unit, [0.0, 0.0, -1.0])
    sine = np.linalg.norm(axis)
    return Rotation.from_rotvec(axis / max(sine, 1e-12) * np.arctan2(sine, -unit[2]))


def _between(below: Rotation, above: Rotation, share: float) -> Rotation:
    return below * Rotation.from_rotvec((below.inv() * above).as_rotvec() * share)


def _to_link(name: str, links: dict[str, Rotation], hanging: dict[str, Rotation]) -> Rotation:
    stem, _, letter = name.partition(".")
    side = {"L": "left", "R": "right"}.get(letter, "")
    if stem in SPINE:
        return _between(links["root"], links["chest"], SPINE[stem])
    if stem in NECK:
        return _between(links["chest"], links["neck"], NECK[stem])
    if stem in ("head", "eye"):
        return links["neck"]
    if stem in ("root", "pelvis"):
        return links["root"]
    if stem in ("clavicle", "shoulder01"):
        arm = links[f"{side}_shoulder"] * hanging[f"{side}_shoulder"]
        return _between(links["chest"], arm, CLAVICLE_SHARE)
    if stem.startswith("upperarm"):
        link = f"{side}_shoulder"
    elif stem.startswith("upperleg"):
        link = f"{side}_hip"
    elif stem.startswith("lowerleg"):
        link = f"{side}_knee"
    elif stem.startswith(("foot", "toe")):
        return links[f"{side}_ankle"]
    else:  # forearm, hand and fingers
        link = f"{side}_elbow"
    return links[link] * hanging[link]
