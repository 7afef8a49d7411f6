"""`vpd detect`: find the labelled actions everywhere else."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import typer

from vpd.cli.common import LibraryOption, open_library, print_json, say, warn_of_set_aside
from vpd.detection.base import FrameDetector
from vpd.detection.library import learn, videos_to_search
from vpd.detection.results import rows, write_csv, write_json
from vpd.errors import InputError
from vpd.formats.table import Media, export_segments
from vpd.library.dataset import detected
from vpd.library.frames import read_times
from vpd.library.labels import read_labels
from vpd.library.layout import Layout
from vpd.library.videos import Videos
from vpd.metrics.spotting import frames_to_seconds
from vpd.report.detection_page import write_page, write_timeline
from vpd.report.detection_video import write_clips, write_overlay, write_reel
from vpd.search import default_features
from vpd.sequences import FeatureStore
from vpd.settings import DetectSettings
from vpd.settings.toml import load_settings
from vpd.types import Array, Detection, Segment


def _frame_times(layout: Layout, store: FeatureStore, video: str) -> Array:
    path = layout.frames(video)
    if path.exists():
        return read_times(path)
    raise InputError(f"{path} does not exist. Make it with `vpd run`.")


def _tolerance_s(text: str, fps: float) -> float:
    """Seconds of "0.2", or of "5f" at ``fps`` frames a second. Raises InputError for anything else."""
    frames = text.endswith("f")
    try:
        value = float(text.removesuffix("f"))
    except ValueError:
        value = -1.0
    if not value > 0:
        raise InputError(f"--points {text} is neither seconds nor frames; give it as 0.2 or as 5f.")
    return frames_to_seconds(value, fps) if frames else value


def _summary(
    detector: FrameDetector, settings: DetectSettings, features: str, shown_from: float
) -> dict[str, Any]:
    return {
        "features": features,
        "settings": settings.model_dump(),
        "classes": list(detector.classes_),
        "held_out_average_precision": round(detector.trial_.average_precision, 4),
        "judged_on": detector.judged_on,
        "decoding": vars(detector.trial_.decoding),
        "share_of_search": getattr(detector, "weight_", None),
        "shown_from_score": round(shown_from, 4),
    }


@dataclass(frozen=True)
class _Task:
    """What to learn from, where to look, by the times of each video's frames, and where answers go."""

    store: FeatureStore
    given: list[Segment]
    times: dict[str, Array]
    folder: Path
    at_least: float | None
    quiet: bool

    def say(self, text: str) -> None:
        if not self.quiet:
            say(text)

    def answer(self, how: DetectSettings) -> tuple[list[Detection], list[str]]:
        """Learn as the settings say and write what is found; what was found, and the classes."""
        detector = learn(self.store, self.given, how)
        shown_from = detector.show_from_ if self.at_least is None else self.at_least
        found: list[Detection] = []
        for video, times in self.times.items():
            scores = detector.score_frames(self.store.sequences(video))
            own = [d for d in detector.detections(scores) if d.score >= shown_from]
            found += own
            write_timeline(
                self.folder / "timelines" / f"{video}.png",
                video,
                own,
                scores=scores,
                labels=[s for s in self.given if s.video == video],
                end_s=float(times[-1]),
                classes=detector.classes_,
            )
        found.sort(key=lambda d: -d.score)
        table = rows(found, self.times)
        write_csv(self.folder / "detections.csv", table)
        about = _summary(detector, how, self.store.name, shown_from)
        write_json(self.folder / "detections.json", table, about)
        self._write_page(found, {})
        self.say(f"{len(found)} actions in {len(self.times)} videos, score {shown_from:.2f} and above.")
        self.say(f"Average precision on {detector.judged_on}: {detector.trial_.average_precision:.2f}.")
        return found, list(detector.classes_)

    def _write_page(self, found: list[Detection], clips: dict[int, str]) -> None:
        timelines = {video: f"timelines/{video}.png" for video in self.times}
        write_page(self.folder / "index.html", rows(found, self.times), timelines, clips, "Detections")

    def add(
        self,
        found: list[Detection],
        videos: Videos,
        layout: Layout,
        shown: tuple[bool, bool, bool],
        exports: list[str],
        classes: list[str],
    ) -> list[Path]:
        """Write what is asked for besides: overlays, clips (which the page then shows), reel, exports."""
        overlay, clips, reel = shown
        folder, written = self.folder, []
        files = {video: videos.file(video) for video in self.times} if any(shown) else {}
        if clips:
            paths = write_clips(folder / "clips", files, found)
            self._write_page(found, {i: f"clips/{path.name}" for i, path in enumerate(paths)})
            written.append(folder / "clips")
        if reel and found:
            fps = videos[found[0].video].fps or Fraction(30)
            write_reel(folder / "reel.mp4", files, self.times, fps, found)
            written.append(folder / "reel.mp4")
        for video, times in self.times.items() if overlay else ():
            path = folder / "overlays" / f"{video}.mp4"
            own = [d for d in found if d.video == video]
            write_overlay(path, files[video], times, videos[video].fps, own, layout.tracks(video), classes)
            written.append(path)
        media = {v: Media.of(videos[v], times) for v, times in self.times.items()} if exports else {}
        for name in exports:
            written += export_segments(name, found, media, folder / "exports")
        return written


