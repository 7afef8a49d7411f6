"""Routes of the library as a whole: its content, jobs, events."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, StreamingResponse

from vpd.errors import InputError
from vpd.library.classes import ActionClass, read_classes
from vpd.pipeline.status import Status
from vpd.web.app_state import State, StateOf
from vpd.web.exports import NAMES as FORMATS
from vpd.web.workspace import NotThereError

router = APIRouter(prefix="/api")


def _classes(state: State) -> tuple[dict[str, ActionClass], list[str]]:
    """The user's classes; where their file is wrong, none and the error."""
    try:
        return state.workspace.remember("classes", state.workspace.layout.classes, read_classes), []
    except InputError as error:
        return {}, [str(error)]


def _videos(state: State, found: Status) -> list[dict[str, Any]]:
    layout = state.workspace.layout
    tracked, cropped = (_names(path("x").parent) for path in (layout.tracks, layout.crops))
    rows = []
    for row in state.workspace.videos.rows.values():
        known = found.videos.get(row.video, {})
        rows.append(
            {
                "video": row.video,
                "width": row.width,
                "height": row.height,
                "frames": row.frames,
                "start_s": row.start_s,
                "end_s": row.end_s,
                "duration_s": row.duration_s,
                "status": row.status,
                "error": known.get("error", row.error),
                "warning": known.get("warning", row.warning),
                "due": known.get("due", []),
                "tracks": f"{row.video}.parquet" in tracked,
                "crops": f"{row.video}.arrow" in cropped,
            }
        )
    return rows


def _names(folder: Path) -> frozenset[str]:
    """Names of what lies in a folder: one look for all videos."""
    return frozenset(os.listdir(folder)) if folder.is_dir() else frozenset()  # noqa: PTH208  names, no paths


@router.get("/library", response_model=None)
def library(state: StateOf) -> JSONResponse:
    """The videos with the state of each, and the abilities of the page."""
    layout = state.workspace.layout
    found = state.status()
    classes, problem = _classes(state)
    # As a response, because FastAPI would copy every row of a dictionary several times to check it.
    answer = {
        "name": layout.root.name,
        "videos": _videos(state, found),
        "due": [name for name, step in found.steps.items() if step.due],
        "problems": problem,
        "classes": [{"name": name, **kind.model_dump()} for name, kind in classes.items()],
        "formats": FORMATS,
        "features": layout.feature_names(),
    }
    return JSONResponse(answer)


@router.get("/jobs")
def jobs(state: StateOf) -> dict[str, Any]:
    """All kept jobs."""
    return {"jobs": [job.to_json() for jobs in state.all_jobs for job in jobs.list()]}


@router.get("/jobs/{job}")
def job(job: str, state: StateOf) -> dict[str, Any]:
    """One job with its result."""
    found = state.find_job(job)
    if found is None:
        raise NotThereError("There is no such job.")
    return found.to_json()


@router.delete("/jobs/{job}")
def cancel(job: str, state: StateOf) -> dict[str, Any]:
    """End a job."""
    found = state.find_job(job)
    if found is None:
        raise NotThereError("There is no such job.")
    found.cancel()
    return found.to_json()


@router.get("/events", response_model=None)
async def events(state: StateOf) -> StreamingResponse:
    """Changes as server-sent events."""
    return StreamingResponse(
        state.events.listen(), media_type="text/event-stream", headers={"cache-control": "no-store"}
    )
