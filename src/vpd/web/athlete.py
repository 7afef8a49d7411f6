"""Routes about the athletes: timeline lanes, people of a span, shots and their people, picks."""

from __future__ import annotations

from functools import reduce
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from vpd.athletes.picks import Pick
from vpd.errors import InputError
from vpd.pipeline.report import Silent
from vpd.pipeline.run import run
from vpd.pipeline.status import status
from vpd.pipeline.table import STEPS
from vpd.strings import Said, Sentence
from vpd.verbs.athletes import (
    AthletesRequest,
    ForgetRequest,
    PickRequest,
    athletes,
    forget_picks,
    pick_athlete,
    pick_athletes,
)
from vpd.verbs.same_athlete import SameRequest, same_athlete
from vpd.web.app_state import StateOf
from vpd.web.frame_cache import encode
from vpd.web.jobs import Job
from vpd.web.lanes import lanes_of, people_of, shots_of
from vpd.web.workspace import NotThereError

router = APIRouter(prefix="/api")
MAX_BINS = 20_000
MAX_SPAN_S = 60.0
MAX_PICKS = 5000
MARGIN = 0.15
"""Margin around a person's box in the picture of the person, as a share of the box."""
PERSON_WIDTH = 240


Second = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class PickBody(BaseModel):
    """A box around the athlete at a time, in pixels of the upright picture."""

    model_config = ConfigDict(extra="forbid")
    video: str = Field(max_length=1000)
    time_s: float = Field(ge=0, allow_inf_nan=False)
    x: float = Field(allow_inf_nan=False)
    y: float = Field(allow_inf_nan=False)
    w: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    h: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    athlete: int = Field(default=0, ge=0, lt=1000)
    instead: tuple[Second, Second] | None = None
    """Span in seconds in which this pick replaces the earlier ones of the athlete."""


class PicksBody(BaseModel):
    """Picks of one video: all of them are kept, or none."""

    model_config = ConfigDict(extra="forbid")
    picks: list[PickBody] = Field(min_length=1, max_length=MAX_PICKS)


class VideoBody(BaseModel):
    """A video by its id."""

    model_config = ConfigDict(extra="forbid")
    video: str = Field(max_length=1000)


class RunBody(BaseModel):
    """The video that the page is at; None where it is at none. All videos are brought up to date."""

    model_config = ConfigDict(extra="forbid")
    video: str | None = Field(default=None, max_length=1000)


def _steps(what: str) -> Said:
    """The steps of a run, as "track + pose", by the names that people read."""
    named: list[Said] = [Sentence(f"step_{step}") if step in STEPS else step for step in what.split(" + ")]
    return reduce(lambda one, other: Sentence("steps", {"one": one, "other": other}), named)


class JobListener(Silent):
    """Report the progress of a run to a job."""

    def __init__(self, job: Job) -> None:
        self.job, self.cost_ms, self.done_ms = job, 1.0, 0.0
        self.what: Said = ""

    def begin(self, what: str, videos: int, cost_ms: float) -> None:
        """See Listener."""
        self.what, self.cost_ms, self.done_ms = _steps(what), max(cost_ms, 1e-9), 0.0

    def advance(self, cost_ms: float) -> None:
        """See Listener."""
        self.done_ms += cost_ms
        self.job.progress(min(0.99, self.done_ms / self.cost_ms), self.what)


@router.get("/videos/{video}/lanes")
def lanes(
    video: str, state: StateOf, bins: Annotated[int, Query(ge=10, le=MAX_BINS)] = 2000
) -> dict[str, Any]:
    """Shots, presence and energy for the timeline."""
    return lanes_of(state.workspace, video, bins)


@router.get("/videos/{video}/people")
def people(
    video: str,
    state: StateOf,
    start: Annotated[float, Query(ge=0, allow_inf_nan=False)],
    end: Annotated[float, Query(gt=0, allow_inf_nan=False)],
) -> dict[str, Any]:
    """Boxes and poses of a span of at most a minute."""
    return {"athletes": people_of(state.workspace, video, start, min(end, start + MAX_SPAN_S))}


