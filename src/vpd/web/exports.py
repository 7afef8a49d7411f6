"""Routes that write labels or detections: as a file of another program, clips, a reel, a playlist."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from vpd.errors import InputError, unknown_name
from vpd.formats.table import WRITTEN, export_segments
from vpd.library.artefact import write_text
from vpd.library.labels import REVIEWED, read_labels
from vpd.library.results import new_results
from vpd.report.playlist import write_playlist
from vpd.strings import Sentence
from vpd.types import Detection
from vpd.verbs.detections import COLUMNS, detection_rows
from vpd.verbs.labelled import named_singly
from vpd.verbs.labels import CSV, MediaOf, with_frames
from vpd.verbs.rows import SEGMENT_COLUMNS, segment_row, to_csv
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
    """The segments to export. Labels become detections of score 1. Files hold reviewed time as well, where no
    classes are chosen.
    """
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
            if s.label != REVIEWED or body.output == "file"
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
        notes: list[Sentence] = []
        with new_results(state.workspace.layout, "export") as folder:
            if body.output == "file":
                files, notes = _write_file(body, state, segments, folder)
            else:
                shown, notes = _with_pictures(state, segments)
                files = _write(body, state, shown, folder, job)
        place = folder.relative_to(state.workspace.layout.root)
        said = [note.to_json() for note in notes]
        return {"folder": place.as_posix(), "files": offer(state, files), "notes": said}

    return {"job": state.jobs.start("export", body.what, work).to_json()}


def _write_file(
    body: ExportBody, state: State, segments: list[Detection], folder: Path
) -> tuple[list[Path], list[Sentence]]:
    """Write a table or another program's file, also of videos that are not scanned or set aside. Returns the
    files, and sentences on segments that they cannot hold.
    """
    find = MediaOf(state.workspace.videos)
    media = {video: find.of(video) for video in dict.fromkeys(s.video for s in segments)}
    if body.format != CSV:
        held, media, notes = with_frames(body.format, segments, media)
        return list(export_segments(body.format, held, media, folder)), notes
    out = folder / f"{body.what}.csv"
    if body.what == "labels":
        table = to_csv(SEGMENT_COLUMNS, [segment_row(s) for s in segments])
    else:
        table = to_csv(COLUMNS, detection_rows(segments, {v: one.times_s for v, one in media.items()}))
    write_text(table, out)
    return [out], []


def _with_pictures(state: State, segments: list[Detection]) -> tuple[list[Detection], list[Sentence]]:
    """The segments of which there are pictures, and sentences on the others. Raises where there are none."""
    reasons: dict[str, InputError] = {}
    for video in dict.fromkeys(s.video for s in segments):
        try:
            state.workspace.videos.readable(video)
            state.workspace.recording(video)
            state.workspace.times(video)
        except InputError as error:
            reasons[video] = error
    shown = [s for s in segments if s.video not in reasons]
    if not shown:
        raise next(iter(reasons.values()))
    counts = Counter(s.video for s in segments)
    said = [
        Sentence("note_no_pictures", {"video": video, "count": counts[video], "why": error.said})
        for video, error in reasons.items()
    ]
    return shown, named_singly(said, "note_more_left_out")


def _write(body: ExportBody, state: State, segments: list[Detection], folder: Path, job: Job) -> list[Path]:
    space = state.workspace
    names = sorted({s.video for s in segments})
    times = {video: space.times(video) for video in names}
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
