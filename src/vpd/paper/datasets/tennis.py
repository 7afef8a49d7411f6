"""Read Tennis7: strokes of both players in 1,619 points of nine matches (paper, section 4)."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from vpd.counting import counted
from vpd.errors import InputError, LabelError
from vpd.paper.dataset import About, Action, Clip, Dataset, Frames, Part, Span
from vpd.paper.label_files import (
    LabelFolder,
    check_subsets,
    known_ids,
    lines,
    pairs,
    read_text,
    refuse_pickle,
)

ABOUT = About(
    key="tennis",
    title="Tennis7",
    licence="labels BSD-3-Clause (github jhong93/vpd); the broadcasts belong to their owners",
    needs="action_dataset/tennis of jhong93/vpd: all.txt, val.ids.txt, train_K_I.ids.txt, "
    "train.localize.I.txt; and the 1,619 points <match>_<start>_<end>.mp4, or the nine matches with a "
    "list of the points (points.txt, a name a line)",
    protocol="test: four matches; validation: val.ids.txt, by action. Window: 0.5 s before to 0.5 s after "
    "contact. Detection: nine kinds of swing as one class, 0.1 s before to 0.1 s after contact, both players",
)
CLASSES = (
    "forehand_topspin",
    "forehand_slice",
    "backhand_topspin",
    "backhand_slice",
    "forehand_volley",
    "backhand_volley",
    "overhead",
)
DETECTED = (*CLASSES, "serve", "unknown_swing")
OTHERS = ("serve", "nonshot", "special", "unknown_swing")
PLAYERS = ("front", "back")
"""Athlete 0 is in front, nearer to the camera; athlete 1 is behind the net."""
TEST = (
    "usopen_2015_mens_final_federer_djokovic",
    "usopen_2019_womens_osaka_gauff",
    "wimbledon_2019_mens_semifinal_federer_nadal",
    "wimbledon_2019_womens_final_halep_williams",
)
WINDOW_S, EVENT_S = 0.5, 0.1
ACTIONS = 8243
_ID = re.compile(r"(?P<match>.+):(?P<player>front|back):(?P<frame>\d+)")
_NAME = re.compile(r"(?P<match>.+)_(?P<start>\d+)_(?P<stop>\d+)")


def fps_of(match: str) -> float:
    """Frame rate of a match that the labels' frame numbers refer to."""
    return 25.0 if match.startswith("wimbledon") else 29.97


def _around(contact: float, fps: float, reach_s: float) -> Frames:
    return max(0, int(contact - fps * reach_s)), int(contact + fps * reach_s)


def window(span: Span, fps: float) -> Frames:
    """The reference's frames around contact (recognize.py, load_tennis_data): 25 at 25 fps, 29 at 29.97."""
    return _around(span.start, fps, WINDOW_S)


def event(span: Span, fps: float) -> Frames:
    """The frames that detection must find (detect.py): 5 at both rates."""
    return _around(span.start, fps, EVENT_S)


def point(name: str) -> Clip | None:
    """The clip of that name; None where it is not named MATCH_START_END."""
    found = _NAME.fullmatch(name)
    if not found or int(found["stop"]) <= int(found["start"]):
        return None
    start, stop = int(found["start"]), int(found["stop"])
    return Clip(name, found["match"], Span(start, stop), fps_of(found["match"]), stop - start)


def _listed(folder: LabelFolder) -> list[Clip]:
    """The points of points.txt or of a CSV table of the videos, where one of them exists. Raises
    LabelError.
    """
    path = folder.find("points.txt")
    if path is not None:
        return [_named(Path(line).stem, f"{path}, line {number}") for number, line in lines(path)]
    table = folder.find("video_meta.csv")
    if table is None:
        return []
    rows = csv.DictReader(io.StringIO(read_text(table)))
    if "video" not in (rows.fieldnames or ()):
        raise LabelError(f"{table} has no column `video`, but {rows.fieldnames}")
    ours = [row for row in rows if row.get("dataset", "tennis") == "tennis"]
    return [_named(row["video"] or "", f"{table}, a row of tennis") for row in ours]


def _named(name: str, where: str) -> Clip:
    """The point of that name. Raises LabelError where it is not named MATCH_START_END."""
    found = point(name)
    if found is None:
        raise LabelError(f"{where}: {name!r} is no point MATCH_START_END, such as wimbledon_2019_x_400_650")
    return found


