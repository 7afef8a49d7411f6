"""Read and write JSON files of other programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vpd.errors import LabelError
from vpd.library.artefact import write_text


def read_json(path: Path) -> Any:
    """The content. Raises LabelError."""
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise LabelError(f"{path} cannot be read as JSON: {error}") from error


def write_json(content: Any, path: Path) -> None:
    """Write UTF-8, indented, whole or not at all."""
    write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", path)
