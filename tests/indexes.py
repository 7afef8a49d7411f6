"""An index of frames for tests that need the times of a video and not its pictures."""

import numpy as np

from vpd.library.frames import FrameIndex, Shape


def plain_index(times_s) -> FrameIndex:
    """An index of frames at ``times_s``, one a packet, the first a key."""
    n = len(times_s)
    one = np.array([0])
    return FrameIndex(
        times_s=np.asarray(times_s, float),
        packets=np.arange(n),
        fields=np.full(n, -1),
        checks=np.zeros(n),
        keys=one,
        pts=one.astype(float),
        dts=one.astype(float),
        positions=one,
        sizes=one,
        shapes=((0, Shape(64, 48)),),
    )