def _points(folder: LabelFolder, clips: Iterable[str]) -> dict[str, Clip]:
    """The known points by name: those that are listed, those that detection learns from, the videos'."""
    lists = folder.localisation(_AnyPoint())
    named = [*(name for one in lists for name in one), *clips]
    found = {name: clip for name in named if (clip := point(name)) is not None}
    found |= {clip.name: clip for clip in _listed(folder)}
    if not found:
        for pickle in sorted(folder.root.rglob("*video_meta.pkl")):
            refuse_pickle(pickle)
        raise InputError(
            f"no point of tennis is known: {folder.root} has no points.txt and the videos are not named "
            "MATCH_START_END. Name the points, one a line, in points.txt beside all.txt."
        )
    return dict(sorted(found.items()))


class _AnyPoint:
    """All names of points: those that detection learns from are points even where nothing else is known."""

    def __contains__(self, name: object) -> bool:
        return point(str(name)) is not None


class _Places:
    """The points that contain a frame of a match. The longest is used."""

    def __init__(self, clips: Iterable[Clip]) -> None:
        self.by_match: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
        for clip in clips:
            assert clip.span is not None
            first, last = clip.span.frames(clip.fps)
            self.by_match[clip.source].append((first, last, clip.name))

    def holding(self, match: str, frame: int) -> list[tuple[int, str]]:
        """First frame and name of the points that contain the frame, the longest first."""
        held = [(a, b, name) for a, b, name in self.by_match.get(match, []) if a <= frame <= b]
        return [(a, name) for a, b, name in sorted(held, key=lambda h: (h[0] - h[1], h[2]))]


def read(root: Path, clips: Sequence[str] = ()) -> Dataset:
    """Read the label files below ``root``. ``clips`` are the names of the points with videos.

    A stroke in two points (one point of the published set occurs twice) belongs to the longer. Strokes in no
    known point belong to no clip, and the notes count them. Raises InputError.
    """
    folder = LabelFolder(root, ("tennis",))
    path = folder.need("all.txt", why="strokes: MATCH:front|back:FRAME LABEL")
    rows = pairs(path)
    listed = folder.need("val.ids.txt", why="validation strokes")
    validation = set(known_ids(listed, {name for _, name, _ in rows}, "a stroke"))
    known = _points(folder, clips)
    places = _Places(known.values())
    actions: list[Action] = []
    outside, twice = 0, 0
    for number, name, label in rows:
        where = f"{path}, line {number}"
        found = _ID.fullmatch(name)
        if not found:
            raise LabelError(f"{where}: {name!r} is not MATCH:front|back:FRAME")
        if label not in CLASSES and label not in OTHERS:
            raise LabelError(
                f"{where}: the stroke {label!r} is unknown; there are {', '.join(CLASSES + OTHERS)}"
            )
        match, frame = found["match"], int(found["frame"])
        holding = places.holding(match, frame)
        outside += not holding
        twice += len(holding) > 1
        start, clip = holding[0] if holding else (frame, "")
        part: Part = "test" if match.startswith(TEST) else "validation" if name in validation else "train"
        span = Span(frame - start, frame - start)
        actions.append(Action(name, clip, label, part, span, PLAYERS.index(found["player"])))
    subsets = folder.subsets()
    training = {a.id: a.label for a in actions if a.part == "train"}
    rest = [a.id for a in actions if a.part != "train"]
    check_subsets(subsets, training, rest, "The lists are of another version of the labels.")
    chosen = {a.id for a in actions if a.label in CLASSES}
    notes = []
    if outside:
        notes.append(f"{counted(outside, 'stroke is', 'strokes are')} in no known point, and left out")
    if twice:
        notes.append(f"{counted(twice, 'stroke lies', 'strokes lie')} in two points; the longer is taken")
    return Dataset(
        about=ABOUT,
        classes=CLASSES,
        actions=tuple(actions),
        clips=known,
        subsets={k: [tuple(i for i in one if i in chosen) for one in of] for k, of in subsets.items()},
        detected=DETECTED,
        localisation=folder.localisation(known),
        window=window,
        event=event,
        people=PLAYERS,
        expected=ACTIONS,
        notes=tuple(notes),
    )
