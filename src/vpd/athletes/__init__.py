"""Find the people in the picture and choose the athlete: detection, tracking, ranking, the user's picks."""

from vpd.athletes.person_detector import NanoDet, PersonBoxes, PersonDetector
from vpd.athletes.picks import Pick, add_picks, read_picks, write_picks
from vpd.athletes.tracking import TrackResult, track
from vpd.athletes.user_boxes import read_boxes

__all__ = [
    "NanoDet",
    "PersonBoxes",
    "PersonDetector",
    "Pick",
    "TrackResult",
    "add_picks",
    "read_boxes",
    "read_picks",
    "track",
    "write_picks",
]
