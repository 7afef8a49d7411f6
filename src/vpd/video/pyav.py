"""What differs between versions of PyAV: 18 (Python 3.11 and later), 19 (Python 3.12 and later).

From 19 on, rates and time bases are numbers of PyAV's own and not fractions, an unknown one is 0 and not
None, and text in other encodings than UTF-8 comes with surrogates, which no file and no page can hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import av
import av.logging
from av.container import InputContainer

_OPEN: dict[str, Any] = {"metadata_errors": "replace"} if av.__version__.startswith("18.") else {}


def open_input(url: str, known: str | None, options: dict[str, str]) -> InputContainer:
    """Open a container to read it. ``known`` is FFmpeg's name of the format, None to let it find out.

    Raises av.FFmpegError, OSError, ValueError. PyAV's log is switched off, as it is by default: with it a
    decoder's thread waits for the interpreter, which waits for that thread where a file is closed. The import
    of torchvision up to 0.25 at least switches it on.
    """
    if av.logging.get_level() is not None:
        av.logging.set_level(None)
    container: InputContainer = av.open(url, "r", known, options=options, **_OPEN)
    return container


def exact(ratio: Any) -> Fraction | None:
    """A rate, time base or aspect of a stream as a fraction; None where FFmpeg knows none."""
    return Fraction(ratio.numerator, ratio.denominator) if ratio else None


def tags(metadata: Mapping[str, str]) -> dict[str, str]:
    """The tags of a container or stream. Bytes that are not UTF-8 become U+FFFD."""
    return {_text(key): _text(value) for key, value in metadata.items()}


def _text(value: str) -> str:
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
