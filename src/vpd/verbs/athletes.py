"""Explain the choice of the athlete in each shot of a video, and keep the user's picks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from vpd.athletes import picks as kept
from vpd.athletes.picks import Pick
from vpd.errors import InputError
from vpd.library.artefact import read_notes
from vpd.library.layout import Layout
from vpd.library.lock import locked
from vpd.library.user_files import UserFiles
from vpd.library.videos import VideoRow, Videos
from vpd.strings import Sentence
from vpd.verbs.progress import Progress


@dataclass(frozen=True)
class AthletesRequest:
    """Which videos to explain; None for all that are tracked."""

    videos: Sequence[str] | None = None


@dataclass(frozen=True)
class ShotAthletes:
    """The people of one shot, the first-ranked first.

    Attributes
    ----------
    start_s, end_s : times of the first and the last frame.
    found : number of people found; ``people`` may be fewer.
    people : of each: athlete (its number, or None), chosen_by ("pick", "rank" or None), box (x, y, w, h in
        pixels) at time_s, where the person mostly is, score, and the parts of the score.
    """

    video: str
    start_s: float
    end_s: float
    found: int
    people: tuple[dict[str, Any], ...]

    @property
    def margin(self) -> float:
        """The score of the lowest-ranked athlete minus the best score of the other people.

        It is infinite where nobody else was found, and for a shot that a pick decides. Small margins are
        doubtful.
        """
        chosen = [p for p in self.people if p["athlete"] is not None]
        others = [p["score"] for p in self.people if p["athlete"] is None]
        if not chosen or not others or any(p["chosen_by"] == "pick" for p in chosen):
            return float("inf")
        return float(min(p["score"] for p in chosen) - max(others))

    def to_json(self) -> dict[str, Any]:
        """Plain values. ``margin`` is None where it is infinite."""
        margin = self.margin
        return {
            "video": self.video,
            "start_s": self.start_s,
            "end_s": self.end_s,
            "found": self.found,
            "margin": None if margin == float("inf") else round(margin, 6),
            "people": list(self.people),
        }


@dataclass(frozen=True)
class AthletesResult:
    """The chosen athletes.

    Attributes
    ----------
    shots : in the order of the videos and of time.
    boxes_file : by video, the user's file of boxes that was taken instead of detection.
    picks_missed : by video, sentences on picks where nobody was found.
    picks : the user's picks of these videos.
    """

    shots: tuple[ShotAthletes, ...]
    boxes_file: dict[str, str]
    picks_missed: dict[str, list[str]]
    picks: tuple[Pick, ...]

    def doubtful(self) -> list[ShotAthletes]:
        """The shots in which another person could be the athlete, the smallest margin first."""
        return sorted((s for s in self.shots if s.margin != float("inf")), key=lambda s: s.margin)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "shots": [shot.to_json() for shot in self.shots],
            "boxes_file": self.boxes_file,
            "picks_missed": self.picks_missed,
            "picks": [vars(pick) for pick in self.picks],
        }


@dataclass(frozen=True)
class PickRequest:
    """A pick: the person at (x, y), or in the box (x, y, w, h), at ``time_s`` is ``athlete`` in that shot.

    Pixels are those of the upright picture. ``w`` and ``h`` are 0 for a click. Earlier picks of the athlete
    within the seconds ``instead`` are taken back.
    """

    video: str
    time_s: float
    x: float
    y: float
    w: float = 0.0
    h: float = 0.0
    athlete: int = 0
    instead: tuple[float, float] | None = None


@dataclass(frozen=True)
class ForgetRequest:
    """Forget all picks of a video."""

    video: str


@dataclass(frozen=True)
class PicksResult:
    """The present picks of the video, which `vpd run` uses, and the number of those taken back.

    ``boxes_file`` is the user's file of boxes, beside which picks change nothing; "" where there is none.
    """

    video: str
    picks: tuple[Pick, ...]
    forgotten: int = 0
    boxes_file: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        picks = [vars(pick) for pick in self.picks]
        return {
            "video": self.video,
            "picks": picks,
            "forgotten": self.forgotten,
            "boxes_file": self.boxes_file,
        }


def athletes(library: Layout, request: AthletesRequest, progress: Progress | None = None) -> AthletesResult:
    """Explain the choice of athletes. Raises ArtefactError where a named video is not tracked yet.

    Examples
    --------
    >>> athletes(layout, AthletesRequest(["a1"])).boxes_file
    {'a1': 'a1.csv'}
    """
    progress = progress or Progress()
    videos = Videos.read(library)
    if request.videos is None:
        names = [video for video in videos.rows if library.tracks(video).exists()]
    else:
        names = list(dict.fromkeys(videos.readable(video).video for video in request.videos))
    shots: list[ShotAthletes] = []
    boxes_file, missed = {}, {}
    for number, video in enumerate(names):
        progress(number / len(names), video)
        notes = read_notes(library.tracks(video))
        if "boxes" in notes:
            boxes_file[video] = str(notes["boxes"])
            continue
        shots += [
            ShotAthletes(video, s["start_s"], s["end_s"], s["found"], tuple(s["people"]))
            for s in notes["shots"]
        ]
        if notes["picks_missed"]:
            missed[video] = list(notes["picks_missed"])
    picks = tuple(pick for pick in kept.read_picks(library.picks, videos.names) if pick.video in names)
    return AthletesResult(tuple(shots), boxes_file, missed, picks)


def pick_athlete(library: Layout, request: PickRequest, progress: Progress | None = None) -> PicksResult:
    """Add a pick to athletes.csv. It replaces one of the same video, athlete and time.

    Raises InputError for a place or a time outside of the video.
    """
    return pick_athletes(library, [request], progress)


def pick_athletes(
    library: Layout, requests: Sequence[PickRequest], progress: Progress | None = None
) -> PicksResult:
    """Add picks of one video: all of them, or none. Raises InputError where one lies outside of it, or there
    is none.
    """
    (progress or Progress()).check()
    if not requests:
        raise InputError("there is no pick to keep.")
    videos = Videos.read(library)
    row = videos.readable(requests[0].video)
    picks = [Pick(row.video, r.time_s, r.x, r.y, r.w, r.h, r.athlete) for r in requests]
    for pick in picks:
        check_inside(pick, row)
    with locked(library.picks):
        kept.add_picks(library.picks, zip(picks, (r.instead for r in requests), strict=True), videos.names)
    return _picks_of(library, row.video, videos)


def forget_picks(library: Layout, request: ForgetRequest, progress: Progress | None = None) -> PicksResult:
    """Remove picks from athletes.csv."""
    (progress or Progress()).check()
    videos = Videos.read(library)
    video = videos.id_of(request.video)
    with locked(library.picks):
        count = kept.forget_picks(library.picks, video, videos.names)
    return replace(_picks_of(library, video, videos), forgotten=count)


def check_inside(pick: Pick, row: VideoRow) -> None:
    """Raise InputError where the pick lies outside of its video, in space or time."""
    inside = 0 <= pick.x < row.width and 0 <= pick.y < row.height
    if row.frames and (pick.time_s > row.end_s or not inside):
        size = f"{row.width} x {row.height}"
        values = {"video": row.video, "size": size, "end": f"{row.end_s:.2f}"}
        raise InputError(Sentence("error_pick_outside", values))


def _picks_of(library: Layout, video: str, videos: Videos) -> PicksResult:
    picks = kept.read_picks(library.picks)
    boxes = UserFiles(library, videos.names).boxes.get(video)
    own = tuple(p for p in picks if videos.matches(p.video) == [video])
    return PicksResult(video, own, boxes_file=boxes.name if boxes else "")
