"""The step `scan`: decode a file once, and record its properties and the index of its frames."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from vpd.errors import InputError, RateMissingError, VideoError
from vpd.library.artefact import Recipe, read_recipe
from vpd.library.frames import write_index
from vpd.library.layout import Layout
from vpd.library.sample import content_sample
from vpd.library.videos import OK, VideoRow
from vpd.pipeline.sources import Output, Sources, once_a_video
from vpd.video import recording_key, scan_video

STEP, VERSION = "scan", 3
FOUND = (
    "width", "height", "rotation", "fps_numerator", "fps_denominator", "frames", "start_s", "end_s",
    "duration_s", "warning", "about",
)  # fmt: skip
"""Results of the scan besides the frames. The artefact keeps them, so that a lost table needs no new
decoding.
"""

FOR_THE_TABLE = ("path", "relative", "bytes", "mtime_ns", "without_rate", "chapters", "sample")
"""Values kept too, so that a damaged table can be rebuilt with the same ids."""


def _output(layout: Layout, row: VideoRow, fps: float) -> Output:
    settings = {"fps": fps} if row.without_rate else {}
    return Output(layout.frames(row.video), Recipe(STEP, VERSION, settings, {"video": row.key}))


@once_a_video
def outputs(sources: Sources, video: str) -> list[Output]:
    """The index of the frames, with its recipe."""
    return [_output(sources.layout, sources.row(video), sources.settings.scan.fps)]


def scan(sources: Sources, video: str) -> VideoRow:
    """The row with the properties of the file. Its frame index is written. An unreadable file is set
    aside.
    """
    videos, fps = sources.videos, sources.settings.scan.fps
    try:
        row, footage = videos.stamped(video), videos.recording(video)
        row = replace(row, key=recording_key(footage.files))
        with suppress(OSError):  # of a file that goes just now; it is missed when it is decoded
            row = replace(row, sample="" if row.is_remote else content_sample(footage.files))
        output = _output(videos.layout, row, fps)
        if output.current:
            found = read_recipe(output.path)["notes"]
            return replace(row, **{name: found[name] for name in FOUND}, status=OK, error="")
        info, index = scan_video(footage, video, row.key, fps)
    except VideoError as error:
        without_rate = isinstance(error, RateMissingError)
        return replace(row, frames=0, without_rate=without_rate).set_aside(str(error))
    except InputError as error:
        return videos.rows[video].set_aside(str(error))
    row = replace(row.scanned(info), without_rate=info.rate_given)
    notes = {name: getattr(row, name) for name in (*FOUND, *FOR_THE_TABLE)}
    output = _output(videos.layout, row, fps)
    write_index(output.path, index, replace(output.recipe, notes=notes))
    return row
