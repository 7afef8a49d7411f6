"""A sentence that each reader sees in his own language: the key of a text, and what stands in its gaps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
"""The folder of the texts: LANGUAGE.json, from keys to texts with gaps such as {time}."""


@lru_cache
def _english() -> dict[str, str]:
    texts: dict[str, str] = json.loads((FOLDER / "en.json").read_text(encoding="utf-8"))
    return texts


@dataclass(frozen=True)
class Sentence:
    """The text of ``key``, with ``values`` in its gaps. A value may be a sentence itself.

    Where ``count`` is 1, the text of ``key`` with "_one" is taken, if there is one.

    ``str`` gives it in English; the page gives it in the language of its user (`to_json`).

    Examples
    --------
    >>> str(Sentence("labels_count", {"count": 3}))
    '3 labels'
    """

    key: str
    values: Mapping[str, str | int | Sentence] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        texts = _english()
        one = texts.get(f"{self.key}_one") if self.values.get("count") == 1 else None
        return (one or texts[self.key]).format_map(self.values)

    def to_json(self) -> dict[str, Any]:
        """Plain values: ``key``, ``values``, of which one may be a sentence, and ``text`` in English."""
        values = {n: v.to_json() if isinstance(v, Sentence) else v for n, v in self.values.items()}
        return {"key": self.key, "values": values, "text": str(self)}


Said = Sentence | str
"""What is said to a reader: a sentence, or, where it has no translation, a text in English."""


def to_page(said: Said) -> dict[str, Any]:
    """What is said as plain values for the page, which names the server as the speaker of a mere text."""
    return said.to_json() if isinstance(said, Sentence) else {"text": said}
