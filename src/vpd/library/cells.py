"""Parse cells that people write: numbers, times and names. Errors say what was expected."""

from __future__ import annotations

import math
import re

from vpd.errors import InputError

POINT, COMMA = ".", ","
MOST_WHOLE = 2**53
"""Largest whole number that is accepted. Beyond it floating point is inexact, and no frame, athlete or pixel
has such a number.
"""

_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_WHOLE = re.compile(r"\d{1,16}", re.ASCII)


def parse_number(text: str, decimal: str = POINT) -> float:
    """Parse a finite number with the decimal mark ``decimal``. Raises InputError.

    Only ASCII digits are accepted, without marks between thousands: 1,234 has two meanings.
    """
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        raise InputError(f"{text!r} is not a number")
    other = COMMA if decimal == POINT else POINT
    if other in text:
        kind = {POINT: "point", COMMA: "comma"}
        raise InputError(f"{text!r} has a {kind[other]}, where the decimal mark is a {kind[decimal]}")
    value = float(text.replace(COMMA, POINT))
    if not math.isfinite(value):
        raise InputError(f"{text!r} is too large a number")
    return value


def parse_whole(text: str, what: str = "a whole number") -> int:
    """Parse a whole number from 0 on, in ASCII digits. Raises InputError that says ``what`` was expected."""
    text = text.strip()
    if not _WHOLE.fullmatch(text) or int(text) > MOST_WHOLE:
        raise InputError(f"{text!r} is not {what}")
    return int(text)


def parse_time(text: str, decimal: str = POINT) -> float:
    """Parse ``12.5``, ``1:02.5`` or ``1:00:02.5`` as seconds. Raises InputError for anything else."""
    text = text.strip()
    parts = text.split(":")
    try:
        values = [parse_number(part, decimal) for part in parts]
    except InputError as error:
        if "decimal mark" in str(error):
            raise
        values = []
    if not 1 <= len(values) <= 3:
        raise InputError(f"{text!r} is not a time: write seconds (12.5) or minutes:seconds (1:02.5)")
    if len(values) > 1:
        if not all(0 <= v < 60 for v in values[1:]):
            raise InputError(f"{text!r} is not a time: minutes and seconds lie below 60")
        if not all(part.strip().isdigit() for part in parts[:-1]):
            raise InputError(f"{text!r} is not a time: hours and minutes are whole")
    seconds = 0.0
    for value in values:
        seconds = 60 * seconds + value
    return seconds


def parse_athlete(text: str) -> int | None:
    """Parse the number of an athlete; None where the cell is empty. Raises InputError."""
    text = text.strip()
    if not text:
        return None
    try:
        return parse_whole(text)
    except InputError:
        raise InputError(f"athlete {text!r} is not a number (leave it empty where any is meant)") from None


def write_number(value: float, decimal: str = POINT, digits: int = 6) -> str:
    """The shortest text of ``value`` with at most ``digits`` decimal places."""
    text = f"{value:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace(POINT, decimal)
