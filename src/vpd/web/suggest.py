"""Routes of suggestions: what to label next, and the answers."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from vpd.library.answers import ACCEPTED, CORRECTED, Verdict
from vpd.types import Segment
from vpd.verbs.answer import AnswerRequest, answer, made_answer
from vpd.web.app_state import StateOf
from vpd.web.jobs import Job

router = APIRouter(prefix="/api")
MAX_ANSWERS = 500


class NextBody(BaseModel):
    """The wanted questions, and their number."""

    model_config = ConfigDict(extra="forbid")
    mode: Literal["name", "verify"] = "name"
    n: int = Field(default=12, ge=1, le=100)


class AnswerBody(BaseModel):
    """The answer to one proposal. ``label`` is the proposed class, or the true one instead."""

    model_config = ConfigDict(extra="ignore")
    video: str = Field(max_length=1000)
    athlete: int | None = Field(default=None, ge=0)
    start_s: float = Field(ge=0, allow_inf_nan=False)
    end_s: float = Field(gt=0, allow_inf_nan=False)
    label: str = Field(default="", max_length=200)
    proposed: str = Field(default="", max_length=200)
    verdict: Verdict
    why: str = Field(default="", max_length=40)


class AnswersBody(BaseModel):
    """Answers to a page of proposals: all of them are kept, or none."""

    model_config = ConfigDict(extra="forbid")
    answers: list[AnswerBody] = Field(min_length=1, max_length=MAX_ANSWERS)


@router.post("/next")
def next_questions(body: NextBody, state: StateOf) -> dict[str, Any]:
    """Compute the next questions in the background."""
    layout = state.workspace.layout

    def work(job: Job) -> dict[str, Any]:
        from vpd.verbs.suggest import SuggestRequest, suggest  # scikit-learn: only where it is used

        return suggest(layout, SuggestRequest(body.n, body.mode), job.progress).to_json()

    return {"job": state.jobs.start("next", "what to label next", work).to_json()}


@router.post("/answers")
def answers(body: AnswersBody, state: StateOf) -> dict[str, Any]:
    """Keep answers. Accepted and corrected ones become labels."""
    workspace = state.workspace
    kept = [
        made_answer(
            workspace.videos,
            Segment(workspace.video(a.video).video, a.start_s, a.end_s, a.athlete),
            a.verdict,
            a.label if a.verdict in (ACCEPTED, CORRECTED) else "",
            a.proposed,
            a.why,
        )
        for a in body.answers
    ]
    result = answer(workspace.layout, AnswerRequest(kept), add=state.journal.add).to_json()
    state.events.tell("labels")
    return result