def detect(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[VIDEO]...", help="Default: all without labels.")
    ] = None,
    library: LibraryOption = None,
    features: Annotated[
        str | None,
        typer.Option("--features", "-f", help="Features to use; by default those of search in uncut video."),
    ] = None,
    labels: Annotated[Path | None, typer.Option(help="Labels to learn from; default labels.csv.")] = None,
    method: Annotated[str | None, typer.Option(help="search, trained or combined.")] = None,
    points: Annotated[
        str | None,
        typer.Option(help="Find moments, not spans, to be right within this: seconds, or frames as 5f."),
    ] = None,
    at_least: Annotated[
        float | None, typer.Option(help="Least score; default: best F1 on held-out labels.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the results.")] = None,
    overlay: Annotated[bool, typer.Option(help="Write each video with what was found drawn in.")] = False,
    clips: Annotated[bool, typer.Option(help="Write a clip of each detection.")] = False,
    reel: Annotated[bool, typer.Option(help="Write a highlight reel.")] = False,
    export: Annotated[
        list[str] | None, typer.Option(help="boris, elan, label-studio, cvat, opensportslab.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print for machines.")] = False,
) -> None:
    """Find labelled actions in videos without labels: start, end, action and score, surest first."""
    layout = open_library(library)
    settings = load_settings(layout.settings).detect
    if method is not None:
        settings = DetectSettings.model_validate(settings.model_dump() | {"method": method})
    videos = Videos.read(layout)
    given = detected(layout, read_labels(labels or layout.labels, videos))
    warn_of_set_aside(given, videos)
    store = FeatureStore(layout, features or default_features(layout))
    wanted = videos_to_search(store, given, [videos.id_of(name) for name in names or []])
    if points is not None:
        tolerance_s = _tolerance_s(points, float(videos[wanted[0]].fps))
        settings = DetectSettings.model_validate(settings.model_dump() | {"points_s": tolerance_s})
    times = {video: _frame_times(layout, store, video) for video in wanted}
    task = _Task(store, given, times, out or layout.results / "detect", at_least, quiet=as_json)
    if settings.paper or settings.method != "search":
        task.say("By search, until the networks have learned:")
        task.answer(settings.model_copy(update={"method": "search", "paper": False}))
        task.say("By the networks:")
    found, classes = task.answer(settings)
    written = task.add(found, videos, layout, (overlay, clips, reel), export or [], classes)
    if as_json:
        print_json({"folder": str(task.folder), "detections": rows(found, times)})
        return
    folder = task.folder
    for path in [folder / "index.html", folder / "detections.csv", folder / "detections.json", *written]:
        say(f"  {path}")
