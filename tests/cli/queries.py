"""Queries VIDEO@START-END of all kinds: each is a span of a video of the library, or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vpd.errors import VpdError
from vpd.library.labels import parse_query
from vpd.library.layout import Layout
from vpd.library.videos import Videos

PIECES = (
    "a1", "b2", "new1.mp4", "videos/a1.mp4", "../a1", "", " ", "@", "-", "#", ":", "0.4-1.2", "0:00.4-0:01.2",
    "1e3", "nan", "inf", "-0", "٣", "½", "²", "0,5", "1_000", "0x1", "+1", "\0", "\n", "\t", "\x1b[2J",
    "\u202e", "é", "e\u0301", "\udce9", "😀", "%2e", "{}", "[", "'; drop", "9" * 400,
    "0.0000001", "#0", "#99", "#-1", "1-", "a1@0-1@0-1", "/dev/zero",
)  # fmt: skip
SOUND = "a1@0.4-1.2"


def a_query(rng: np.random.Generator) -> str:
    """Pieces beside each other, or a query that is right with some letters changed."""
    if rng.random() < 0.5:
        return "".join(PIECES[int(i)] for i in rng.integers(0, len(PIECES), int(rng.integers(1, 7))))
    letters = list(SOUND)
    for _ in range(int(rng.integers(1, 4))):
        at, kind = int(rng.integers(0, len(letters) + 1)), int(rng.integers(0, 3))
        if kind == 0 and at < len(letters):
            letters[at] = chr(int(rng.integers(1, 0x2FF)))
        elif kind == 1:
            letters.insert(at, str(rng.choice(list("0123456789.:-@#a "))))
        elif at < len(letters):
            del letters[at]
    return "".join(letters)


def fuzz_queries(root: Path, count: int, seed: int) -> tuple[int, int, list[str]]:
    """How many were read and refused, and what must not be: another end, or a span that is none."""
    videos = Videos.read(Layout(root))
    read, refused, wrong = 0, 0, []
    for number in range(count):
        text = a_query(np.random.default_rng([seed, number]))
        try:
            found = parse_query(text, videos)
        except VpdError:
            refused += 1
            continue
        except Exception as error:  # noqa: BLE001 - any other end is what is looked for
            wrong.append(f"query {seed}/{number} {text!r}: {type(error).__name__}: {error}")
            continue
        read += 1
        row = videos.rows.get(found.video)
        if row is None or not row.start_s <= found.start_s < found.end_s <= row.end_s + 1:
            wrong.append(f"query {seed}/{number} {text!r}: read as {found}")
    return read, refused, wrong
