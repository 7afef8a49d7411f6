"""Import a published data set into a library: find or cut its videos, scan them, write its labels."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from vpd.errors import InputError
from vpd.library.artefact import write_text
from vpd.library.layout import Layout
from vpd.library.own_folder import mark
from vpd.library.videos import Registration, Videos
from vpd.paper.dataset import Dataset
from vpd.paper.datasets.table import read_dataset
from vpd.paper.importing import Imported, import_labels
from vpd.paper.videos import CLIPS, Plan, cut_all, of_other_case, plan_videos, video_files
from vpd.pipeline.register import add_videos, make_library
from vpd.pipeline.report import Listener, RunReport
from vpd.pipeline.run import run
from vpd.settings.toml import HEADER, load_settings

PEOPLE = """
[track]
athletes = {count}
order = "front"
"""
"""Settings of a library whose videos show several athletes, such as the two players of a tennis point."""


@dataclass(frozen=True, eq=False)
class Brought:
    """The result of an import.

    Attributes
    ----------
    imported : labels, parts and what was left out. plan : which videos there are.
    unusable : by clip or file, why it could not be cut or read. scan : the report of the scan.
    """

    imported: Imported
    plan: Plan
    unusable: dict[str, str]
    scan: RunReport


def bring(
    key: str,
    labels: Path,
    videos: Path,
    library: Path,
    poses: Path | None = None,
    jobs: int = 1,
    listener: Listener | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> Brought:
    """Import the data set ``key`` into the library, which is created where it is missing.

    A second call continues: clips that are cut and videos that are scanned stay. Raises InputError for label
    files that cannot be used, and where no video of the data set is present.
    """
    for folder in filter(None, (labels, videos, poses)):
        if not folder.is_dir():
            raise InputError(f"{folder} is not a folder.")
    files = video_files(videos)
    dataset = read_dataset(key, labels, list(files))
    plan = plan_videos(dataset, files)
    for name, path in of_other_case(dataset, plan, files).items():
        say(f"{path} is {name} but for capital letters. Labels go by names: rename it.")
    if not plan.present and not plan.to_cut:
        example = next(iter(dataset.clips), "")
        raise InputError(
            f"{videos} has no video of {dataset.about.title}: of {len(files)} files none is named as its "
            f"clips are, such as {example}. It needs {dataset.about.needs}."
        )
    layout = make_library(library)
    _follow(layout, dataset, say)
    say(f"{len(plan.present)} clips are there, {len(plan.to_cut)} to cut, {len(plan.missing)} missing.")
    clips = layout.root / CLIPS
    if plan.to_cut and not clips.exists():
        mark(clips, "clips that a data set names")
    cut, unusable = cut_all(dataset, plan, clips, lambda clip: say(f"cut {clip}"))
    files = plan.present | cut
    registered = add_videos(layout, [*files.values(), *plan.others])
    unusable |= {Path(place).name: str(why) for place, why in registered.problems}
    report = run(layout, ("scan",), jobs, listener=listener)
    imported = import_labels(layout, dataset, _videos_of(layout, files, registered), poses)
    return Brought(imported, plan, unusable, report)


def _follow(layout: Layout, dataset: Dataset, say: Callable[[str], None]) -> None:
    """Set how many people the tracker follows, where vpd.toml sets nothing yet; else say what is needed."""
    people = len(dataset.people)
    if not people:
        return
    if layout.settings.read_text(encoding="utf-8") == HEADER:
        say(f"[track] follows {people} people, the front one as athlete 0.")
        write_text(f"{HEADER}{PEOPLE.format(count=people)}", layout.settings)
        return
    track = load_settings(layout.settings).track
    if (track.athletes, track.order) != (people, "front"):
        say(
            f'{dataset.about.title} labels {people} people: set athletes = {people} and order = "front" in '
            f"[track] of {layout.settings}, or own tracks are not numbered as the labels are."
        )


def _videos_of(layout: Layout, files: Mapping[str, Path], registered: Registration) -> dict[str, str]:
    """The id of the video of each clip, by its file."""
    twins = {Path(path).as_posix(): video for path, video in registered.duplicates}
    known = {row.path: row.video for row in Videos.read(layout).rows.values()} | twins
    places = {clip: os.path.abspath(path) for clip, path in files.items()}  # noqa: PTH100
    return {clip: known[path] for clip, path in places.items() if path in known}
