"""The few-shot protocol for the baselines: the same split and subsets, their own inputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from vpd.baselines.inputs import InputKind, Inputs, load_inputs
from vpd.baselines.options import BaselineOptions
from vpd.baselines.table import BASELINES, make_baseline
from vpd.baselines.version import version
from vpd.baselines.weights import weights_stamp
from vpd.errors import unknown_name
from vpd.library.layout import Layout
from vpd.recognition.outcomes import KeptOutcomes, Outcome, digest
from vpd.recognition.protocol import run_few_shot
from vpd.recognition.recognisers import RECOGNISERS
from vpd.strings import Sentence
from vpd.verbs.few_shot import Evaluation, Parts, missing_notes


def check_names(names: Sequence[str]) -> None:
    """Raise InputError where one of the names is neither a recogniser nor a baseline."""
    for name in names:
        if name not in RECOGNISERS and name not in BASELINES:
            raise unknown_name("recogniser", name, [*RECOGNISERS, *BASELINES])


def started_note(names: Sequence[str], options: BaselineOptions) -> Sentence:
    """A sentence that says from which weights the baselines ``names`` learn, and by which preset."""
    start = options.weights or Sentence("random_weights")
    return Sentence("note_weights", {"names": ", ".join(names), "preset": options.preset, "start": start})


def measure_baselines(
    layout: Layout,
    parts: Parts,
    names: Sequence[str],
    options: BaselineOptions,
    with_all: bool = True,
    jobs: int = 1,
    progress: Callable[[str, Outcome, float], None] = lambda inputs, outcome, fraction: None,
    kept: KeptOutcomes | None = None,
) -> Evaluation:
    """Run the few-shot protocol for baselines by name.

    The input of a baseline ("crops", "pictures" or "poses") takes the place of the features' name. Raises
    InputError where the library lacks an input.
    """
    outcomes: dict[str, list[Outcome]] = {}
    missing: dict[str, int] = {}
    notes: list[Sentence] = []
    # Before pictures are decoded for minutes, what cannot be made is said.
    made = {name: _made(name, options) for name in names}
    for estimator in made.values():
        estimator.check_weights()
    kinds: list[InputKind] = list(dict.fromkeys(BASELINES[name].takes for name in names))
    for number, kind in enumerate(kinds):
        inputs = load_inputs(kind, layout, parts.segments)
        missing[kind] = len(inputs.reasons)
        notes += missing_notes(kind, inputs.reasons, parts)
        mine = [name for name in names if BASELINES[name].takes == kind]

        def tell(outcome: Outcome, done: int, tasks: int, kind: str = kind, number: int = number) -> None:
            progress(kind, outcome, (number + done / tasks) / len(kinds))

        outcomes[kind] = run_few_shot(
            inputs.items,
            parts.labels,
            parts.train,
            parts.test,
            parts.subsets,
            {name: made[name] for name in mine},
            with_all,
            jobs,
            tell,
            parts.validating if len(parts.validation) else None,
            kept,
            kind,
            of="" if kept is None else _made_of(inputs, parts, options.weights),
        )
    return Evaluation(parts, outcomes, missing, tuple(notes))


def _made_of(inputs: Inputs, parts: Parts, weights: str) -> str:
    """The key of what kept outcomes depend on: inputs, labels, test part, file of weights, code."""
    return f"{digest(inputs.items, parts.labels, parts.test)} {weights_stamp(weights)} {version()}"


def _made(name: str, options: BaselineOptions) -> Any:
    return make_baseline(name, options.preset, options.mirror, weights=options.weights)
