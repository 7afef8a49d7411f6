"""The stiff parts of a body: bones that always turn together, and what turns them."""

from __future__ import annotations

from dataclasses import dataclass

from tools.synthetic.motions import LINKS
from tools.synthetic.retarget import CLAVICLE_SHARE, NECK, SPINE


@dataclass(frozen=True)
class Segment:
    """Turned ``share`` of the way from link ``below`` to link ``above``, after ``hanging`` at rest."""

    name: str
    below: int
    above: int
    share: float
    hanging: str = ""
    arm: str = ""
    """Where it is named, ``above`` is turned by this limb's hanging as well (collar bones)."""


def segment_of(bone: str) -> Segment:
    """The segment of a bone of Anny; the rules are those of `tools.synthetic.retarget`."""
    stem, _, letter = bone.partition(".")
    side = {"L": "left", "R": "right"}.get(letter, "")
    link = {name: i for i, name in enumerate(LINKS)}
    if stem in SPINE:
        return Segment(stem, link["root"], link["chest"], SPINE[stem])
    if stem in NECK:
        return Segment(stem, link["chest"], link["neck"], NECK[stem])
    if stem in ("head", "eye"):
        return Segment("head", link["neck"], link["neck"], 0.0)
    if stem in ("root", "pelvis"):
        return Segment("root", link["root"], link["root"], 0.0)
    if stem in ("clavicle", "shoulder01"):
        limb = f"{side}_shoulder"
        return Segment(f"{side}_clavicle", link["chest"], link[limb], CLAVICLE_SHARE, arm=limb)
    if stem.startswith(("foot", "toe")):
        ankle = f"{side}_ankle"
        return Segment(ankle, link[ankle], link[ankle], 0.0)
    starts = {"upperarm": "shoulder", "upperleg": "hip", "lowerleg": "knee"}
    joint = next((j for start, j in starts.items() if stem.startswith(start)), "elbow")
    limb = f"{side}_{joint}"
    return Segment(limb, link[limb], link[limb], 0.0, hanging=limb)
