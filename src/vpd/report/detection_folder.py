"""The folder that `vpd detect` writes: tables, timelines, a page, videos, files of other programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from vpd.errors import VideoError
from vpd.formats.table import Media, export_segments
from vpd.library.artefact import write_text
from vpd.library.frames import Footage
from vpd.library.layout import Layout
from vpd.library.videos import Videos
from vpd.report.clips import clip_problems, write_clips
from vpd.report.detection_page import write_detection_page
from vpd.report.detection_video import PADDING_S, write_overlay, write_reel
from vpd.report.timeline import write_timeline
from vpd.verbs.detect import DetectListener, DetectResult, VideoDetections


class DetectionFolder(DetectListener):
    """Write each video's timeline and each answer into ``folder`` as soon as it exists.

    Search answers first. The answer of the networks replaces it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[str] = []
        """Sentences on clips that could not be cut."""

    @property
    def files(self) -> list[Path]:
        """The files of an answer."""
        return [self.folder / name for name in ("index.html", "detections.csv", "detections.json")]

    def video(self, found: VideoDetections) -> None:
        """Write the timeline of one video."""
        write_timeline(
            self.folder / "timelines" / f"{found.video}.png",
            found.video,
            found.detections,
            scores=found.scores,
            labels=found.labels,
            end_s=found.end_s,
            classes=found.classes,
        )

    def answer(self, result: DetectResult) -> None:
        """Write the tables and the page."""
        write_text(result.to_csv(), self.folder / "detections.csv")
        text = json.dumps(result.to_json(), indent=1, ensure_ascii=False)
        write_text(f"{text}\n", self.folder / "detections.json")
        self._write_page(result, {})

    def _write_page(self, result: DetectResult, clips: dict[int, str]) -> None:
        timelines = {video: f"timelines/{video}.png" for video in result.times_s}
        write_detection_page(self.folder / "index.html", result, timelines, clips)

    def add_clips(self, result: DetectResult, videos: Videos) -> Path:
        """Write a clip of each detection and show it on the page. Raises VideoError where no clip can be
        cut.
        """
        clips = write_clips(self.folder / "clips", result.detections, videos.recording, PADDING_S)
        if clips and all(clip.problem for clip in clips):
            raise VideoError(f"no clip could be cut: {clips[0].problem}")
        self.problems += clip_problems(clips)
        shown = {i: f"clips/{clip.path.name}" for i, clip in enumerate(clips) if not clip.problem}
        self._write_page(result, shown)
        return self.folder / "clips"

    def add_reel(self, result: DetectResult, videos: Videos) -> Path:
        """Write the highlight reel, at the frame rate of the first detection's video."""
        path = self.folder / "reel.mp4"
        fps = videos[result.detections[0].video].fps or Fraction(30)
        write_reel(path, _files(result, videos), result.times_s, fps, result.detections)
        return path

    def add_overlays(self, result: DetectResult, videos: Videos, layout: Layout) -> list[Path]:
        """Write each video with its detections drawn on it."""
        written = []
        for video, times in result.times_s.items():
            path = self.folder / "overlays" / f"{video}.mp4"
            own = [d for d in result.detections if d.video == video]
            file, fps, tracks = videos.recording(video), videos[video].fps, layout.tracks(video)
            write_overlay(path, file, times, fps, own, tracks, result.classes)
            written.append(path)
        return written

    def add_exports(self, result: DetectResult, videos: Videos, programs: Sequence[str]) -> list[Path]:
        """Write the detections as files of other programs, by the names of `vpd.formats.table`."""
        media = {v: Media.of(videos[v], times) for v, times in result.times_s.items()}
        written = []
        for name in programs:
            written += export_segments(name, result.detections, media, self.folder / "exports")
        return written


def _files(result: DetectResult, videos: Videos) -> dict[str, Footage]:
    return {video: videos.recording(video) for video in result.times_s}
