"""Who is in the picture, and who of them is the athlete: detection, tracking, ranking, the user's choice."""

from vpd.athletes.detector import Detections, Detector, NanoDet
from vpd.athletes.picks import Pick, add_pick, read_picks, write_picks
from vpd.athletes.tracking import TrackResult, track
from vpd.athletes.user_boxes import read_boxes

__all__ = [
    "Detections",
    "Detector",
    "NanoDet",
    "Pick",
    "TrackResult",
    "add_pick",
    "read_boxes",
    "read_picks",
    "track",
    "write_picks",
]
