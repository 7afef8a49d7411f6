"""Routes of labels: read, add, change, remove, undo. Answers are sent after the file is written."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from vpd.library.label_store import HAND, Changes, LabelStore, NewLabel
from vpd.types import Segment
from vpd.web.app_state import State, StateOf
from vpd.web.journal import plain

router = APIRouter(prefix="/api/labels")
MOST_AT_ONCE = 2000
Name = Annotated[str, Field(min_length=1, max_length=200)]
Id = Annotated[str, Field(max_length=1000)]
Second = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Athlete = Annotated[int, Field(ge=0, lt=2**31)]


class LabelBody(BaseModel):
    """A label to add."""

    model_config = ConfigDict(extra="forbid")
    video: Id
    athlete: Athlete | None = None
    start_s: Second
    end_s: Second
    label: Name
    source: str = Field(default=HAND, max_length=40, pattern=r"^[a-z -]*$")

    def new(self) -> NewLabel:
        """For the store. Raises InputError for an empty span."""
        segment = Segment(self.video, self.start_s, self.end_s, self.athlete, self.label)
        return NewLabel(segment, self.source)


class BatchBody(BaseModel):
    """Labels to add together: all of them, or none."""

    model_config = ConfigDict(extra="forbid")
    add: list[LabelBody] = Field(min_length=1, max_length=MOST_AT_ONCE)


class ChangeBody(BaseModel):
    """A change of one label. ``version`` is that of the label on the page."""

    model_config = ConfigDict(extra="forbid")
    version: str | None = Field(default=None, max_length=40)
    start_s: Second | None = None
    end_s: Second | None = None
    label: Name | None = None
    athlete: Athlete | None = None


class RemoveBody(BaseModel):
    """The version of the label on the page."""

    model_config = ConfigDict(extra="forbid")
    version: str | None = Field(default=None, max_length=40)


def _known(state: State, video: str) -> None:
    state.workspace.video(video)


@router.get("")
def labels(state: StateOf) -> dict[str, Any]:
    """All labels, and the errors of rows that cannot be read."""
    found = LabelStore(state.workspace.layout, state.workspace.videos).read()
    return {
        "labels": [plain(label) for label in found.labels],
        "wrong": [error.without_path() for error in found.wrong],
    }


@router.post("")
def add(body: LabelBody, state: StateOf) -> dict[str, Any]:
    """Add one label."""
    _known(state, body.video)
    (label,) = state.journal.add([body.new()])
    state.events.tell("labels")
    return {"label": plain(label)}


@router.post("/batch")
def add_many(body: BatchBody, state: StateOf) -> dict[str, Any]:
    """Add several labels together."""
    for one in body.add:
        _known(state, one.video)
    added = state.journal.add([one.new() for one in body.add])
    state.events.tell("labels")
    return {"labels": [plain(label) for label in added]}


@router.patch("/{label}")
def change(label: str, body: ChangeBody, state: StateOf) -> dict[str, Any]:
    """Change one label. Status 409 where its version differs from the page's."""
    changes = Changes(None, body.start_s, body.end_s, body.label, body.athlete)
    changed = state.journal.edit(label, changes, body.version)
    state.events.tell("labels")
    return {"label": plain(changed)}


@router.delete("/{label}")
def remove(label: str, body: RemoveBody, state: StateOf) -> dict[str, Any]:
    """Remove one label. Status 409 where its version differs from the page's."""
    gone = state.journal.remove(label, body.version)
    state.events.tell("labels")
    return {"label": plain(gone)}


@router.post("/undo")
def undo(state: StateOf) -> dict[str, Any]:
    """Undo the page's last change of labels."""
    what = state.journal.undo()
    state.events.tell("labels")
    return {"what": what}


@router.post("/redo")
def redo(state: StateOf) -> dict[str, Any]:
    """Redo the change that was undone last."""
    what = state.journal.redo()
    state.events.tell("labels")
    return {"what": what}
