"""Measure recognition by the number of labels: the few-shot protocol on a split by scene."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vpd.baselines.options import BaselineOptions
from vpd.cancelling import cancelled_by
from vpd.errors import InputError
from vpd.library.layout import Layout
from vpd.library.videos import Videos
from vpd.recognition.outcomes import ALL, KeptOutcomes, Outcome
from vpd.recognition.recognisers import RECOGNISERS
from vpd.settings.toml import load_settings
from vpd.strings import Sentence
from vpd.verbs.features import FeatureChoice, choose_features, open_features
from vpd.verbs.few_shot import Evaluation, Parts, library_parts, measure
from vpd.verbs.labelled import labelled_segments, left_out_notes, unsaid
from vpd.verbs.progress import Progress

NEAREST = "dtw-nn"
"""The recogniser that is always measured beside that of the settings, as a simple reference."""

OUTCOMES = "baselines.jsonl"
"""The outcomes of baselines, in results/few_shot of the library."""

SETTING = (
    "{together}: test clips are named together; an answer also depends on the others, without their labels. "
    "{alone} names each clip alone."
)


@dataclass(frozen=True)
class EvaluateRequest:
    """The measurement to make. None means the value in [recognise] of vpd.toml.

    Attributes
    ----------
    features : names; None for the default (`vpd.verbs.features`). "auto": all, weighed by the examples.
    recognisers : names, of baselines too (docs/baselines.md); None for `dtw-nn` and that of the settings, and
        where this one names clips together, the one that it is without that.
    ks : examples a class.
    subsets : for each k.
    splits : CSV file with video, scene, split; None for splits.csv of the library, else one that is made once
        and kept in results/few_shot.
    subset_file : JSON file with lists of examples for each k; None for one that is made once and kept.
    all_labels : whether to learn from the whole training part too.
    jobs : worker processes.
    baselines : how the baselines among the recognisers are made.
    """

    features: Sequence[str] | None = None
    recognisers: Sequence[str] | None = None
    ks: Sequence[int] | None = None
    subsets: int | None = None
    splits: Path | None = None
    subset_file: Path | None = None
    all_labels: bool = True
    jobs: int = 1
    baselines: BaselineOptions = field(default_factory=BaselineOptions)

    def __post_init__(self) -> None:
        for name, given in (("ks", self.ks or ()), ("subsets", [self.subsets] * (self.subsets is not None))):
            if wrong := [k for k in given if not isinstance(k, int) or k < 1]:
                raise InputError(f"{name}: {wrong[0]!r} is not a whole number from 1 on.")


@dataclass(frozen=True, eq=False)
class EvaluateResult:
    """The measurement.

    Attributes
    ----------
    evaluation : every outcome, and the figures.
    choice : why these features; its ``why`` is "" where the caller named them.
    notes : sentences on labels that could not be used, and on the weights that baselines learn from.
    setting : a sentence on recognisers that name the test clips together; "" where there is none.
    """

    evaluation: Evaluation
    choice: FeatureChoice
    notes: tuple[Sentence, ...] = ()
    setting: str = ""

    def advice(self) -> str:
        """A sentence that says whether more labels would help the best recogniser; may be empty."""
        return advice(self.evaluation)

    def rows(self) -> list[dict[str, Any]]:
        """The accuracy of each pair of features and recogniser by k, in 0..1, with its 95 % interval."""
        return [
            {
                "features": features,
                "recogniser": recogniser,
                "k": k_name(k),
                "subsets": s.subsets,
                "mean": s.mean,
                "sd": s.sd,
                "low95": s.low,
                "high95": s.high,
            }
            for features, recogniser in self.evaluation.rows()
            for k, s in self.evaluation.summary(features, recogniser).items()
        ]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        found = self.evaluation
        return {
            "features": list(found.outcomes),
            "features_why": self.choice.why,
            "accuracy": self.rows(),
            "chance": found.chance,
            "majority": found.majority,
            "train": len(found.parts.train),
            "test": len(found.parts.test),
            "missing": found.missing,
            "more_labels": self.advice(),
            "setting": self.setting,
            "notes": [note.to_json() for note in self.notes],
        }


def k_name(k: int) -> int | str:
    """The text for ``k``: "all" for the whole training part."""
    return "all" if k == ALL else k


def advice(evaluation: Evaluation) -> str:
    """A sentence that says whether more labels would help the best recogniser; may be empty."""
    row = evaluation.best(max(evaluation.ks()))
    told = evaluation.more_labels(*row)
    return f"{row[0]}, {row[1]}: {told[1]}" if told else ""


def evaluate(library: Layout, request: EvaluateRequest, progress: Progress | None = None) -> EvaluateResult:
    """Measure recognition by the number of labels.

    Split and subsets are created once, kept in results/few_shot of the library, and used again while they fit
    the labels. Raises InputError where the labels do not suffice; CancelledError.

    Examples
    --------
    >>> found = evaluate(layout, EvaluateRequest(recognisers=["dtw-nn"], ks=[1], subsets=2, all_labels=False))
    >>> [(row["features"], row["k"], row["mean"]) for row in found.rows()]
    [('vipe-window', 1, 1.0)]
    """
    progress = progress or Progress()
    settings = load_settings(library.settings).recognise
    videos = Videos.read(library)
    segments, notes = labelled_segments(library, videos)
    parts = library_parts(
        library,
        segments,
        request.splits,
        request.subset_file,
        request.ks or settings.ks,
        request.subsets or settings.subsets,
        settings.seed,
    )
    recognisers = list(request.recognisers or _usual(settings.recogniser))
    of_features = [name for name in recognisers if name in RECOGNISERS]
    systems = [name for name in recognisers if name not in RECOGNISERS]
    if not systems and request.baselines != BaselineOptions():
        raise InputError("preset, weights and mirror are of baselines: name one (`vpd baselines list`)")
    choice = FeatureChoice(", ".join(request.features or ()))
    if of_features and not request.features:
        choice = choose_features(library, recognition=True)
    names = list(request.features or [choice.name])

    def tell(features: str, outcome: Outcome, fraction: float) -> None:
        values = {
            "features": features,
            "recogniser": outcome.recogniser,
            "k": k_name(outcome.k),
            "accuracy": f"{100 * outcome.accuracy:.1f}",
        }
        progress(fraction, Sentence("doing_outcome", values))

    progress(0.0, Sentence("doing_features"))
    found = Evaluation(parts, {}, {})
    with cancelled_by(progress.check):
        if systems:
            found, started = _measure_baselines(library, parts, systems, request, tell)
            notes = (*notes, started)
        if of_features:
            jobs, sides = request.jobs, settings.sides
            mine = measure(library, parts, names, of_features, request.all_labels, jobs, tell, sides=sides)
            found = Evaluation(
                parts,
                mine.outcomes | found.outcomes,
                mine.missing | found.missing,
                (*mine.notes, *found.notes),
            )
    for name in names if of_features else ():
        store, _ = open_features(library, name)
        notes = (*notes, *left_out_notes(store, unsaid(segments, videos)))
    jointly = [name for name in of_features if RECOGNISERS[name].alone]
    setting = " ".join(SETTING.format(together=name, alone=RECOGNISERS[name].alone) for name in jointly)
    notes = (*notes, *parts.notes, *found.notes)
    return EvaluateResult(found, choice, tuple(dict.fromkeys(notes)), setting)


def _usual(recogniser: str) -> list[str]:
    """What is evaluated where nothing is named, that of the settings last."""
    alone = RECOGNISERS[recogniser].alone if recogniser in RECOGNISERS else ""
    return list(dict.fromkeys(name for name in (NEAREST, alone, recogniser) if name))


def _measure_baselines(
    library: Layout,
    parts: Parts,
    names: list[str],
    request: EvaluateRequest,
    tell: Callable[[str, Outcome, float], None],
) -> tuple[Evaluation, Sentence]:
    """The outcomes, kept as they come since a fit takes minutes, and a sentence on the weights."""
    # imported here: networks over pictures take seconds to import, and most evaluations have none
    from vpd.verbs.baselines import check_names, measure_baselines, started_note

    check_names(names)
    options, kept = request.baselines, KeptOutcomes(library.results / "few_shot" / OUTCOMES)
    found = measure_baselines(library, parts, names, options, request.all_labels, request.jobs, tell, kept)
    return found, started_note(names, options)
