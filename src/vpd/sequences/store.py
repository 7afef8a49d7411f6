"""Features of one name in a library. A video is opened when it is needed."""

from __future__ import annotations

import os
from functools import cached_property, lru_cache

import numpy as np

from vpd.errors import ArtefactError, InputError
from vpd.library.artefact import check
from vpd.library.dataset import DatasetCard, read_card
from vpd.library.features import content_of, other_size, read_features
from vpd.library.layout import Layout
from vpd.library.videos import Videos
from vpd.sequences.athlete import meant_athlete
from vpd.sequences.people import mean_of_people
from vpd.sequences.spans import cut, detached, take_rows
from vpd.sequences.thinning import kept_by
from vpd.settings.old_names import FEATURES, now_called
from vpd.strings import Sentence
from vpd.types import FeatureSequence, Segment

SUFFIX = ".arrow"
NO_KEY = "-"
"""Of a video that is not in the table: no content key."""
OPEN_VIDEOS = 64
"""Number of videos whose features are kept in memory at a time."""


def videos_with(layout: Layout, name: str) -> list[str]:
    """Videos that have a file of the features called ``name``, used or not, in no order."""
    names = os.listdir(layout.features(name, "x").parent)  # noqa: PTH208  half the time, for 100,000 files
    return [n[: -len(SUFFIX)] for n in names if n.endswith(SUFFIX) and not n.startswith(".")]


class FeatureStore:
    """Features called ``name`` of the library at ``layout``, whose table of videos is read if none is
    given. Raises InputError where there are none.

    Features of videos that are missing, set aside or replaced since, or that the table does not name, are not
    used: one rule for all verbs.
    """

    def __init__(self, layout: Layout, name: str, videos: Videos | None = None) -> None:
        if name not in layout.feature_names():
            known = ", ".join(layout.feature_names()) or "none"
            raise InputError(
                f"{layout.root} has no features {name!r}; present: {known}. Make them with `vpd run`."
                + now_called(name, FEATURES)
            )
        self.layout, self.name, self._given = layout, name, videos
        self._reasons: dict[str, Sentence | None] = {}
        self._d = 0
        """Size of the features read so far."""
        self.contents: dict[str, str] = {}
        """Of videos of which it is known, the content key that their features were made of."""
        self._read = lru_cache(maxsize=OPEN_VIDEOS)(lambda video: read_features(layout.features(name, video)))

    def present(self) -> list[str]:
        """Names of the files of these features, sorted, used or not; they are looked for once."""
        return self._present

    @cached_property
    def _present(self) -> list[str]:
        return sorted(videos_with(self.layout, self.name))

    @cached_property
    def left_out(self) -> dict[str, Sentence]:
        """Videos that have these features but are not used, each with the reason as a clause."""
        if not self._videos.rows:  # features without a library around them
            return {}
        troubles, keys = self._videos.troubles(), self._videos.content_keys()
        found, made_of = {}, self.contents
        # Of many, nearly none.
        doubtful = [v for v in self.present() if v in troubles or made_of.get(v) != keys.get(v, NO_KEY)]
        for video in doubtful:
            known = video in keys
            if video not in self._reasons:
                why = troubles.get(video) if known else self._videos.trouble(video)
                self._reasons[video] = why or self._replaced(video, keys[video])
            if why := self._reasons[video]:
                found[video] = why
        return found

    @property
    def other_times(self) -> set[str]:
        """Videos that are used, though their files have other times than when they were scanned."""
        return self._videos.other_times & set(self.videos())

    def _why_not(self, video: str) -> Sentence | None:
        """Why the features of one video are not used, as a clause; found once."""
        if video not in self._reasons:
            self._reasons[video] = self._look(video)
        return self._reasons[video]

    def _look(self, video: str) -> Sentence | None:
        rows = self._videos.rows
        if not rows:  # features without a library around them
            return None
        return self._videos.trouble(video) or self._replaced(video, rows[video].key)

    def _replaced(self, video: str, key: str) -> Sentence | None:
        """What to say where the features were made of another video than that with this content key."""
        path, made_of = self.layout.features(self.name, video), self.contents.get(video)
        try:
            made_of = content_of(path) if made_of is None else made_of
            other = bool(made_of) and made_of != key
            if other:
                check(path)  # a damaged file may name anything
        except ArtefactError:
            return None  # what is wrong with the file is said when it is read
        return Sentence("trouble_replaced") if other else None

    def videos(self) -> list[str]:
        """Videos whose features are used, sorted."""
        return [video for video in self.present() if video not in self.left_out]

    def why_not(self, video: str) -> str:
        """Why a video does not answer, as a sentence; "" where it does."""
        why = self._reason(video)
        return f"{str(why).rstrip('.')}." if why else ""

    def _reason(self, video: str) -> Sentence | None:
        if why := self._why_not(video):
            return Sentence("error_trouble", {"video": video, "why": why})
        if video in self._names:
            return None
        return Sentence("error_without_features", {"video": video, "features": repr(self.name)})

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(self.present())

    def sequences(self, video: str) -> list[FeatureSequence]:
        """All athletes of one video. Raises InputError where it has none, or they are not used."""
        if why := self._reason(video):
            raise InputError(why)
        found = self._read(video)
        for sequence in found:
            self._d = self._d or sequence.d
            if sequence.d != self._d:
                raise other_size(self.layout.features(self.name, video), sequence.d, self._d)
        return found

    @cached_property
    def _card(self) -> DatasetCard | None:
        return read_card(self.layout.dataset)

    @cached_property
    def _videos(self) -> Videos:
        return Videos.read(self.layout) if self._given is None else self._given

    def segment(self, segment: Segment) -> FeatureSequence:
        """The features of a segment's window, or where it has no window, of the segment itself.

        They are of its athlete, or where it names none, of the one with most valid frames there. In a library
        of a published data set, people are averaged and frames of fast videos left out where its card says
        so. Raises InputError where no athlete has a valid frame there.
        """
        start_s, end_s = segment.window_s or (segment.start_s, segment.end_s)
        spans = {
            sequence.athlete: cut(sequence, start_s, end_s) for sequence in self.sequences(segment.video)
        }
        meant = meant_athlete(segment, {athlete: int(span.valid.sum()) for athlete, span in spans.items()})
        if meant is None:
            values = {"video": segment.video, "start": f"{start_s:g}", "end": f"{end_s:g}"}
            if segment.athlete is None:
                raise InputError(Sentence("error_unseen", values))
            raise InputError(Sentence("error_unseen_athlete", {**values, "athlete": segment.athlete}))
        found, card = detached(spans[meant]), self._card
        return found if card is None else self._as_published(found, list(spans.values()), segment, card)

    def _as_published(
        self, best: FeatureSequence, spans: list[FeatureSequence], segment: Segment, card: DatasetCard
    ) -> FeatureSequence:
        if card.mean_people and segment.athlete is None and len(spans) > 1:
            best = mean_of_people(spans)
        # The reference counts the frames that have a feature.
        rows = np.flatnonzero(best.valid)
        counted = kept_by(card, self._videos.rows.get(segment.video), len(rows))
        return best if counted is None else take_rows(best, rows[counted])
