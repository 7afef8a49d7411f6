"""Dense inverse search (Kroeger et al., ECCV 2016), OpenCV's medium preset: milliseconds a crop."""

from __future__ import annotations

import cv2
import numpy as np

from vpd.types import Array


class Dis:
    """Flow on grey values. Threads must not share an object, because OpenCV's object keeps its buffers."""

    def __init__(self) -> None:
        self._dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

    def __call__(self, previous: Array, current: Array) -> Array:
        """See FlowEstimator."""
        flow = np.empty((*current.shape[:3], 2), np.float32)
        for i, (before, now) in enumerate(zip(previous, current, strict=True)):
            grey = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (before, now)]
            flow[i] = self._dis.calc(grey[0], grey[1], None)  # type: ignore[call-overload] # the stub omits None
        return flow
