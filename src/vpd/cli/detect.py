"""`vpd detect`: find the labelled actions everywhere else."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import typer

from vpd.cli.common import LibraryOption, open_library, print_json, say, warn_of_set_aside
from vpd.detection.base import FrameDetector
from vpd.detection.library import learn, videos_to_search
from vpd.detection.results import rows, write_csv, write_json
from vpd.errors import InputError
from vpd.library.exports import Media, export_segments
from vpd.library.frames import read_times
from vpd.library.labels import read_labels
from vpd.library.layout import Layout
from vpd.library.videos import Videos
from vpd.report.detection_page import write_page, write_timeline
from vpd.report.detection_video import write_clips, write_overlay, write_reel
from vpd.search import default_features
from vpd.sequences import FeatureStore
from vpd.settings import DetectSettings
from vpd.settings.toml import load_settings
from vpd.types import Array, Detection


def _frame_times(layout: Layout, store: FeatureStore, video: str) -> Array:
    path = layout.frames(video)
    if path.exists():
        return read_times(path)
    raise InputError(f"{path} does not exist. Make it with `vpd run`.")


def _summary(
    detector: FrameDetector, settings: DetectSettings, features: str, shown_from: float
) -> dict[str, Any]:
    return {
        "features": features,
        "settings": settings.model_dump(),
        "classes": list(detector.classes_),
        "held_out_average_precision": round(detector.trial_.average_precision, 4),
        "decoding": vars(detector.trial_.decoding),
        "share_of_search": getattr(detector, "weight_", None),
        "shown_from_score": round(shown_from, 4),
    }


def detect(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[VIDEO]...", help="Default: all without labels.")
    ] = None,
    library: LibraryOption = None,
    features: Annotated[
        str | None, typer.Option("--features", "-f", help="Features to use; by default those of search.")
    ] = None,
    labels: Annotated[Path | None, typer.Option(help="Labels to learn from; default labels.csv.")] = None,
    method: Annotated[str | None, typer.Option(help="search, trained or combined.")] = None,
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
    given = read_labels(labels or layout.labels, videos)
    warn_of_set_aside(given, videos)
    store = FeatureStore(layout, features or default_features(layout))
    wanted = videos_to_search(store, given, [videos.id_of(name) for name in names or []])
    detector = learn(store, given, settings)
    shown_from = detector.show_from_ if at_least is None else at_least
    folder = out or layout.results / "detect"
    times = {video: _frame_times(layout, store, video) for video in wanted}
    found: list[Detection] = []
    for video in wanted:
        scores = detector.score_frames(store.sequences(video))
        own = [d for d in detector.detections(scores) if d.score >= shown_from]
        found += own
        write_timeline(
            folder / "timelines" / f"{video}.png",
            video,
            own,
            scores=scores,
            labels=[s for s in given if s.video == video],
            end_s=float(times[video][-1]),
            classes=detector.classes_,
        )
    found.sort(key=lambda d: -d.score)
    shown = (overlay, clips, reel)
    written = _write(folder, found, wanted, times, videos, layout, shown, export or [], detector.classes_)
    table = rows(found, times)
    write_json(folder / "detections.json", table, _summary(detector, settings, store.name, shown_from))
    if as_json:
        print_json({"folder": str(folder), "detections": table})
        return
    say(f"{len(found)} actions in {len(wanted)} videos, score {shown_from:.2f} and above.")
    say(f"Average precision on held-out labelled videos: {detector.trial_.average_precision:.2f}.")
    for path in [folder / "index.html", folder / "detections.csv", folder / "detections.json", *written]:
        say(f"  {path}")


def _write(
    folder: Path,
    found: list[Detection],
    wanted: list[str],
    times: dict[str, Array],
    videos: Videos,
    layout: Layout,
    shown: tuple[bool, bool, bool],
    exports: list[str],
    classes: list[str],
) -> list[Path]:
    """Write the table, the page and what else is asked for; the files besides these."""
    overlay, clips, reel = shown
    table = rows(found, times)
    write_csv(folder / "detections.csv", table)
    written: list[Path] = []
    made: dict[int, str] = {}
    files = {video: videos.file(video) for video in wanted} if overlay or clips or reel else {}
    if clips:
        paths = write_clips(folder / "clips", files, found)
        made = {i: f"clips/{path.name}" for i, path in enumerate(paths)}
        written.append(folder / "clips")
    if reel and found:
        write_reel(folder / "reel.mp4", files, times, videos[found[0].video].fps or Fraction(30), found)
        written.append(folder / "reel.mp4")
    if overlay:
        for video in wanted:
            path = folder / "overlays" / f"{video}.mp4"
            own = [d for d in found if d.video == video]
            tracks = layout.tracks(video)
            write_overlay(path, files[video], times[video], videos[video].fps, own, tracks, classes)
            written.append(path)
    media = {video: Media.of(videos[video], times[video]) for video in wanted} if exports else {}
    for name in exports:
        written += export_segments(name, found, media, folder / "exports")
    timelines = {video: f"timelines/{video}.png" for video in wanted}
    write_page(folder / "index.html", table, timelines, made, "Detections")
    return written
