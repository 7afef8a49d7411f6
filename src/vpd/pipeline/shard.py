"""Shards: a share of a library's videos by their ids, for schedulers such as Slurm that start many runs."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from vpd.errors import InputError


def shard_of(video: str, count: int) -> int:
    """The number, from 1 to ``count``, of a video's shard. It depends on the id alone, on every computer."""
    return int(hashlib.sha256(video.encode()).hexdigest()[:12], 16) % count + 1


@dataclass(frozen=True)
class Shard:
    """Shard ``number`` of ``count``, counted from 1.

    Examples
    --------
    >>> Shard.read("2/3")
    Shard(number=2, count=3)
    >>> Shard(2, 3).of(["a", "b", "c", "d", "e", "f"])
    ['e', 'f']
    """

    number: int
    count: int

    @classmethod
    def read(cls, text: str) -> Shard:
        """The shard that ``i/n`` names. Raises InputError for other texts, and for an i outside 1 to n."""
        found = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text.strip())
        if not found or not 1 <= int(found[1]) <= int(found[2]):
            raise InputError(
                f"{text!r} is no shard: write i/n, with i from 1 to n, such as 3/40 for the third of 40."
            )
        return cls(int(found[1]), int(found[2]))

    def of(self, videos: Iterable[str]) -> list[str]:
        """The videos of this shard, in their order."""
        return [video for video in videos if shard_of(video, self.count) == self.number]

    def __str__(self) -> str:
        return f"shard {self.number} of {self.count}"
