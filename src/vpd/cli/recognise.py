"""`vpd recognise`, `vpd evaluate`, `vpd retrieve`: what labels teach, and how well."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from vpd.cli.common import (
    JsonOption,
    LibraryOption,
    console,
    notices,
    open_library,
    print_json,
    results_folder,
    say,
    say_warning,
    warn_of_set_aside,
)
from vpd.errors import InputError
from vpd.library.dataset import recognised
from vpd.library.labels import parse_query, read_labels
from vpd.library.layout import Layout
from vpd.library.videos import OK, Videos
from vpd.recognition.evaluation import Evaluation, library_parts
from vpd.recognition.evaluation import evaluate as run_evaluation
from vpd.recognition.examples import load_examples, usual_count
from vpd.recognition.protocol import ALL, Outcome
from vpd.recognition.recognise import Recognised, write_recognised
from vpd.recognition.recognise import recognise as run_recognition
from vpd.recognition.recognisers import RECOGNISERS
from vpd.recognition.retrieval import evaluate_retrieval, retrieval_distances
from vpd.report.evaluation_page import accuracy_table, more_labels, write_evaluation
from vpd.search import MANY, default_features
from vpd.sequences import FeatureStore
from vpd.settings import RecogniseSettings
from vpd.settings.toml import load_settings
from vpd.types import Segment

RecognisersHelp = "; ".join(f"{name}: {recogniser.about}" for name, recogniser in RECOGNISERS.items())
FeaturesOption = Annotated[
    list[str] | None, typer.Option("--features", "-f", help="Name of the features; may be repeated.")
]
RECOGNISER_OPTION = typer.Option(
    "--recogniser", help=f"Recogniser; may be repeated in `evaluate`. {RecognisersHelp}"
)


def _opened(library: Path | None) -> tuple[Layout, RecogniseSettings, Videos, list[Segment]]:
    layout = open_library(library)
    videos = Videos.read(layout)
    labelled = recognised(layout, read_labels(layout.labels, videos))
    warn_of_set_aside(labelled, videos)
    return layout, load_settings(layout.settings).recognise, videos, labelled


def _asked(spans: list[str] | None, videos: Videos, labelled: list[Segment]) -> list[Segment]:
    """The spans named, or every video without a label as a whole."""
    if spans:
        return [parse_query(span, videos) for span in spans]
    known = {segment.video for segment in labelled}
    rows = [row for row in videos.rows.values() if row.status == OK and row.video not in known]
    if not rows:
        raise InputError(
            "every video has a label already. Name what to recognise as VIDEO@START-END, "
            "for example match_1@62.5-64."
        )
    return [Segment(row.video, row.start_s, row.end_s) for row in rows]


def _answer(answer: Recognised) -> dict[str, Any]:
    s = answer.segment
    return {
        "video": s.video,
        "athlete": s.athlete,
        "start_s": s.start_s,
        "end_s": s.end_s,
        "label": answer.label,
        "probability": round(answer.probability, 4),
        "reason": answer.reason,
    }


def recognise(
    spans: Annotated[
        list[str] | None,
        typer.Argument(help="VIDEO@START-END, times in s or m:s; by default each video without a label."),
    ] = None,
    features: Annotated[str | None, typer.Option("--features", "-f", help="Name of the features.")] = None,
    recogniser: Annotated[str | None, RECOGNISER_OPTION] = None,
    out: Annotated[Path | None, typer.Option("--out", help="The CSV file to write.")] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Name the actions of segments by the labelled examples of the library."""
    layout, settings, videos, labelled = _opened(library)
    asked = _asked(spans, videos, labelled)
    name = features or settings.features or default_features(layout, usual_count(labelled))
    answers = run_recognition(layout, name, recogniser or settings.recogniser, labelled, asked)
    path = out or results_folder(layout, "recognise") / "recognised.csv"
    write_recognised(path, answers)
    nameless = [answer for answer in answers if answer.label is None]
    if as_json:
        print_json({"recognised": [_answer(answer) for answer in answers], "csv": str(path)})
    else:
        table = Table(box=None, pad_edge=False)
        for column in ("video", "start s", "end s", "label", "probability"):
            table.add_column(column, justify="left" if column in ("video", "label") else "right")
        for a in answers:
            span = (f"{a.segment.start_s:.2f}", f"{a.segment.end_s:.2f}")
            table.add_row(a.segment.video, *span, a.label or "-", f"{a.probability:.2f}" if a.label else "")
        console.print(table)
        say(f"{len(answers)} segments, learned from {len(labelled)} labels by {name}. Written to {path}")
    for answer in nameless:
        say_warning(f"not recognised: {answer.reason}")
    if nameless:
        raise typer.Exit(1)


