"""Measure the paper's other systems in the same protocol."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace

from vpd.baselines.inputs import InputKind, load_inputs
from vpd.baselines.table import BASELINES, make_baseline
from vpd.baselines.version import version
from vpd.errors import VpdError
from vpd.library.artefact import read_recipe
from vpd.paper.columns import Column, reason
from vpd.paper.measured import Measured, by_k
from vpd.paper.options import Options
from vpd.paper.systems import System
from vpd.recognition.actions import segment_key
from vpd.recognition.outcomes import ALL, KeptOutcomes, Outcome
from vpd.recognition.protocol import Validation, run_few_shot
from vpd.types import Segment
from vpd.verbs.few_shot import missing_notes

TWO_PLAYERS = ("tennis",)
"""Data sets whose pictures show two athletes. The authors ran no system on the whole picture there."""


def measure_baseline(
    column: Column,
    system: System,
    ks: Sequence[int],
    options: Options,
    told: Callable[[Outcome], None],
    validation: Validation | None,
) -> Measured | str:
    """Outcomes of a baseline, or the reason why there are none."""
    if not options.baselines:
        return "left out: ask with --baselines laptop or --baselines paper (hours without a GPU)"
    takes = BASELINES[system.recogniser].takes
    if takes == "pictures" and column.data in TWO_PLAYERS:
        return "not run by the authors: two players are in the picture"
    try:
        # A baseline sees the window that features are seen in.
        windows = [_window(s) for s in column.parts.segments]
        inputs = load_inputs(takes, column.layout, windows)
        parts = column.parts
        outcomes = run_few_shot(
            inputs.items,
            parts.labels,
            parts.train,
            parts.test,
            {k: lists for k, lists in parts.subsets.items() if k in ks},
            {system.recogniser: make_baseline(system.recogniser, options.baselines)},
            ALL in ks,
            options.jobs,
            lambda outcome, done, tasks: told(outcome),
            validation or (parts.validating if len(parts.validation) else None),
            KeptOutcomes(column.results / "baselines.jsonl", options.fresh),
            takes,
            of=_made_of(column, takes, windows),
        )
    except VpdError as error:
        return reason(error)
    return by_k(outcomes, missing_notes(takes, inputs.reasons, parts))


def _window(s: Segment) -> Segment:
    start_s, end_s = s.window_s or (s.start_s, s.end_s)
    return replace(s, start_s=start_s, end_s=end_s, window_s=None)


def _made_of(column: Column, takes: InputKind, segments: Sequence[Segment]) -> str:
    """The key of everything that outcomes depend on: artefacts, spans, frames that are left out, labels, the
    test part, and the baselines' code.
    """
    place = {"poses": column.layout.poses, "crops": column.layout.crops, "pictures": column.layout.pictures}
    paths = [place[takes](video) for video in sorted({s.video for s in segments})]
    keys = [read_recipe(path)["key"] for path in paths if path.exists()]
    parts = column.parts
    thinning = None if column.card is None else repr(column.card.thinning)
    examples = [[segment_key(s) for s in segments], parts.labels.tolist(), parts.test.tolist()]
    made = [version(), keys, thinning, *examples]
    return hashlib.sha256(json.dumps(made).encode()).hexdigest()
