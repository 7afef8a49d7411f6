"""Parse the name of a labelled action in lists: VIDEO@START-END, with #ATHLETE where one is named."""

from __future__ import annotations

import re
from collections.abc import Sequence

from vpd.errors import InputError
from vpd.library.cells import parse_time
from vpd.library.names import VideoNames, nfc, without_suffix
from vpd.types import Segment

_ACTION = re.compile(r"(?P<video>.+)@(?P<start>[^@-]+)-(?P<end>[^@-]+?)(#(?P<athlete>\d+))?", re.ASCII)


def segment_key(segment: Segment) -> str:
    """The name of a segment. Times are given to the millisecond."""
    return _key(segment.video, segment.start_s, segment.end_s, segment.athlete)


def _key(video: str, start_s: float, end_s: float, athlete: int | None) -> str:
    return f"{video}@{start_s:.3f}-{end_s:.3f}" + ("" if athlete is None else f"#{athlete}")


def video_meant(written: str, names: VideoNames | None) -> str:
    """The id of the video that a list names. A name stays unchanged where the library lacks the video, as in
    a part of a data set. Without ``names`` it is an id, with a suffix or not. Raises InputError where the
    name fits several videos.
    """
    if names is None or not names.matches(written):
        return without_suffix(nfc(written).strip())
    return names.find(written)


def action_key(written: str, names: VideoNames | None) -> str | None:
    """The key of the action that a list names, in whatever form its video and times are written.

    None where the text names a video, whose name may hold ``@``, and no action. Raises InputError where the
    video's name fits several.
    """
    found = _ACTION.fullmatch(nfc(written).strip())
    if found is None or (names is not None and names.matches(written)):
        return None
    try:
        start_s, end_s = parse_time(found["start"]), parse_time(found["end"])
    except InputError:
        return None
    athlete = None if found["athlete"] is None else int(found["athlete"])
    return _key(video_meant(found["video"], names), start_s, end_s, athlete)


class ActionFinder:
    """Find segments by the names in lists: of an action, or of a video, which means all its segments."""

    def __init__(self, segments: Sequence[Segment], names: VideoNames | None = None) -> None:
        self._names = names
        self._places: dict[str, list[int]] = {}
        for place, segment in enumerate(segments):
            for name in (segment_key(segment), segment.video):
                self._places.setdefault(name, []).append(place)

    def __call__(self, written: str) -> list[int]:
        """Indices of the segments meant; none where the name is unknown. Raises InputError."""
        return self._places.get(
            action_key(written, self._names) or video_meant(written, self._names)
        ) or self._places.get(nfc(written).strip(), [])
