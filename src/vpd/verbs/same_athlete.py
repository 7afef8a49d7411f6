"""Find the athlete of one shot in the shots that follow, by the clothes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np

from vpd.athletes.appearance import appearance, likeness
from vpd.athletes.picks import Pick
from vpd.errors import InputError
from vpd.library.frames import Recording, read_times
from vpd.library.layout import Layout
from vpd.library.videos import Videos
from vpd.strings import Sentence
from vpd.types import Array
from vpd.verbs.athletes import AthletesRequest, ShotAthletes, athletes
from vpd.verbs.progress import Progress
from vpd.video import read_frames

LIKE = 0.35
"""Least likeness of a proposal: the same player in two clips had 0.37 to 0.57 and more, others up to 0.36."""
AHEAD = 0.1
"""Least lead over the next person of the shot (docs/measurements/web.md)."""


@dataclass(frozen=True)
class SameRequest:
    """The athlete of a shot: a pick with a box. Shots that begin after ``time_s`` are looked through."""

    pick: Pick


@dataclass(frozen=True)
class Proposed:
    """The person of one shot who looks like the athlete, as a pick, and how alike they are (0..1)."""

    pick: Pick
    likeness: float


@dataclass(frozen=True)
class SameResult:
    """Proposals in order of time, and the number of shots that were looked at."""

    proposals: tuple[Proposed, ...]
    shots: int

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        rows = [{**vars(p.pick), "likeness": round(p.likeness, 3)} for p in self.proposals]
        return {"proposals": rows, "shots": self.shots}


def same_athlete(library: Layout, request: SameRequest, progress: Progress | None = None) -> SameResult:
    """Who looks like the athlete in each following shot that no pick of the athlete decides.

    Nobody is proposed in a shot where no person is like enough, or two are alike. Nothing is written: the
    proposals are picks that the user may keep (`vpd.verbs.athletes.pick_athletes`). Raises InputError for a
    pick without a box.
    """
    progress = progress or Progress()
    wanted = request.pick
    if not wanted.w:
        raise InputError(Sentence("error_no_box"))
    videos = Videos.read(library)
    video = videos.id_of(wanted.video)
    people = _People(videos.recording(video), read_times(library.frames(video)))
    own = people.look(wanted)
    known = athletes(library, AthletesRequest([video]))
    picked = [pick.time_s for pick in known.picks if pick.athlete == wanted.athlete]
    shots = [
        shot
        for shot in known.shots
        if shot.start_s > wanted.time_s and not any(shot.start_s <= t <= shot.end_s for t in picked)
    ]
    found = []
    for number, shot in enumerate(shots):
        progress(number / len(shots))
        if best := _proposed(people, own, shot, wanted.athlete):
            found.append(best)
    return SameResult(tuple(found), len(shots))


def clearly_alike(own: Array, others: Sequence[Array]) -> tuple[int, float] | None:
    """Index and likeness of the appearance that is clearly like ``own``; None where none is."""
    alike = [likeness(own, other) for other in others]
    order = sorted(range(len(alike)), key=lambda i: -alike[i])
    if not order or alike[order[0]] < LIKE:
        return None
    if len(order) > 1 and alike[order[0]] - alike[order[1]] < AHEAD:
        return None
    return order[0], alike[order[0]]


def _proposed(people: _People, own: Array, shot: ShotAthletes, athlete: int) -> Proposed | None:
    """The person of the shot who is clearly like ``own``."""
    rows = [Pick(shot.video, *place, athlete=athlete) for place in map(_place, shot.people, repeat(shot))]
    best = clearly_alike(own, [people.look(row) for row in rows])
    return None if best is None else Proposed(rows[best[0]], best[1])


def _place(person: dict[str, Any], shot: ShotAthletes) -> tuple[float, float, float, float, float]:
    """Time and box of a person of a shot. Libraries of earlier versions have no time: its middle is taken."""
    x, y, w, h = map(float, person["box"])
    return float(person.get("time_s", (shot.start_s + shot.end_s) / 2)), x, y, w, h


class _People:
    """People of one video in its pictures."""

    def __init__(self, recording: Recording, times_s: Array) -> None:
        self._recording, self._times_s = recording, times_s

    def look(self, person: Pick) -> Array:
        """The appearance of the person in a box, in the picture shown then."""
        frame = max(0, int(np.searchsorted(self._times_s, person.time_s, side="right")) - 1)
        picture = next(iter(read_frames(self._recording, frame, frame + 1)), None)
        if picture is None:
            raise InputError(Sentence("error_frame_at", {"frame": frame, "time": f"{person.time_s:.2f}"}))
        return appearance(picture.rgb, (person.x, person.y, person.w, person.h))
