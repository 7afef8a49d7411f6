"""Proposals of detection that wait for an answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vpd.detection.targets import REVIEWED
from vpd.library.answers import read_answers
from vpd.library.labels import read_labels
from vpd.types import Segment
from vpd.web.app_state import State


def waiting(state: State, video: str | None = None) -> dict[str, list[dict[str, Any]]]:
    """The proposals without an answer by video: of one video, or of all that have proposals."""
    known: dict[str, list[Segment]] = {
        name: [] for name, rows in state.proposals.items() if rows and video in (None, name)
    }
    if not known:
        return {}
    layout = state.workspace.layout
    labels = read_labels(layout.labels, state.workspace.videos) if layout.labels.exists() else []
    answers = [answer.segment() for answer in read_answers(layout)]
    for segment in [*(label for label in labels if label.label != REVIEWED), *answers]:
        if segment.video in known:
            known[segment.video].append(segment)
    return {
        name: [row for row in state.proposals[name] if not is_answered(row, known[name])] for name in known
    }


def is_answered(row: dict[str, Any], known: Sequence[Segment]) -> bool:
    """Whether at least half of a proposal lies in a labelled or answered span."""
    length = max(row["end_s"] - row["start_s"], 1e-9)
    return any(
        min(k.end_s, row["end_s"]) - max(k.start_s, row["start_s"]) > length / 2
        for k in known
        if k.athlete is None or row["athlete"] is None or k.athlete == row["athlete"]
    )
