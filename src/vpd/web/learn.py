"""Routes of learning in the background: detections as proposals, accuracy."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from vpd.strings.sentence import Sentence
from vpd.web.app_state import StateOf
from vpd.web.jobs import Job

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
        state.proposals.put(
            {v: [{**row, "id": _key(row)} for row in rows if row["video"] == v] for v in result.times_s}
        )
        return {
            "found": len(rows),
            "average_precision": result.average_precision,
            "judged_on": result.judged_on,
            "shown_from": result.shown_from,
            "notes": [note.to_json() for note in result.notes],
        }

    about = ", ".join(videos) or "all videos without labels"
    return {"job": state.jobs.start("detect", about, work).to_json()}


@router.get("/proposals")
def counts(state: StateOf) -> dict[str, int]:
    """The number of proposals that wait for an answer, by video; videos without one are left out."""
    return {video: len(rows) for video, rows in state.proposals.waiting().items() if rows}


@router.get("/videos/{video}/proposals")
def proposals(video: str, state: StateOf) -> dict[str, Any]:
    """Detections in a video without an answer, in order."""
    state.workspace.video(video)
    rows = state.proposals.waiting(video).get(video, [])
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
        "said": Sentence(
            "measure_about",
            {"features": name, "recogniser": recogniser, "count": len(evaluation.parts.test)},
        ).to_json(),
        "accuracy": [
            {"k": "all" if k == 0 else k, "mean": s.mean, "low95": s.low, "high95": s.high}
            for k, s in summary.items()
        ],
        "chance": evaluation.chance,
        "majority": evaluation.majority,
        "advice": more[1].to_json() if more else None,
        "confusion": {
            "classes": [str(c) for c in figures.classes],
            "rows": (figures.confusion / totals).round(3).tolist(),
        },
    }
