"""A playlist of actions: media players play the videos themselves, each action from its start to its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from vpd.errors import InputError
from vpd.library.artefact import write_text
from vpd.library.frames import Recording
from vpd.types import Array, Segment


def write_playlist(
    path: Path, segments: Sequence[Segment], files: Mapping[str, Recording], times_s: Mapping[str, Array]
) -> None:
    """Write an M3U with an entry for each segment, in the order given.

    The start and the end of an action stand in VLC's ``#EXTVLCOPT``; other players play the whole video.
    Seconds count from the first frame, as players count.

    Parameters
    ----------
    files, times_s : the file of each video, and the times (T,) of its frames in seconds.

    Raises
    ------
    InputError
        Where a video is of several files.
    """
    lines = ["#EXTM3U"]
    for s in segments:
        if files[s.video].more:
            raise InputError(f"{s.video} is of several files, which no playlist holds. Cut clips instead.")
        first_s = float(times_s[s.video][0])
        start_s, end_s = max(0.0, s.start_s - first_s), s.end_s - first_s
        name = " ".join(f"{s.label or 'action'} - {s.video}".split())
        lines += [
            f"#EXTINF:{end_s - start_s:.3f},{name}",
            f"#EXTVLCOPT:start-time={start_s:.3f}",
            f"#EXTVLCOPT:stop-time={end_s:.3f}",
            files[s.video].path.absolute().as_uri(),
        ]
    write_text("\n".join([*lines, ""]), path)
