"""What of a video is to be made: by the notes of earlier looks, else by opening its artefacts."""

from __future__ import annotations

from collections.abc import Iterable

from vpd.errors import InputError
from vpd.library.videos import NEW, OK, VideoRow, Videos
from vpd.pipeline import scan
from vpd.pipeline.noted import Notes, Probe, probe_of
from vpd.pipeline.sources import Sources
from vpd.pipeline.table import STEPS, outputs


def notes_of(sources: Sources) -> Notes:
    """The notes of what was found up to date under these settings, read once."""
    if sources.notes is None:
        sources.notes = Notes(sources.layout, _probes(sources))
    return sources.notes


def _probes(sources: Sources) -> dict[str, Probe]:
    """For each step, what it would make of a video that has nothing of its own."""
    row = VideoRow(":", "", "", 0, 0, key="0" * 32, frames=1, status=OK)  # no id has a colon
    probe = Sources(sources.layout, sources.settings, Videos(sources.layout, [row]))
    found = {name: outputs(probe, row.video, name) for name in STEPS}
    return {
        name: probe_of(sources.layout.root, (o.recipe.key for o in made), (o.path for o in made), row.video)
        for name, made in found.items()
        if made
    }


def stale(sources: Sources, video: str, names: Iterable[str]) -> list[str]:
    """The steps, in order, with an artefact of the video that is missing or out of date."""
    return [name for name in names if not is_made(sources, video, name)]


def is_made(sources: Sources, video: str, name: str) -> bool:
    """Whether all artefacts of one step for one video are up to date. What is looked at is noted."""
    row, plain = sources.row(video), sources.is_plain(video)
    if plain and notes_of(sources).has(row, name):
        return True
    if plain and notes_of(sources).is_missing(row, name):
        return False
    found = outputs(sources, video, name)
    made = all(output.current for output in found)
    if made and plain and found:
        notes_of(sources).keep(row, name, [output.path for output in found])
    return made


def scan_is_due(sources: Sources, video: str) -> bool:
    """Whether the video must be scanned: it is new, its file has changed, or its index is missing.

    An unreadable file is tried again when it changes, or when its missing rate is given. A missing file is
    not scanned.
    """
    row = sources.row(video)
    if row.status == NEW or not row.key:
        return True
    try:
        if sources.videos.changed(video):
            return True
    except InputError:
        return False
    plain = sources.is_plain(video)
    if plain and row.frames > 0 and notes_of(sources).has(row, scan.STEP):
        return False
    output = scan.outputs(sources, video)[0]
    readable = row.frames > 0 or (row.without_rate and sources.settings.scan.fps > 0)
    if not readable or not output.current:
        return readable
    if plain:
        notes_of(sources).keep(row, scan.STEP, [output.path])
    return False
