"""Import a published data set into a library: find or cut its videos, scan them, write its labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vpd.errors import InputError
from vpd.library.artefact import write_text
from vpd.library.layout import SETTINGS_FILE
from vpd.library.own_folder import mark
from vpd.paper.datasets.table import read_dataset
from vpd.paper.importing import Imported, import_labels
from vpd.paper.videos import CLIPS, Plan, cut_all, plan_videos, video_files
from vpd.pipeline.register import add_videos, make_library
from vpd.pipeline.report import Listener, RunReport
from vpd.pipeline.run import run
from vpd.settings.toml import HEADER

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
    not_cut : by clip, why it could not be cut. scan : the report of the scan.
    """

    imported: Imported
    plan: Plan
    not_cut: dict[str, str]
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
    if not plan.present and not plan.to_cut:
        example = next(iter(dataset.clips), "")
        raise InputError(
            f"{videos} has no video of {dataset.about.title}: of {len(files)} files none is named as its "
            f"clips are, such as {example}. It needs {dataset.about.needs}."
        )
    new = not (library / SETTINGS_FILE).exists()
    layout = make_library(library)
    if new and dataset.people:
        say(f"[track] follows {len(dataset.people)} people, the front one as athlete 0.")
        write_text(f"{HEADER}{PEOPLE.format(count=len(dataset.people))}", layout.settings)
    say(f"{len(plan.present)} clips are there, {len(plan.to_cut)} to cut, {len(plan.missing)} missing.")
    clips = layout.root / CLIPS
    if plan.to_cut and not clips.exists():
        mark(clips, "clips that a data set names")
    cut, not_cut = cut_all(dataset, plan, clips, lambda clip: say(f"cut {clip}"))
    registered = add_videos(layout, [*plan.present.values(), *cut.values(), *plan.others])
    report = run(layout, ("scan",), jobs, listener=listener)
    aliases = {path.name.removesuffix(path.suffix): video for path, video in registered.duplicates}
    imported = import_labels(layout, dataset, aliases, poses)
    return Brought(imported, plan, not_cut, report)
