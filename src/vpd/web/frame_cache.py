"""Single frames as JPEG, kept in memory."""

from __future__ import annotations

from threading import Lock

import cv2

from vpd.strings import Sentence
from vpd.types import Array
from vpd.video import read_frames
from vpd.web.workspace import NotThereError, Workspace

JPEG_QUALITY = 85
AHEAD = 8
"""Number of frames made beyond the requested one, because the page will request them next."""
KEPT_FRAMES = 400


def encode(rgb: Array, width: int) -> bytes:
    """A picture (H, W, 3) as JPEG, at most ``width`` pixels wide."""
    height, full = rgb.shape[:2]
    if width < full:
        rgb = cv2.resize(rgb, (width, max(1, round(height * width / full))), interpolation=cv2.INTER_AREA)
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return bytes(data)


class FrameCache:
    """JPEGs of single frames of a workspace's videos."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._kept: dict[tuple[str, int, int], bytes] = {}
        self._lock = Lock()

    def picture(self, video: str, frame: int) -> Array:
        """The frame as (H, W, 3) uint8 RGB. Raises NotThereError where it does not decode."""
        for found in read_frames(self.workspace.recording(video), frame, frame + 1):
            return found.rgb
        raise NotThereError(Sentence("error_frame", {"frame": frame}))

    def jpeg(self, video: str, frame: int, width: int) -> bytes:
        """The frame as JPEG of at most ``width`` pixels. Raises NotThereError where it does not decode."""
        with self._lock:
            found = self._kept.get((video, frame, width))
            if found is None:
                footage = self.workspace.recording(video)
                for picture in read_frames(footage, frame, frame + AHEAD):
                    self._kept[video, picture.frame, width] = encode(picture.rgb, width)
                found = self._kept.get((video, frame, width))
                while len(self._kept) > KEPT_FRAMES:
                    del self._kept[next(iter(self._kept))]
        if found is None:
            raise NotThereError(Sentence("error_frame", {"frame": frame}))
        return found
