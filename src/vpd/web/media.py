"""Routes of pictures: the video as the browser plays it, single exact frames, crops."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse, JSONResponse

from vpd.strings import Sentence
from vpd.web.app_state import State, StateOf
from vpd.web.jobs import DONE, FAILED, Job
from vpd.web.playable import DIRECT, PIECE_S, choose_source, piece_span, write_piece
from vpd.web.refusing import error_json
from vpd.web.workspace import NotThereError

router = APIRouter(prefix="/api/videos/{video}")
MAX_CROPS = 600
"""Largest number of crops in one answer."""
MAX_WIDTH = 1920


@router.get("/times")
def times(video: str, state: StateOf) -> Response:
    """The time of every frame, little-endian float64 seconds."""
    values = state.workspace.times(video).astype("<f8")
    return Response(values.tobytes(), media_type="application/octet-stream")


@router.get("/source")
def source(video: str, state: StateOf) -> dict[str, Any]:
    """The method of playing the video, and the frames of each piece of a proxy."""
    times_s = state.workspace.times(video)
    footage = state.workspace.recording(video)
    chosen = state.workspace.remember(f"source {video}", footage.path, lambda _: choose_source(footage))
    pieces = []
    if chosen.kind != DIRECT and len(times_s):
        count = int((times_s[-1] - times_s[0]) // PIECE_S) + 1
        pieces = [piece_span(times_s, piece) for piece in range(count)]
    return {"kind": chosen.kind, "why": chosen.why.to_json() if chosen.why else None, "pieces": pieces}


@router.get("/media", response_model=None)
def media(video: str, state: StateOf) -> FileResponse:
    """The original file, with ranges. Raises NotThereError where it is not scanned: it may be no video."""
    state.workspace.times(video)
    path = state.workspace.file(video)
    return FileResponse(path, media_type="video/webm" if path.suffix.lower() == ".webm" else "video/mp4")


@router.get("/proxy/{piece}", response_model=None)
def proxy(video: str, piece: int, state: StateOf) -> Response:
    """A piece of the proxy. While it is made, status 202 with the job, which the first request starts."""
    row, times_s = state.workspace.video(video), state.workspace.times(video)
    first, stop = piece_span(times_s, piece)
    if piece < 0 or first >= stop:
        raise NotThereError(Sentence("error_no_piece", {"piece": piece}))
    out = state.cache.path(row.key, piece)
    if state.cache.use(out):
        return FileResponse(out, media_type="video/mp4")
    job = _proxy_job(state, video, piece, out)
    if job.state == FAILED:
        return JSONResponse(error_json(job.error), 404)
    if job.state == DONE and state.cache.use(out):
        return FileResponse(out, media_type="video/mp4")
    return JSONResponse({"job": job.to_json()}, 202)


def _proxy_job(state: State, video: str, piece: int, out: Path) -> Job:
    known = state.proxy_jobs.get((video, piece))
    if known is not None and (known.state != DONE or out.is_file()):
        return known
    footage, times_s = state.workspace.recording(video), state.workspace.times(video)

    def work(job: Job) -> None:
        job.progress(0.0)
        with state.cache.writing(out) as part:
            write_piece(footage, times_s, piece, part)
        state.cache.trim()

    job = state.proxies.start("proxy", f"{video}, piece {piece}", work)
    state.proxy_jobs[video, piece] = job
    return job


@router.get("/frames/{frame}.jpg")
def frame(
    video: str, frame: int, state: StateOf, w: Annotated[int, Query(ge=16, le=MAX_WIDTH)] = 960
) -> Response:
    """The frame with exactly this number, as JPEG."""
    if not 0 <= frame < len(state.workspace.times(video)):
        raise NotThereError(Sentence("error_no_frame", {"frame": frame}))
    return Response(state.frames.jpeg(video, frame, w), media_type="image/jpeg")


@router.get("/crops")
def crops(
    video: str,
    state: StateOf,
    start: Annotated[float, Query(ge=0, allow_inf_nan=False)],
    end: Annotated[float, Query(gt=0, allow_inf_nan=False)],
    athlete: Annotated[int, Query(ge=0, lt=2**31)] = 0,
    step: Annotated[int, Query(ge=1, le=1000)] = 1,
) -> Response:
    """The crops of a span: uint32 length of a JSON header, the header, then the JPEGs.

    The header has ``times`` (s), ``frames``, ``squares`` (x, y, side in pixels) and ``sizes`` (bytes of each
    JPEG). At most `MAX_CROPS` crops are sent; of a longer span, evenly spaced ones.
    """
    rows = state.workspace.crop_rows(video, athlete, start, end, step)
    rows = rows[:: -(-len(rows) // MAX_CROPS)] if len(rows) else rows
    file = state.workspace.crops(video)
    jpegs = [file.jpeg(int(row)) for row in rows]
    header = json.dumps(
        {
            "times": file.times_s[rows].tolist(),
            "frames": file.frames[rows].tolist(),
            "squares": file.squares[rows].tolist(),
            "sizes": [len(jpeg) for jpeg in jpegs],
        }
    ).encode()
    body = np.uint32(len(header)).astype("<u4").tobytes() + header + b"".join(jpegs)
    return Response(body, media_type="application/octet-stream")
