"""Counts in sentences: 1 video, 2 videos."""

from __future__ import annotations


def counted(count: int, one: str, many: str = "") -> str:
    """The count with ``one`` thing, or with ``many``; where these are not given, with ``one`` and an s.

    Examples
    --------
    >>> counted(1, "video"), counted(3000, "video"), counted(0, "row is", "rows are")
    ('1 video', '3,000 videos', '0 rows are')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"
