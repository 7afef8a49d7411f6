"""The request to and the result of every reader of a foreign file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vpd.errors import InputError, LabelError
from vpd.formats.media import FindMedia, Media
from vpd.library.label_names import label_name
from vpd.types import Segment

_LINE_ENDS = re.compile(r"[\t-\r\x1c-\x1f\x85\u2028\u2029]+")
POINT_S = 0.04
"""Duration of a moment in seconds where the video's frame rate is unknown."""


@dataclass(frozen=True)
class Ask:
    """The user's options for a file.

    Attributes
    ----------
    find : the video that a name or path means.
    tiers : of ELAN, or annotators of Label Studio, that are wanted; empty where the user names none.
    encoding : of text, None to find out.
    """

    find: FindMedia
    tiers: tuple[str, ...] = ()
    encoding: str | None = None


@dataclass(frozen=True)
class Imported:
    """The segments of a file, sentences on skipped content, and for each segment cells of other columns."""

    segments: list[Segment]
    notes: tuple[str, ...] = ()
    own: Sequence[Mapping[str, str]] | None = None


Read = Callable[[Path, Ask], Imported]


def label_text(value: object, where: str) -> str:
    """A label as it is written, with blanks for line ends and tabs. Raises LabelError where it is none."""
    if not isinstance(value, str) or not value.strip():
        raise LabelError(f"{where}: the label {value!r} is not a text")
    text = _LINE_ENDS.sub(" ", value).strip()
    try:
        label_name(text)
    except InputError as error:
        raise LabelError(f"{where}: {error}") from error
    return text


def number(value: object, where: str) -> float:
    """A finite number, also as text, but no truth value. Raises LabelError."""
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError
        found = float(value)
    except (ValueError, OverflowError):
        raise LabelError(f"{where}: {value!r} is not a number") from None
    if not abs(found) < 1e12:
        raise LabelError(f"{where}: {value!r} is not a number that can be meant")
    return found


def whole(value: object, where: str) -> int:
    """A whole number from 0 on. Raises LabelError."""
    found = number(value, where)
    if found < 0 or found != int(found):
        raise LabelError(f"{where}: {value!r} is not a whole number from 0 on")
    return int(found)


def athlete_number(value: object, where: str) -> int | None:
    """An athlete's number, or None. Raises LabelError."""
    return None if value is None else whole(value, where)


def found_media(ask: Ask, names: Sequence[str], where: str) -> Media:
    """The video of the first name that is known. Raises LabelError with the reason for the first name."""
    reasons = []
    for name in dict.fromkeys(names):
        try:
            return ask.find(name)
        except InputError as error:
            reasons.append(str(error))
    reason = reasons[0].rstrip(".") if reasons else "it names no video"
    raise LabelError(f"{where}: {reason}. Say which it is with --video.")


def segment(
    media: Media, start_s: float, end_s: float, athlete: int | None, label: str, where: str
) -> Segment:
    """A segment. Raises LabelError for an impossible span."""
    try:
        return Segment(media.video, start_s, end_s, athlete, label)
    except InputError as error:
        raise LabelError(f"{where}: {error}") from error


def moment(media: Media, time_s: float, athlete: int | None, label: str, where: str) -> Segment:
    """A segment of the frame that is shown at a time on the video's own clock."""
    length_s = 1 / media.fps if media.fps else POINT_S
    return segment(media, time_s, time_s + length_s, athlete, label, where)
