"""Draw normalised 2D poses."""

from __future__ import annotations

import cv2
import numpy as np

from vpd.pose.skeleton import BODY13, BONES13, COCO17
from vpd.report.pose3d import BACKGROUND, LEFT, MIDDLE, RIGHT
from vpd.types import Array

HEIGHT = 1.8
"""Height of a panel in units of normalised poses. The torso has length 0.5."""
_SIDE = [COCO17[i].split("_")[0] for i in BODY13]
_COLOURS = {"left": LEFT, "right": RIGHT}


def draw_pose2d(joints: Array, side: int) -> Array:
    """A picture (side, side, 3) uint8 RGB of a normalised pose (13, 2), with the mid-hip in its middle."""
    panel = np.full((side, side, 3), BACKGROUND, np.uint8)
    places = np.rint(np.asarray(joints) * side / HEIGHT + side / 2).astype(int)
    for a, b in BONES13:
        colour = _COLOURS.get(_SIDE[a], MIDDLE) if _SIDE[a] == _SIDE[b] else MIDDLE
        cv2.line(panel, tuple(places[a]), tuple(places[b]), colour, max(1, side // 90), cv2.LINE_AA)
    cv2.circle(panel, tuple(places[0]), max(2, side // 45), MIDDLE, -1, cv2.LINE_AA)
    return panel
