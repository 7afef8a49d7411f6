"""Routes of search and comparison."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from vpd.dtw import FALLBACK, dtw_distance
from vpd.errors import InputError
from vpd.library.labels import parse_query
from vpd.library.results import new_results
from vpd.report.search_page import write_side_by_side
from vpd.search.hits import Hit
from vpd.sequences import FeatureStore
from vpd.sequences.spans import drop_invalid
from vpd.strings.sentence import Sentence
from vpd.types import MIRRORED, REGULAR, FeatureSequence
from vpd.verbs.compare import CompareRequest, compare
from vpd.verbs.overlay import OverlayRequest, overlay
from vpd.verbs.search import SearchRequest, SearchResult, search
from vpd.web.app_state import State, StateOf
from vpd.web.jobs import Job
from vpd.web.results import offer

router = APIRouter(prefix="/api")
MAX_SPANS = 50
MAX_OVERLAY = 12
MORE = 3
"""With unwanted examples, this many times as many results are found, and the best of them shown."""


class SearchBody(BaseModel):
    """Spans VIDEO@START-END[#ATHLETE] to search for, and spans whose like is not wanted."""

    model_config = ConfigDict(extra="forbid")
    positive: list[str] = Field(min_length=1, max_length=MAX_SPANS)
    negative: list[str] = Field(default=[], max_length=MAX_SPANS)
    uncut: bool = True
    top: int = Field(default=24, ge=1, le=500)


class CompareBody(BaseModel):
    """Two spans VIDEO@START-END[#ATHLETE]."""

    model_config = ConfigDict(extra="forbid")
    a: str = Field(max_length=2000)
    b: str = Field(max_length=2000)
    mirror: Literal["auto", "no", "yes"] = "auto"


class OverlayBody(BaseModel):
    """Two spans VIDEO@START-END[#ATHLETE] or more."""

    model_config = ConfigDict(extra="forbid")
    spans: list[str] = Field(min_length=2, max_length=MAX_OVERLAY)
    mirror: Literal["auto", "no", "yes"] = "auto"


def _distance(a: FeatureSequence, b: FeatureSequence) -> float:
    x, y = drop_invalid(a), drop_invalid(b)
    if not len(x) or not len(y):
        return float("inf")
    return min(dtw_distance(x.values[:, REGULAR], y.values[:, o], FALLBACK) for o in (REGULAR, MIRRORED))


def _push_down(state: State, result: SearchResult, negative: list[str], top: int) -> SearchResult:
    """The results, with those last that are at least as near to an unwanted example as to a query."""
    store = FeatureStore(state.workspace.layout, result.features.name)
    unwanted = [store.segment(parse_query(text, state.workspace.videos)) for text in negative]

    def rank(hit: Hit) -> float:
        try:
            own = store.segment(hit.segment)
        except InputError:
            return float("inf")
        other = min(_distance(bad, own) for bad in unwanted)
        return hit.distance / (hit.distance + other) if np.isfinite(hit.distance) else float("inf")

    return replace(result, hits=sorted(result.hits, key=rank)[:top])


@router.post("/search")
def start_search(body: SearchBody, state: StateOf) -> dict[str, Any]:
    """Search in the background; the result has each hit's alignment with its query."""
    for text in [*body.positive, *body.negative]:
        parse_query(text, state.workspace.videos)

    def work(job: Job) -> dict[str, Any]:
        top = body.top * MORE if body.negative else body.top
        request = SearchRequest(body.positive, uncut=body.uncut, top=top)
        result = search(state.workspace.layout, request, job.progress)
        if body.negative:
            result = _push_down(state, result, body.negative, body.top)
        where = Sentence("in_videos" if result.uncut else "in_segments")
        said = Sentence(
            "search_about", {"count": len(result.hits), "where": where, "features": result.features.name}
        )
        return {**result.to_json(), "said": said.to_json()}

    return {"job": state.searches.start("search", ", ".join(body.positive), work).to_json()}


def _request(body: CompareBody, state: State) -> CompareRequest:
    videos = state.workspace.videos
    return CompareRequest(parse_query(body.a, videos), parse_query(body.b, videos), mirror=body.mirror)


@router.post("/compare")
def compare_segments(body: CompareBody, state: StateOf) -> dict[str, Any]:
    """Align two segments, and find their differences."""
    return compare(state.workspace.layout, _request(body, state)).to_json()


@router.post("/overlay")
def overlay_segments(body: OverlayBody, state: StateOf) -> dict[str, Any]:
    """Segments in step with the first, their mean and their spread."""
    segments = [parse_query(text, state.workspace.videos) for text in body.spans]
    return overlay(state.workspace.layout, OverlayRequest(segments, mirror=body.mirror)).to_json()


@router.post("/compare/video")
def compare_video(body: CompareBody, state: StateOf) -> dict[str, Any]:
    """Write both segments side by side in step, as a video, in the background."""
    request = _request(body, state)

    def work(job: Job) -> dict[str, Any]:
        found = compare(state.workspace.layout, request, job.progress.part(0, 0.2))
        hit = Hit(found.b, found.distance, found.mirrored, 0, found.query_s, found.result_s)
        with (
            new_results(state.workspace.layout, "compare") as folder,
            tempfile.TemporaryDirectory() as scratch,
        ):
            out = folder / "compare.mp4"
            write_side_by_side(out, found.a, hit, state.workspace.videos.recording, Path(scratch))
        place = out.relative_to(state.workspace.layout.root)
        return {"path": place.as_posix(), "files": offer(state, [out])}

    return {"job": state.jobs.start("compare", f"{body.a}, {body.b}", work).to_json()}
