"""Route that adds videos to the library: files and folders of the computer that serves it.

The path goes to the same function as that of `vpd new`. A named file must open as a video: the page may play
what is registered, and must not show any other file of the computer.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from vpd.errors import InputError
from vpd.library.opening import sync
from vpd.pipeline.register import add_videos
from vpd.pipeline.registered import sentences
from vpd.strings import Sentence, to_page
from vpd.video.source import opened
from vpd.web.app_state import StateOf

router = APIRouter(prefix="/api")


class AddBody(BaseModel):
    """A video file, or a folder of them, by its whole path on the computer that serves the library."""

    model_config = ConfigDict(extra="forbid")
    path: str = Field(max_length=4096)


@router.post("/videos")
def add(body: AddBody, state: StateOf) -> dict[str, Any]:
    """Add a video, or all of a folder. What became of each file is said in sentences.

    Raises InputError for a path that is not whole, and for a file that is no video.
    """
    path = Path(body.path.strip())
    if not path.is_absolute() or "\0" in body.path:
        raise InputError(Sentence("error_whole_path"))
    if path.is_file():
        with opened(path):
            pass
    result = add_videos(state.workspace.layout, [path])
    sync(state.workspace.layout)
    state.changed()
    said = [{"weight": weight.value, **to_page(text)} for weight, text in sentences(result)]
    return {"added": result.added, "sentences": said}