@router.get("/videos/{video}/shots")
def shots(video: str, state: StateOf) -> dict[str, Any]:
    """Every shot with its people, the user's picks, and the steps that these have made out of date."""
    layout = state.workspace.layout
    state.workspace.video(video)
    if not layout.tracks(video).is_file():
        raise NotThereError(Sentence("error_no_athletes"))
    found = athletes(layout, AthletesRequest([video])).to_json()
    return {
        "shots": shots_of(state.workspace.ranking(video)),
        "missed": found["picks_missed"].get(video, []),
        "picks": found["picks"],
        "stale": status(layout).videos.get(video, {}).get("due", []),
    }


@router.get("/videos/{video}/person.jpg")
def person(
    video: str,
    state: StateOf,
    t: Annotated[float, Query(ge=0, allow_inf_nan=False)],
    x: Annotated[float, Query(ge=-1e5, le=1e5, allow_inf_nan=False)],
    y: Annotated[float, Query(ge=-1e5, le=1e5, allow_inf_nan=False)],
    w: Annotated[float, Query(gt=0, le=1e5, allow_inf_nan=False)],
    h: Annotated[float, Query(gt=0, le=1e5, allow_inf_nan=False)],
) -> Response:
    """A person cut out of the frame at a time."""
    times_s = state.workspace.times(video)
    frame = max(0, int(times_s.searchsorted(t, side="right")) - 1)
    rgb = state.frames.picture(video, frame)
    height, width = rgb.shape[:2]
    left, top = max(0, int(x - MARGIN * w)), max(0, int(y - MARGIN * h))
    right, bottom = min(width, int(x + (1 + MARGIN) * w)), min(height, int(y + (1 + MARGIN) * h))
    if right <= left or bottom <= top:
        raise NotThereError(Sentence("error_box_outside"))
    return Response(encode(rgb[top:bottom, left:right], PERSON_WIDTH), media_type="image/jpeg")


@router.post("/picks")
def pick(body: PickBody, state: StateOf) -> dict[str, Any]:
    """Keep the user's word on the athlete in the shot that contains the time."""
    state.workspace.video(body.video)
    result = pick_athlete(state.workspace.layout, PickRequest(**body.model_dump())).to_json()
    state.changed()
    return result


@router.post("/picks/batch")
def pick_many(body: PicksBody, state: StateOf) -> dict[str, Any]:
    """Keep the user's word on the athlete in several shots of a video."""
    video = state.workspace.video(body.picks[0].video).video
    if any(pick.video != video for pick in body.picks):
        raise InputError(Sentence("error_picks_mixed"))
    requests = [PickRequest(**pick.model_dump()) for pick in body.picks]
    result = pick_athletes(state.workspace.layout, requests).to_json()
    state.changed()
    return result


@router.post("/picks/same")
def same(body: PickBody, state: StateOf) -> dict[str, Any]:
    """Look for the athlete of one shot in those that follow, in the background."""
    state.workspace.video(body.video)
    layout, wanted = state.workspace.layout, SameRequest(Pick(**body.model_dump(exclude={"instead"})))

    def work(job: Job) -> dict[str, Any]:
        return same_athlete(layout, wanted, job.progress).to_json()

    return {"job": state.searches.start("same", body.video, work).to_json()}


@router.delete("/picks")
def forget(body: VideoBody, state: StateOf) -> dict[str, Any]:
    """Forget the picks of a video."""
    state.workspace.video(body.video)
    result = forget_picks(state.workspace.layout, ForgetRequest(body.video)).to_json()
    state.changed()
    return result


@router.post("/run")
def make_again(body: RunBody, state: StateOf) -> dict[str, Any]:
    """Make what is missing or outdated, in the background."""
    if body.video is not None:
        state.workspace.video(body.video)
    layout = state.workspace.layout

    def work(job: Job) -> dict[str, Any]:
        report = run(layout, listener=JobListener(job))
        state.changed()
        return {"set_aside": report.set_aside, "problems": report.problems}

    return {"job": state.jobs.start("run", "vpd run", work).to_json()}
