"""The report of the demo: one page that shows, on the sample, what vpd does, and its accuracy."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from vpd.library.layout import Layout
from vpd.library.videos import Videos
from vpd.metrics.summary import Summary
from vpd.recognition.outcomes import ALL
from vpd.report.annotated import write_annotated
from vpd.report.clips import clip_name
from vpd.report.evaluation_page import write_evaluation
from vpd.report.html import bars, card, fragment, join, loop, table, write_page
from vpd.report.pose_truth import joints_found
from vpd.report.search_page import write_search_page
from vpd.student.training.distill import CURVE, HISTORY
from vpd.types import Segment
from vpd.verbs.evaluate import k_name
from vpd.verbs.few_shot import Evaluation
from vpd.verbs.search import SearchResult

STEPS = {
    "scan": "decode every frame once, with its time",
    "track": "find people, follow the athlete",
    "pose": "estimate 17 joints a frame",
    "crop": "cut the athlete out, with optical flow",
    "teach": "make the teacher's features from the joints",
    "distill": "train the student on crops, with the teacher's features as targets",
    "embed": "make the student's features: no pose is needed any more",
}


@dataclass(frozen=True, eq=False)
class DemoResult:
    """The results of the demo.

    Attributes
    ----------
    teachers : names of the features the student has learned.
    student : name of its own.
    step_seconds : by step of the pipeline, of all workers together.
    part_seconds : by command, of the clock on the wall.
    truth : the true poses of the sample's videos (`pose_truth.joints_found`).
    """

    layout: Layout
    teachers: Sequence[str]
    student: str
    evaluation: Evaluation
    search: SearchResult
    step_seconds: Mapping[str, float]
    part_seconds: Mapping[str, float]
    truth: Path

    @property
    def query(self) -> Segment:
        """The query of the search."""
        return self.search.queries[0]


def write_demo_page(result: DemoResult, folder: Path, overlay_s: float) -> Path:
    """Write ``folder`` with index.html and its files. The folder can be moved or sent.

    ``overlay_s`` limits the length of the video with the drawn poses in seconds. Returns the page's path.
    """
    layout = result.layout
    videos = Videos.read(layout)
    row = videos[result.query.video]
    span = (row.start_s, min(row.end_s, row.start_s + overlay_s))
    write_annotated(layout, videos.recording(row.video), row.video, span, folder / "poses.mp4")
    write_evaluation(result.evaluation, folder / "evaluation")
    write_search_page(folder / "search", result.search, videos.recording)
    curve = layout.student(result.student) / CURVE
    if curve.exists():
        shutil.copyfile(curve, folder / CURVE)
    found = joints_found(layout, result.evaluation.parts.segments, result.truth)
    body = fragment(
        "demo_page.html",
        facts=_facts(result, videos),
        accuracy=_accuracy(result.evaluation),
        verdict=_verdict(result),
        found=bars(
            {label: (100 * share, f"{100 * share:.0f} %") for label, share in found.items()}, most=100
        ),
        query=f"{result.query.label} in {result.query.video}",
        clips=_clips(result),
        student=result.student,
        teachers=" and ".join(result.teachers),
        same=sum(hit.segment.label == result.query.label for hit in result.search.hits),
        results=len(result.search.hits),
        steps=_step_bars(result.step_seconds),
        parts=", ".join(f"{name} {spent:.0f} s" for name, spent in result.part_seconds.items()),
        library=str(layout.root),
        span=f"{result.query.video}@{result.query.start_s:.2f}-{result.query.end_s:.2f}",
    )
    return write_page(folder / "index.html", "vpd demo", body)


def _facts(result: DemoResult, videos: Videos) -> Markup:
    rows = list(videos.rows.values())
    parts = result.evaluation.parts
    facts = {
        "videos": len(rows),
        "frames": sum(row.frames for row in rows),
        "labelled actions": len(parts.segments),
        "kinds of action": len(set(parts.labels)),
        "to learn from": len(parts.train),
        "to test, in other scenes": len(parts.test),
        "minutes in all": f"{sum(result.part_seconds.values()) / 60:.1f}",
    }
    return join(Markup("<li><b>{}</b> {}</li>").format(value, name) for name, value in facts.items())


def _accuracy(evaluation: Evaluation) -> Markup:
    ks = evaluation.ks()
    rows: list[list[str]] = []
    for features, recogniser in evaluation.rows():
        summary = evaluation.summary(features, recogniser)
        rows.append([features, *(_mean(summary[k]) for k in ks)])
    for name, value in (("always the most frequent", evaluation.majority), ("chance", evaluation.chance)):
        rows.append([name, *[f"{100 * value:.0f}"] * len(ks)])
    return table(["examples of each action", *(str(k_name(k)) for k in ks)], rows, kind="")


def _mean(summary: Summary) -> str:
    spread = f" ± {100 * summary.sd:.0f}" if summary.subsets > 1 else ""
    return f"{100 * summary.mean:.0f}{spread}"


def _verdict(result: DemoResult) -> str:
    """A sentence that says which features were better with the most examples."""
    rows = {features: (features, recogniser) for features, recogniser in result.evaluation.rows()}
    k = max(k for k in result.evaluation.of(*rows[result.student]) if k != ALL)
    names = [result.student, *result.teachers]
    means = {name: round(100 * result.evaluation.summary(*rows[name])[k].mean) for name in names}
    compared = " and ".join(
        f"{_beside(means[result.student] - means[name])} {name} ({means[name]} %)" for name in result.teachers
    )
    return (
        f"With {k} examples of each action the student ({means[result.student]} %) {compared}, which it "
        f"learned from. {_learned(result.layout.student(result.student))} This shows the way, not what "
        "the method can do: the README has figures on real video."
    )


def _beside(gap: int) -> str:
    return "is above" if gap > 0 else "is below" if gap < 0 else "equals"


def _learned(student: Path) -> str:
    """A sentence on the student's training, and on its predictions for held-out crops."""
    try:
        with (student / HISTORY).open(encoding="utf-8", newline="") as file:
            epochs = list(csv.DictReader(file))
    except OSError:
        return ""
    best = min(epochs, key=lambda epoch: float(epoch["validation_loss"]))
    explained = 100 * max(float(best["pose_r2"]), 0)
    minutes, images = float(epochs[-1]["seconds"]) / 60, int(epochs[-1]["images"])
    return (
        f"It reads crops by the shipped pose network; what it makes of them was trained for {minutes:.1f} "
        f"minutes on {images:,} crops, repeats counted. It explains {explained:.0f} % of its teachers' poses "
        "on crops held out."
    )


def _step_bars(seconds: Mapping[str, float]) -> Markup:
    if not seconds:
        return Markup("<p>Everything was up to date: an earlier demo made it.</p>")
    ordered = {name: seconds[name] for name in STEPS if name in seconds}
    values = {f"{name}: {STEPS[name]}": (spent, f"{spent:.0f} s") for name, spent in ordered.items()}
    return bars(values, most=max(ordered.values()))


def _clips(result: DemoResult) -> Markup:
    query = result.query
    cards = [card(loop("search/clips/query_0.mp4"), f"Query: {query.label}", [_place(query)], "query")]
    for rank, hit in enumerate(result.search.hits, start=1):
        s = hit.segment
        kind = "same" if s.label == query.label else "other"
        lines = [f"{rank}. distance {hit.distance:.2f}", _place(s)]
        cards.append(card(loop(f"search/clips/{clip_name(rank, s)}"), str(s.label), lines, kind))
    return join(cards)


def _place(segment: Segment) -> str:
    return f"{segment.video} {segment.start_s:.1f}–{segment.end_s:.1f} s"
