"""The step `scan`: decode a file once, and note what is in it and the time of every frame."""

from __future__ import annotations

from dataclasses import replace

from vpd.errors import InputError, VideoError
from vpd.library.artefact import Recipe, is_current, read_recipe
from vpd.library.frames import write_times
from vpd.library.layout import Layout
from vpd.library.videos import NEW, OK, VideoRow, Videos
from vpd.pipeline.sources import Output, Sources
from vpd.video import content_key, read_video_info

VERSION = 2
FOUND = (
    "width", "height", "rotation", "fps_numerator", "fps_denominator", "frames", "start_s", "end_s",
    "duration_s", "warning",
)  # fmt: skip
"""What the scan finds besides times; kept in the artefact too, so that a lost table costs no decoding."""


def _output(layout: Layout, row: VideoRow) -> Output:
    return Output(layout.frames(row.video), Recipe("scan", VERSION, {}, {"video": row.key}))


def outputs(sources: Sources, video: str) -> list[Output]:
    """The times of the frames."""
    return [_output(sources.layout, sources.row(video))]


def is_due(videos: Videos, video: str) -> bool:
    """Whether the video must be scanned: it is new, its file has changed, or its times are gone.

    A file that could not be read is not tried again before it changes; one that is gone is left as it was.
    """
    row = videos.rows[video]
    if row.status == NEW or not row.key:
        return True
    try:
        if videos.changed(video):
            return True
    except InputError:
        return False
    output = _output(videos.layout, row)
    return row.frames > 0 and not is_current(output.path, output.recipe)


def scan(videos: Videos, video: str) -> VideoRow:
    """The row with what is in the file; the times of its frames are written. Set aside where unreadable."""
    try:
        row, file = videos.stamped(video), videos.file(video)
        row = replace(row, key=content_key(file))
        output = _output(videos.layout, row)
        if output.current:
            found = read_recipe(output.path)["notes"]
            return replace(row, **{name: found[name] for name in FOUND}, status=OK, error="")
        info = read_video_info(file, video, row.key)
    except VideoError as error:
        return replace(row, frames=0).set_aside(str(error))
    except InputError as error:
        return videos.rows[video].set_aside(str(error))
    row = row.scanned(info)
    notes = {name: getattr(row, name) for name in FOUND}
    write_times(output.path, info.times_s, replace(output.recipe, notes=notes))
    return row
