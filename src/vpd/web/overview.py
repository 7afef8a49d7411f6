"""Routes of the library as a whole: its content, jobs, events."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from vpd.errors import InputError
from vpd.library.classes import ActionClass, read_classes
from vpd.pipeline.status import Status
from vpd.strings import Sentence, to_page
from vpd.web.app_state import State, StateOf
from vpd.web.exports import NAMES as FORMATS
from vpd.web.workspace import NotThereError

router = APIRouter(prefix="/api")


def _classes(state: State) -> tuple[dict[str, ActionClass], list[dict[str, Any]]]:
    """The user's classes; where their file is wrong, none and the error."""
    try:
        return state.workspace.remember("classes", state.workspace.layout.classes, read_classes), []
    except InputError as error:
        return {}, [to_page(error.said)]


def _videos(state: State, found: Status) -> Iterator[dict[str, Any]]:
    layout, rows = state.workspace.layout, state.workspace.videos.rows
    tracked, cropped = (_there(path("x"), rows) for path in (layout.tracks, layout.crops))
    for row, has_tracks, has_crops in zip(rows.values(), tracked, cropped, strict=True):
        known = found.videos.get(row.video, {})
        yield {
            "video": row.video,
            "width": row.width,
            "height": row.height,
            "frames": row.frames,
            "start_s": row.start_s,
            "end_s": row.end_s,
            "duration_s": row.duration_s,
            "status": row.status,
            "error": known.get("missing") or known.get("error", row.error),
            "warning": known.get("warning", row.warning),
            "due": known.get("due", []),
            "tracks": has_tracks,
            "crops": has_crops,
        }


def _there(like: Path, videos: Iterable[str]) -> list[bool]:
    """Of each video whether it has a file beside ``like``, with the same suffix: one look for all."""
    folder = like.parent
    names = frozenset(os.listdir(folder)) if folder.is_dir() else frozenset()  # noqa: PTH208  names, no paths
    return [f"{video}{like.suffix}" in names for video in videos]


AT_ONCE = 1000
"""Rows that are written as JSON in one go: all objects of 100,000 would take 100 MB, their text 40 MB."""


def _written(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _with_rows(answer: dict[str, Any], name: str, rows: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    """The answer as JSON, with the rows as the list called ``name``, part by part."""
    yield b'{"%s":[' % name.encode()
    between = b""
    while part := list(islice(rows, AT_ONCE)):
        yield between + _written(part)[1:-1]
        between = b","
    yield b"]," + _written(answer)[1:]


@router.get("/library", response_model=None)
def library(state: StateOf) -> StreamingResponse:
    """The videos with the state of each, and the abilities of the page."""
    layout = state.workspace.layout
    found = state.status()
    classes, problem = _classes(state)
    answer = {
        "name": layout.root.name,
        "due": [name for name, step in found.steps.items() if step.due],
        "problems": problem,
        "classes": [{"name": name, **kind.model_dump()} for name, kind in classes.items()],
        "formats": FORMATS,
        "features": layout.feature_names(),
    }
    # FastAPI would copy every row several times to check it.
    return StreamingResponse(
        _with_rows(answer, "videos", _videos(state, found)), media_type="application/json"
    )


@router.get("/jobs")
def jobs(state: StateOf) -> dict[str, Any]:
    """All kept jobs."""
    return {"jobs": [job.to_json() for jobs in state.all_jobs for job in jobs.list()]}


@router.get("/jobs/{job}")
def job(job: str, state: StateOf) -> dict[str, Any]:
    """One job with its result."""
    found = state.find_job(job)
    if found is None:
        raise NotThereError(Sentence("error_no_such_job"))
    return found.to_json()


@router.delete("/jobs/{job}")
def cancel(job: str, state: StateOf) -> dict[str, Any]:
    """End a job."""
    found = state.find_job(job)
    if found is None:
        raise NotThereError(Sentence("error_no_such_job"))
    found.cancel()
    return found.to_json()


@router.get("/events", response_model=None)
async def events(state: StateOf) -> StreamingResponse:
    """Changes as server-sent events."""
    return StreamingResponse(
        state.events.listen(), media_type="text/event-stream", headers={"cache-control": "no-store"}
    )
