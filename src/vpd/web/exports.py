"""Routes that write labels or detections: as a file of another program, clips, a reel, a playlist."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from vpd.errors import InputError, unknown_name
from vpd.formats.media import Media
from vpd.formats.table import WRITTEN, export_segments
from vpd.library.artefact import write_text
from vpd.library.labels import REVIEWED, read_labels
from vpd.library.results import new_results
from vpd.report.playlist import write_playlist
from vpd.strings import Sentence
from vpd.types import Detection
from vpd.verbs.detections import COLUMNS, detection_rows
from vpd.verbs.labels import CSV
from vpd.verbs.rows import SEGMENT_COLUMNS, to_csv
from vpd.video import cut_clip
from vpd.web.app_state import State, StateOf
from vpd.web.jobs import Job
from vpd.web.results import offer

router = APIRouter(prefix="/api")
NAMES = (CSV, *sorted(WRITTEN))
"""Formats of files, the one that every spreadsheet opens first."""


class ExportBody(BaseModel):
    """An export: labels or detections, of some classes and videos or of all."""

    model_config = ConfigDict(extra="forbid")
    what: Literal["labels", "detections"] = "labels"
    output: Literal["file", "clips", "reel", "playlist"] = "file"
    format: str = Field(default=CSV, max_length=40)
    classes: list[str] = Field(default=[], max_length=1000)
    videos: list[str] = Field(default=[], max_length=10_000)
    score: float = Field(default=0.0, ge=0, le=1)


def _wanted(body: ExportBody, state: State) -> list[Detection]:
    """The segments to export. Labels become detections of score 1."""
    if body.what == "detections":
        rows = [row for of_video in state.proposals.of_videos().values() for row in of_video]
        found = [
            Detection(r["video"], r["start_s"], r["end_s"], r["athlete"], r["label"], score=r["score"])
            for r in rows
            if r["score"] >= body.score
        ]
    else:
        layout = state.workspace.layout
        labels = read_labels(layout.labels, state.workspace.videos) if layout.labels.exists() else []
        found = [
            Detection(s.video, s.start_s, s.end_s, s.athlete, s.label, score=1.0)
            for s in labels
            if s.label != REVIEWED
        ]
    kept = [
        d
        for d in found
        if (not body.classes or d.label in body.classes) and (not body.videos or d.video in body.videos)
    ]
    if not kept:
        raise InputError(Sentence(f"error_no_{body.what}_to_export"))
    return sorted(kept, key=lambda d: (d.video, d.start_s))


@router.post("/export")
def export(body: ExportBody, state: StateOf) -> dict[str, Any]:
    """Write labels or detections in the background. The files can be fetched afterwards."""
    if body.output == "file" and body.format not in NAMES:
        raise unknown_name("format", body.format, NAMES)
    segments = _wanted(body, state)

    def work(job: Job) -> dict[str, Any]:
        with new_results(state.workspace.layout, "export") as folder:
            files = _write(body, state, segments, folder, job)
        place = folder.relative_to(state.workspace.layout.root)
        return {"folder": place.as_posix(), "files": offer(state, files)}

    return {"job": state.jobs.start("export", body.what, work).to_json()}


def _write(body: ExportBody, state: State, segments: list[Detection], folder: Path, job: Job) -> list[Path]:
    space = state.workspace
    names = sorted({s.video for s in segments})
    times = {video: space.times(video) for video in names}
    if body.output == "file" and body.format == CSV:
        out = folder / f"{body.what}.csv"
        columns = SEGMENT_COLUMNS if body.what == "labels" else COLUMNS
        write_text(to_csv(columns, detection_rows(segments, times)), out)
        return [out]
    if body.output == "file":
        media = {video: Media.of(space.video(video), times[video]) for video in names}
        return list(export_segments(body.format, segments, media, folder))
    files = {video: space.recording(video) for video in names}
    if body.output == "reel":
        from vpd.report.detection_video import write_reel  # matplotlib: only where it is used

        out = folder / "reel.mp4"
        fps = space.video(names[0]).fps or Fraction(30)
        write_reel(out, files, times, fps, segments, scores=body.what == "detections")
        return [out]
    if body.output == "playlist":
        out = folder / "playlist.m3u"
        write_playlist(out, segments, files, times)
        return [out]
    written = []
    for number, s in enumerate(segments):
        job.progress(number / len(segments), s.video)
        out = folder / f"{number + 1:04d}.mp4"
        cut_clip(files[s.video], s.start_s, s.end_s, out)
        written.append(out)
    return written
