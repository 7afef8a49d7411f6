"""Routes of learning in the background: detections as proposals, accuracy, exported files."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from vpd.detection.targets import REVIEWED
from vpd.errors import InputError, unknown_name
from vpd.formats.media import Media
from vpd.formats.table import FORMATS, export_segments
from vpd.library.answers import read_answers
from vpd.library.labels import read_labels
from vpd.library.results import new_results
from vpd.report.detection_video import write_reel
from vpd.types import Detection, Segment
from vpd.video import cut_clip
from vpd.web.app_state import State, StateOf
from vpd.web.jobs import Job
from vpd.web.results import offer

router = APIRouter(prefix="/api")
LOWEST = 0.02
"""Least score of a proposed detection. The page has a slider for higher ones."""
MEASURED_KS = (1, 2, 4, 8, 16)
SUBSETS = 5


class LearnBody(BaseModel):
    """The videos to search; all without labels where none is named."""

    model_config = ConfigDict(extra="forbid")
    videos: list[str] = Field(default=[], max_length=10_000)
    method: Literal["search", "trained", "combined"] | None = None


class ExportBody(BaseModel):
    """An export: labels or detections, of some classes or all, as a file, clips or a reel."""

    model_config = ConfigDict(extra="forbid")
    what: Literal["labels", "detections"] = "labels"
    output: Literal["file", "clips", "reel"] = "file"
    format: str = Field(default="csv", max_length=40)
    classes: list[str] = Field(default=[], max_length=1000)
    score: float = Field(default=0.0, ge=0, le=1)


def _key(row: dict[str, Any]) -> str:
    return f"{row['video']}-{row['athlete']}-{row['start_s']:.3f}-{row['label']}"


@router.post("/learn")
def learn(body: LearnBody, state: StateOf) -> dict[str, Any]:
    """Learn from the labels and propose actions in the videos, in the background."""
    layout = state.workspace.layout
    videos = [state.workspace.video(video).video for video in body.videos]

    def work(job: Job) -> dict[str, Any]:
        from vpd.verbs.detect import DetectRequest, detect  # torch: only where it is used

        request = DetectRequest(videos or None, method=body.method, at_least=LOWEST)
        result = detect(layout, request, job.progress)
        rows = result.rows()
        for video in result.times_s:
            state.proposals[video] = [{**row, "id": _key(row)} for row in rows if row["video"] == video]
        return {
            "found": len(rows),
            "average_precision": result.average_precision,
            "judged_on": result.judged_on,
            "shown_from": result.shown_from,
        }

    about = ", ".join(videos) or "all videos without labels"
    return {"job": state.jobs.start("detect", about, work).to_json()}


def is_answered(row: dict[str, Any], known: Sequence[Segment]) -> bool:
    """Whether at least half of a proposal lies in a labelled or answered span."""
    length = max(row["end_s"] - row["start_s"], 1e-9)
    return any(
        min(k.end_s, row["end_s"]) - max(k.start_s, row["start_s"]) > length / 2
        for k in known
        if k.athlete is None or row["athlete"] is None or k.athlete == row["athlete"]
    )


@router.get("/videos/{video}/proposals")
def proposals(video: str, state: StateOf) -> dict[str, Any]:
    """Detections in a video without an answer, in order."""
    state.workspace.video(video)
    layout = state.workspace.layout
    rows = state.proposals.get(video, [])
    if rows:
        labels = read_labels(layout.labels, state.workspace.videos) if layout.labels.exists() else []
        known = [s for s in labels if s.video == video and s.label != REVIEWED]
        known += [a.segment() for a in read_answers(layout) if a.video == video]
        rows = [row for row in rows if not is_answered(row, known)]
    return {"proposals": sorted(rows, key=lambda row: float(row["start_s"]))}


@router.post("/measure")
def measure(state: StateOf) -> dict[str, Any]:
    """Accuracy by the number of labels, in the background."""
    layout = state.workspace.layout

    def work(job: Job) -> dict[str, Any]:
        from vpd.verbs.evaluate import EvaluateRequest, evaluate

        request = EvaluateRequest(ks=MEASURED_KS, subsets=SUBSETS)
        result = evaluate(layout, request, job.progress)
        return {**result.to_json(), **_page_figures(result)}

    return {"job": state.jobs.start("measure", "accuracy by the number of labels", work).to_json()}


def _page_figures(result: Any) -> dict[str, Any]:
    """The row to show: the best at the most labels, its confusion matrix, and the forecast for more
    labels.
    """
    evaluation = result.evaluation
    rows = evaluation.rows()
    name, recogniser = max(rows, key=lambda row: list(evaluation.summary(*row).values())[-1].mean)
    summary = evaluation.summary(name, recogniser)
    last = list(summary)[-1]
    figures = evaluation.classes(name, recogniser, last)
    totals = figures.confusion.sum(axis=1, keepdims=True).clip(1)
    more = evaluation.more_labels(name, recogniser)
    return {
        "about": f"{name}, {recogniser}; {len(evaluation.parts.test)} labels held out.",
        "accuracy": [
            {"k": "all" if k == 0 else k, "mean": s.mean, "low95": s.low, "high95": s.high}
            for k, s in summary.items()
        ],
        "chance": evaluation.chance,
        "majority": evaluation.majority,
        "advice": more[1] if more else "",
        "confusion": {
            "classes": [str(c) for c in figures.classes],
            "rows": (figures.confusion / totals).round(3).tolist(),
        },
    }


def _wanted(body: ExportBody, state: State) -> list[Detection]:
    """The segments to export. Labels become detections of score 1."""
    if body.what == "detections":
        rows = [row for of_video in state.proposals.values() for row in of_video]
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
    kept = [d for d in found if not body.classes or d.label in body.classes]
    if not kept:
        raise InputError(f"there are no {body.what} of these classes to export.")
    return sorted(kept, key=lambda d: (d.video, d.start_s))


@router.post("/export")
def export(body: ExportBody, state: StateOf) -> dict[str, Any]:
    """Write labels or detections in the background. The files can be fetched afterwards."""
    if body.output == "file" and not (body.format in FORMATS and FORMATS[body.format].writes):
        raise unknown_name("format", body.format, sorted(FORMATS))
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
    if body.output == "file":
        media = {video: Media.of(space.video(video), times[video]) for video in names}
        return list(export_segments(body.format, segments, media, folder))
    if body.output == "reel":
        files = {video: space.recording(video) for video in names}
        out = folder / "reel.mp4"
        write_reel(out, files, times, space.video(names[0]).fps or Fraction(30), segments)
        return [out]
    written = []
    for number, s in enumerate(segments):
        job.progress(number / len(segments), s.video)
        out = folder / f"{number + 1:04d}.mp4"
        cut_clip(space.recording(s.video), s.start_s, s.end_s, out)
        written.append(out)
    return written
