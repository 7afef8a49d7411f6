"""Files that the page made: their folder, and their addresses by id."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from fastapi.responses import FileResponse

from vpd.strings import Sentence
from vpd.web.app_state import State, StateOf
from vpd.web.workspace import NotThereError

router = APIRouter(prefix="/api/results")


def offer(state: State, files: list[Path]) -> list[dict[str, Any]]:
    """Make files available. Returns for each an id and its name."""
    offered = []
    for path in files:
        key = hashlib.sha256(str(path).encode()).hexdigest()[:16]
        state.offered[key] = path
        offered.append({"id": key, "name": path.name, "path": str(path)})
    return offered


@router.get("/{key}", response_model=None)
def fetch(key: str, state: StateOf) -> FileResponse:
    """A file that this server made."""
    path = state.offered.get(key)
    if path is None or not path.is_file():
        raise NotThereError(Sentence("error_no_such_file"))
    return FileResponse(path, filename=path.name)
