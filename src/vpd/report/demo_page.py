"""The report of the demo: one page that shows, on the sample, what vpd does and how well."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

from vpd.library.artefact import write_text
from vpd.library.layout import Layout
from vpd.library.videos import Videos
from vpd.recognition.outcomes import ALL
from vpd.report.annotated import write_annotated
from vpd.report.evaluation_page import write_evaluation
from vpd.report.pose_truth import joints_found
from vpd.report.search_page import write_page
from vpd.student.training.distill import CURVE, HISTORY
from vpd.types import Segment
from vpd.verbs.few_shot import Evaluation
from vpd.verbs.search import SearchResult

PAGE = Path(__file__).with_name("demo_page.html")
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
    """What the demo did.

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
        """The segment that was searched for."""
        return self.search.queries[0]


def write_demo_page(result: DemoResult, folder: Path, overlay_s: float) -> Path:
    """Write ``folder`` with index.html and what it shows; it can be moved or sent as it is.

    ``overlay_s`` is how long the video with the drawn poses is at most. Returns the page's path.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    layout = result.layout
    videos = Videos.read(layout)
    row = videos[result.query.video]
    span = (row.start_s, min(row.end_s, row.start_s + overlay_s))
    write_annotated(layout, videos.file(row.video), row.video, span, folder / "poses.mp4")
    write_evaluation(result.evaluation, folder / "evaluation")
    write_page(folder / "search", result.search, videos.recording)
    curve = layout.student(result.student) / CURVE
    if curve.exists():
        shutil.copyfile(curve, folder / CURVE)
    found = joints_found(layout, result.evaluation.parts.segments, result.truth)
    page = Template(PAGE.read_text(encoding="utf-8")).substitute(
        facts=_facts(result, videos),
        accuracy=_accuracy(result.evaluation),
        verdict=escape(_verdict(result)),
        found=_bars(
            {label: (100 * share, f"{100 * share:.0f} %") for label, share in found.items()}, most=100
        ),
        query=escape(f"{result.query.label} in {result.query.video}"),
        clips=_clips(result),
        teachers=escape(" and ".join(result.teachers)),
        same=sum(hit.segment.label == result.query.label for hit in result.search.hits),
        results=len(result.search.hits),
        steps=_step_bars(result.step_seconds),
        parts=escape(", ".join(f"{name} {spent:.0f} s" for name, spent in result.part_seconds.items())),
        library=escape(str(layout.root)),
        span=escape(f"{result.query.video}@{result.query.start_s:.2f}-{result.query.end_s:.2f}"),
    )
    write_text(page, folder / "index.html")
    return folder / "index.html"


def _facts(result: DemoResult, videos: Videos) -> str:
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
    return "".join(f"<li><b>{value}</b> {name}</li>" for name, value in facts.items())


def _accuracy(evaluation: Evaluation) -> str:
    rows = evaluation.rows()
    ks = sorted({k for row in rows for k in evaluation.of(*row)}, key=lambda k: (k == ALL, k))
    head = "".join(f"<th>{'all' if k == ALL else k}</th>" for k in ks)
    lines = [f"<tr><th>examples of each action</th>{head}</tr>"]
    for features, head_name in rows:
        summary = evaluation.summary(features, head_name)
        cells = "".join(
            f"<td>{100 * summary[k].mean:.0f}"
            + (f"<small> ± {100 * summary[k].sd:.0f}</small>" if summary[k].subsets > 1 else "")
            + "</td>"
            for k in ks
        )
        lines.append(f"<tr><td>{escape(features)}</td>{cells}</tr>")
    for name, value in (("always the most frequent", evaluation.majority), ("chance", evaluation.chance)):
        lines.append(f"<tr class=base><td>{name}</td>{f'<td>{100 * value:.0f}</td>' * len(ks)}</tr>")
    return f"<table>{''.join(lines)}</table>"


def _verdict(result: DemoResult) -> str:
    """Which features did better with the most examples that were drawn; said as it is."""
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
    """How much the student has seen, and how well it tells its teachers' features of crops held out."""
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


def _bars(values: Mapping[str, tuple[float, str]], most: float) -> str:
    rows = "".join(
        f"<div class=name>{escape(name)}</div><div class=bar><i style='width:{100 * value / most:.1f}%'></i>"
        f"<span>{escape(text)}</span></div>"
        for name, (value, text) in values.items()
    )
    return f"<div class=bars>{rows}</div>"


def _step_bars(seconds: Mapping[str, float]) -> str:
    if not seconds:
        return "<p>Everything was up to date: an earlier demo made it.</p>"
    ordered = {name: seconds[name] for name in STEPS if name in seconds}
    values = {f"{name}: {STEPS[name]}": (spent, f"{spent:.0f} s") for name, spent in ordered.items()}
    return _bars(values, most=max(ordered.values()))


def _clips(result: DemoResult) -> str:
    cards = [_card("query", "clips/query_0.mp4", result.query, "")]
    for rank, hit in enumerate(result.search.hits, start=1):
        s = hit.segment
        clip = f"clips/{rank:03d}_{s.video}_{s.start_s:.2f}.mp4"
        kind = "same" if s.label == result.query.label else "other"
        cards.append(_card(kind, clip, s, f"{rank}. distance {hit.distance:.2f}"))
    return "".join(cards)


def _card(kind: str, clip: str, segment: Segment, line: str) -> str:
    title = ("Query: " if kind == "query" else "") + str(segment.label)
    return (
        f"<figure class={kind}><video src='search/{escape(clip)}' muted autoplay loop playsinline></video>"
        f"<figcaption><b>{escape(title)}</b><small>{escape(line)} {escape(segment.video)} "
        f"{segment.start_s:.1f}–{segment.end_s:.1f} s</small></figcaption></figure>"
    )
