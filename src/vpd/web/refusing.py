"""Errors as the page receives them."""

from __future__ import annotations

from typing import Any

from vpd.strings import Said, Sentence, to_page


def error_json(said: Said) -> dict[str, Any]:
    """The answer to a request that failed: the error in English, and what the page shows."""
    return {"error": str(said), "said": to_page(said)}


def unexpected(error: Exception, why: str = "") -> Sentence:
    """What is said of a fault of the program itself; ``why`` only where it tells nothing of other files."""
    return Sentence("error_unexpected", {"kind": f"{type(error).__name__}{why and f' ({why})'}"})
