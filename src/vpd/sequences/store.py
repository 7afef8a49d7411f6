"""One name's features of a whole library, opened a video at a time and only when asked for."""

from __future__ import annotations

from functools import lru_cache

from vpd.errors import InputError
from vpd.library.features import read_features
from vpd.library.layout import Layout
from vpd.sequences.athlete import meant_athlete
from vpd.sequences.spans import cut
from vpd.types import FeatureSequence, Segment

OPEN_VIDEOS = 64
"""Videos whose features are kept in memory; more would hold a corpus."""


class FeatureStore:
    """Features called ``name`` of the library at ``layout``. Raises InputError where there are none."""

    def __init__(self, layout: Layout, name: str) -> None:
        if name not in layout.feature_names():
            known = ", ".join(layout.feature_names()) or "none"
            raise InputError(
                f"{layout.root} has no features {name!r}; present: {known}. Make them with `vpd run`."
            )
        self.layout, self.name = layout, name
        self._read = lru_cache(maxsize=OPEN_VIDEOS)(lambda video: read_features(layout.features(name, video)))

    def videos(self) -> list[str]:
        """Videos that have these features, sorted."""
        return sorted(p.stem for p in (self.layout.root / "features" / self.name).glob("*.arrow"))

    def sequences(self, video: str) -> list[FeatureSequence]:
        """All athletes of one video."""
        return self._read(video)

    def segment(self, segment: Segment) -> FeatureSequence:
        """The features of a segment: of its athlete, or of the one with most valid frames in the span.

        Raises InputError where no athlete has a valid frame there.
        """
        spans = {
            sequence.athlete: cut(sequence, segment.start_s, segment.end_s)
            for sequence in self.sequences(segment.video)
        }
        meant = meant_athlete(segment, {athlete: int(span.valid.sum()) for athlete, span in spans.items()})
        if meant is None:
            who = "an athlete" if segment.athlete is None else f"athlete {segment.athlete}"
            raise InputError(
                f"{segment.video} shows no features of {who} "
                f"between {segment.start_s:g} and {segment.end_s:g} s"
            )
        return spans[meant]
