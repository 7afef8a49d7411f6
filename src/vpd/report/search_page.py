"""Write the results of a search as a folder: a page with clips beside the query, a table and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
from markupsafe import Markup

from vpd.errors import ArtefactError, InputError
from vpd.library.artefact import write_text
from vpd.report.clips import Clip, Find, write_clip, write_clips
from vpd.report.html import WARPING, fragment, join, script_data, url, write_page
from vpd.search import Hit
from vpd.types import Array, Segment
from vpd.verbs.rows import Row, segment_row
from vpd.verbs.search import SearchResult
from vpd.video import cut_clip, read_frames, write_video

HEIGHT = 360
"""Height of a side-by-side video in pixels."""


def _shown(segment: Segment, clip: Clip) -> dict[str, Any]:
    """Data of a query or a result, for the page."""
    return {**segment_row(segment), "clip": url(f"clips/{clip.path.name}"), "problem": clip.problem}


def _card(hit: Hit, query: Segment, row: Row, clip: Clip) -> dict[str, Any]:
    """Data of a result, for the page. ``path`` holds corresponding times within the clips of query and
    result.
    """
    pairs = np.stack([hit.query_s - query.start_s, hit.result_s - hit.segment.start_s], axis=1)
    return {**_shown(hit.segment, clip), **row, "path": np.maximum(pairs, 0).round(4).tolist()}


def write_search_page(folder: Path, result: SearchResult, find: Find) -> Path:
    """Write ``folder`` with index.html, clips/, hits.csv and hits.json. The folder can be moved or sent.

    Returns the page's path.
    """
    asked = []
    for number, query in enumerate(result.queries):
        (folder / "clips").mkdir(parents=True, exist_ok=True)
        asked.append(_shown(query, write_clip(folder / "clips" / f"query_{number}.mp4", query, find)))
    clips = write_clips(folder / "clips", [hit.segment for hit in result.hits], find)
    cards = [
        _card(hit, result.queries[hit.query], row, clip)
        for hit, row, clip in zip(result.hits, result.rows(), clips, strict=True)
    ]
    write_text(result.to_csv(), folder / "hits.csv")
    write_text(json.dumps(result.to_json(), indent=1), folder / "hits.json")
    data = script_data({"queries": asked, "results": cards})
    notes = join(Markup("<p>{}</p>").format(str(note)) for note in result.notes)
    body = fragment("search_page.html", about=_about(result), notes=notes, data=data, warping=WARPING)
    return write_page(folder / "index.html", "Search results", body)


def _about(result: SearchResult) -> str:
    where = "uncut video" if result.uncut else "labelled segments"
    names = (
        f"{q.label or 'action'} in {q.video}, {q.start_s:.2f} to {q.end_s:.2f} s" for q in result.queries
    )
    return f"{len(result.hits)} nearest in {where} to {'; '.join(names)}, by {result.features.name}"


def _scaled(rgb: Array) -> Array:
    """The picture scaled to the height of a side-by-side video."""
    width = max(1, round(rgb.shape[1] * HEIGHT / rgb.shape[0]))
    resized: Array = cv2.resize(rgb, (width, HEIGHT), interpolation=cv2.INTER_AREA)
    return resized


def write_pairs(folder: Path, result: SearchResult, find: Find) -> list[Clip]:
    """Write a video of query and aligned result for each hit that has a path. Returns the problems."""
    folder.mkdir(parents=True, exist_ok=True)
    clips = []
    with TemporaryDirectory() as scratch:
        for rank, hit in enumerate(result.hits, start=1):
            if len(hit.query_s):
                out, problem = folder / f"{rank:03d}_{hit.segment.video}.mp4", ""
                try:
                    write_side_by_side(out, result.queries[hit.query], hit, find, Path(scratch))
                except (InputError, ArtefactError) as error:
                    problem = str(error)
                clips.append(Clip(out, problem))
    return clips


def write_side_by_side(out: Path, query: Segment, hit: Hit, find: Find, folder: Path) -> int:
    """Write a video of the query with the result beside it: each frame of the query, with the frame that
    corresponds by the path. Returns the number of frames. ``folder`` holds its two clips for the time of
    writing.
    """
    left, right = folder / f"{out.stem}_query.mp4", folder / f"{out.stem}_result.mp4"
    cut_clip(find(query.video), query.start_s, query.end_s, left)
    cut_clip(find(hit.segment.video), hit.segment.start_s, hit.segment.end_s, right)
    asked, found = list(read_frames(left)), list(read_frames(right))
    times = np.array([frame.time_s for frame in found])
    moments = np.interp(
        [frame.time_s for frame in asked], hit.query_s - query.start_s, hit.result_s - hit.segment.start_s
    )
    partners = np.abs(times[None] - moments[:, None]).argmin(axis=1)

    def pictures() -> Iterator[Array]:
        for frame, partner in zip(asked, partners, strict=True):
            yield np.hstack([_scaled(frame.rgb), _scaled(found[partner].rgb)])

    rate = (len(asked) - 1) / (asked[-1].time_s - asked[0].time_s) if len(asked) > 1 else 25.0
    return write_video(pictures(), rate, out)
