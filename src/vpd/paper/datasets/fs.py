"""Read FSJump6: six jumps in 371 routines of figure skating (paper, section 4)."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from vpd.errors import LabelError
from vpd.paper.dataset import About, Action, Clip, Dataset, Frames, Part, Span
from vpd.paper.label_files import LabelFolder, check_subsets, known_ids, pairs, read_text

ABOUT = About(
    key="fs",
    title="FSJump6",
    licence="labels BSD-3-Clause (github jhong93/vpd); the broadcasts belong to their owners",
    needs="action_dataset/fs of jhong93/vpd: all.txt, val.ids.txt, segments.csv, train_K_I.ids.txt, "
    "train.localize.I.txt; and 11 broadcasts (<name>.mkv) or the 371 routines cut from them",
    protocol="test: all routines of 2018; validation: val.ids.txt, by action. Window: 2.5 s before to 0.5 s "
    "after the middle of the jump, at least the jump. Detection: all jumps as one class",
)
CLASSES = ("axel", "lutz", "flip", "loop", "salchow", "toe_loop")
FPS = 25.0
BEFORE_S, AFTER_S = 2.5, 0.5
TEST = (
    "men_olympic_short_program_2018",
    "men_world_short_program_2018",
    "women_olympic_short_program_2018",
    "women_world_short_program_2018",
)
ACTIONS = 1446
_ID = re.compile(r"(?P<clip>.+):(?P<start>\d+):(?P<stop>\d+)")
_NAME = re.compile(r"(?P<source>.+)_\d{2,}_(?P<start>\d{8,})_(?P<stop>\d{8,})")


def window(span: Span, fps: float) -> Frames:
    """The reference's frames around a jump (recognize.py, load_fs_data)."""
    start, stop = int(span.start), int(span.stop)
    middle = (start + stop) / 2
    return max(0, min(start, int(middle - fps * BEFORE_S))), max(stop, int(middle + fps * AFTER_S))


def _seconds(text: str, where: str) -> int:
    parts = text.strip().split(":")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):
        raise LabelError(f"{where}: {text!r} is not a time h:mm:ss")
    hours, minutes, seconds = map(int, parts)
    return (hours * 60 + minutes) * 60 + seconds


def routines(path: Path) -> dict[str, Clip]:
    """The routines that segments.csv cuts out of the broadcasts, by the reference's names.

    A routine begins at frame int(start * 25) and ends before int((end + 1) * 25). Its number is its position
    among those of its broadcast. Raises LabelError.
    """
    rows = csv.DictReader(io.StringIO(read_text(path)))
    if not {"video", "start", "end"} <= set(rows.fieldnames or ()):
        raise LabelError(f"{path} needs the columns video, start, end; it has {rows.fieldnames}")
    counted: dict[str, int] = defaultdict(int)
    clips: dict[str, Clip] = {}
    for row in rows:
        where = f"{path}, line {rows.line_num}"
        source = (row["video"] or "").strip()
        start_s, stop_s = _seconds(row["start"] or "", where), _seconds(row["end"] or "", where) + 1
        if stop_s <= start_s + 1 or not source:
            raise LabelError(f"{where}: the routine ends before it begins, or has no video")
        counted[source] += 1
        first, last = int(start_s * FPS), int(stop_s * FPS)
        name = f"{source}_{counted[source]:02d}_{first:08d}_{last:08d}"
        clips[name] = Clip(name, source, Span(start_s, stop_s, "s"), FPS, last - first)
    return clips


def _clip(name: str, where: str) -> Clip:
    found = _NAME.fullmatch(name)
    if not found:
        raise LabelError(f"{where}: {name!r} is not named VIDEO_NN_START_END")
    first, last = int(found["start"]), int(found["stop"])
    return Clip(name, found["source"], Span(first / FPS, last / FPS, "s"), FPS, last - first)


def read(root: Path, clips: Sequence[str] = ()) -> Dataset:
    """Read the label files below ``root``. Raises InputError. ``clips`` are not needed: names are known."""
    folder = LabelFolder(root, ("fs",))
    path = folder.need("all.txt", why="jumps: VIDEO:START:END LABEL")
    listed = folder.need("val.ids.txt", why="validation jumps")
    rows = pairs(path)
    validation = set(known_ids(listed, {name for _, name, _ in rows}, "a jump"))
    cut = folder.find("segments.csv")
    known = routines(cut) if cut is not None else {}
    actions: list[Action] = []
    for number, name, label in rows:
        where = f"{path}, line {number}"
        found = _ID.fullmatch(name)
        if not found or int(found["stop"]) <= int(found["start"]):
            raise LabelError(f"{where}: {name!r} is not VIDEO:START:END in frames")
        if label not in CLASSES:
            raise LabelError(f"{where}: the jump {label!r} is unknown; there are {', '.join(CLASSES)}")
        clip = found["clip"]
        if clip not in known:
            if cut is not None:
                raise LabelError(f"{where}: {clip} is not among the routines of {cut}")
            known[clip] = _clip(clip, where)
        if int(found["stop"]) > known[clip].frames:
            raise LabelError(f"{where}: the jump ends after the {known[clip].frames} frames of its routine")
        tested = clip.startswith(TEST)
        part: Part = "test" if tested else "validation" if name in validation else "train"
        actions.append(Action(name, clip, label, part, Span(int(found["start"]), int(found["stop"]))))
    lost = validation - {a.id for a in actions if a.part == "validation"}
    if lost:
        raise LabelError(
            f"{listed} names {len(lost)} jumps of the test part, such as {min(lost)}: it is wrong."
        )
    subsets = folder.subsets()
    training = {a.id: a.label for a in actions if a.part == "train"}
    hint = "The lists are of another version of the labels."
    check_subsets(subsets, training, [a.id for a in actions if a.part != "train"], hint)
    return Dataset(
        about=ABOUT,
        classes=CLASSES,
        actions=tuple(actions),
        clips=known,
        subsets=subsets,
        detected=CLASSES,
        localisation=folder.localisation(known),
        window=window,
        expected=ACTIONS,
    )
