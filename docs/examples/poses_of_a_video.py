"""The parts by themselves: read frames, follow the athlete, estimate poses. No library is needed."""

from itertools import islice
from pathlib import Path

import vpd
from vpd.athletes import NanoDet, track
from vpd.pose.estimation import estimate
from vpd.pose.movenet import MoveNet
from vpd.settings import PoseSettings, TrackSettings
from vpd.video import read_frames, scan_video

path = Path(vpd.__file__).parent / "sample" / "videos" / "scene1_a.mp4"
info, _ = scan_video(path)
print(f"{info.width} x {info.height}, {info.frames} frames, {info.duration_s:.2f} s")

few = list(islice(read_frames(path), 12))
result = track(few, info.width, info.height, TrackSettings(), NanoDet())
athlete = result.tracks[0]
print(f"athlete {athlete.athlete} in {len(athlete.frames)} frames, first box {athlete.boxes[0].round()}")

(poses,) = estimate(few, [athlete], MoveNet(), PoseSettings())
print(f"poses {poses.keypoints.shape}, mean score {poses.scores.mean():.2f}")