def _figures(found: Evaluation) -> list[dict[str, Any]]:
    return [
        {
            "features": features,
            "recogniser": recogniser,
            "k": "all" if k == ALL else k,
            "subsets": s.subsets,
            "mean": s.mean,
            "sd": s.sd,
            "low95": s.low,
            "high95": s.high,
        }
        for features, recogniser in found.rows()
        for k, s in found.summary(features, recogniser).items()
    ]


def evaluate(
    features: FeaturesOption = None,
    recogniser: Annotated[list[str] | None, RECOGNISER_OPTION] = None,
    k: Annotated[
        list[int] | None, typer.Option("-k", min=1, help="Examples a class; may be repeated.")
    ] = None,
    subsets: Annotated[int | None, typer.Option(min=1, help="Subsets for each k.")] = None,
    splits: Annotated[
        Path | None, typer.Option(help="CSV with video, scene, split; else splits.csv of the library.")
    ] = None,
    subset_file: Annotated[Path | None, typer.Option(help="JSON with lists of examples for each k.")] = None,
    all_labels: Annotated[
        bool, typer.Option("--all/--no-all", help="Also learn from the whole training part.")
    ] = True,
    jobs: Annotated[int, typer.Option("-j", "--jobs", min=1, help="Worker processes.")] = 1,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure recognition by the number of labels: the few-shot protocol on a split by scene.

    Split and subsets are made once, kept in results/few_shot of the library, and used again.
    """
    layout, settings, _, labelled = _opened(library)
    parts = library_parts(
        layout,
        labelled,
        splits,
        subset_file,
        k or settings.ks,
        subsets or settings.subsets,
        settings.seed,
    )
    names = features or [settings.features or default_features(layout, MANY)]
    recognisers = recogniser or list(dict.fromkeys(["dtw-nn", settings.recogniser]))
    with notices.status("evaluating") as status:
        done = 0

        def tell(name: str, outcome: Outcome) -> None:
            nonlocal done
            done += 1
            k = "all" if outcome.k == ALL else outcome.k
            status.update(
                f"evaluated {done}: {name}, {outcome.recogniser}, k = {k}: {100 * outcome.accuracy:.1f} %"
            )

        found = run_evaluation(layout, parts, names, recognisers, all_labels, jobs, tell)
    paths = write_evaluation(found, results_folder(layout, "evaluate"))
    advice = more_labels(found)
    if as_json:
        print_json(
            {
                "accuracy": _figures(found),
                "chance": found.chance,
                "majority": found.majority,
                "train": len(parts.train),
                "test": len(parts.test),
                "missing": found.missing,
                "more_labels": advice,
                "files": [str(path) for path in paths],
            }
        )
    else:
        console.print(accuracy_table(found))
        say(f"{len(parts.train)} segments to train, {len(parts.test)} to test, {len(parts.labels)} in all.")
        if advice:
            say(advice)
        for path in paths:
            say(f"wrote {path}")
    for name, count in found.missing.items():
        if count:
            say_warning(f"{count} segments have no features {name!r}: in the test they count as wrong.")


def retrieve(
    features: FeaturesOption = None,
    pattern: Annotated[str, typer.Option(help="Step pattern of the time warping.")] = "symmetricP2_or_2",
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure retrieval as the paper does: every labelled action queries all others."""
    layout, settings, _, labelled = _opened(library)
    results: dict[str, dict[str, Any]] = {}
    for name in features or [settings.features or default_features(layout)]:
        examples = load_examples(FeatureStore(layout, name), labelled)
        sequences = [x for x in examples.sequences if x is not None]
        labels = [labelled[i].label or "" for i in examples.present()]
        found = evaluate_retrieval(retrieval_distances(sequences, pattern), labels)
        figures = {f"precision at {k}": value for k, value in found.precision.items()}
        figures |= {"mean average precision": found.mean_average_precision, "chance": found.chance}
        results[name] = {"queries": found.queries, **figures}
        if examples.reasons:
            say_warning(f"{len(examples.reasons)} segments have no features {name!r} and are left out.")
    if as_json:
        print_json(results)
        return
    table = Table(title="Retrieval, %: every labelled action queries all others")
    table.add_column("features")
    for column in next(iter(results.values())):
        table.add_column(column, justify="right")
    for name, row in results.items():
        table.add_row(
            name, str(row["queries"]), *(f"{100 * v:.1f}" for n, v in row.items() if n != "queries")
        )
    console.print(table)
