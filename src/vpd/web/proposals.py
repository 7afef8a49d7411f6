"""Detections that are proposed as labels, and which of them wait for an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from vpd.errors import VpdError
from vpd.library.answers import read_answers
from vpd.library.labels import REVIEWED, read_labels
from vpd.library.sealed_files import read_json, write_json
from vpd.types import Segment
from vpd.web.workspace import Workspace

Row = dict[str, Any]


class Proposals:
    """The last detections of each video. They are kept in a file of the library, so that a server that starts
    again has them; those of a video that was removed or replaced are gone.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._found: dict[str, Row] = {}
        with suppress(OSError, ValueError, KeyError, TypeError):  # missing or damaged: detect again
            self._found = dict(read_json(workspace.layout.proposals)["videos"])

    def put(self, rows: Mapping[str, Sequence[Row]]) -> None:
        """Replace the detections of the videos named."""
        known = self._workspace.videos.rows
        self._found |= {
            video: {"key": known[video].key, "rows": list(found)} for video, found in rows.items()
        }
        with suppress(VpdError, OSError):  # as in a library of another user: they hold until the server ends
            write_json(self._workspace.layout.proposals, {"videos": self._found})

    def of_videos(self) -> dict[str, list[Row]]:
        """The detections by video."""
        known = self._workspace.videos.rows
        return {
            video: found["rows"]
            for video, found in self._found.items()
            if video in known and known[video].key == found["key"]
        }

    def waiting(self, video: str | None = None) -> dict[str, list[Row]]:
        """The proposals without an answer by video: of one video, or of all that have proposals."""
        found = {name: rows for name, rows in self.of_videos().items() if rows and video in (None, name)}
        if not found:
            return {}
        layout = self._workspace.layout
        known: dict[str, list[Segment]] = {name: [] for name in found}
        labels = read_labels(layout.labels, self._workspace.videos) if layout.labels.exists() else []
        answers = [answer.segment() for answer in read_answers(layout)]
        for segment in [*(label for label in labels if label.label != REVIEWED), *answers]:
            if segment.video in known:
                known[segment.video].append(segment)
        return {
            name: [row for row in rows if not is_answered(row, known[name])] for name, rows in found.items()
        }


def is_answered(row: Row, known: Sequence[Segment]) -> bool:
    """Whether at least half of a proposal lies in a labelled or answered span."""
    length = max(row["end_s"] - row["start_s"], 1e-9)
    return any(
        min(k.end_s, row["end_s"]) - max(k.start_s, row["start_s"]) > length / 2
        for k in known
        if k.athlete is None or row["athlete"] is None or k.athlete == row["athlete"]
    )
