"""Video files: their properties, their frames with exact times, and writing clips."""

from vpd.video.find import find_videos
from vpd.video.frames import Frame, frame_at, read_frames
from vpd.video.info import read_video_info, scan_video
from vpd.video.source import content_key, recording_key
from vpd.video.write import cut_clip, write_video

__all__ = [
    "Frame",
    "content_key",
    "cut_clip",
    "find_videos",
    "frame_at",
    "read_frames",
    "read_video_info",
    "recording_key",
    "scan_video",
    "write_video",
]
