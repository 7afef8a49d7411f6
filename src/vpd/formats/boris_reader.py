"""Read BORIS: projects, aggregated events and tabular events, of versions 7 to 9.

Times of events run through the files of player 1 in turn, and begin with the time offset of the observation.
Other players show the same action from other sides and are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vpd.counting import counted
from vpd.errors import InputError, LabelError, TableError
from vpd.files import read_bytes
from vpd.formats.boris import SUBJECT
from vpd.formats.json_file import read_json
from vpd.formats.reading import Ask, Imported, found_media, label_text, moment, number, segment
from vpd.library.csv_file import Columns, Record, parse_table, read_table
from vpd.library.encodings import decode
from vpd.types import Segment

AGGREGATED = Columns(
    required=("behavior", "start_(s)", "stop_(s)"),
    optional=("behavior_type", "subject", "observation_id", "observation_type", "source", "time_offset_(s)",
              "media_duration_(s)", "total_length", "media_file_name", "media_file", "comment_start"),
    others={"media_file_path": "media_file"},
)  # fmt: skip
TABULAR = Columns(
    required=("behavior", "time"),
    choices=(("behavior_type", "status"),),
    optional=("subject", "observation_id", "observation_type", "source", "time_offset_(s)", "comment",
              "media_duration_(s)", "total_length", "media_file_name", "media_file"),
    others={"media_file_path": "media_file"},
)  # fmt: skip
NOBODY = ("", "no focal subject")
NOT_A_VIDEO = ("live observation", "from pictures", "from directories of images")
SLACK_S = 1.0
"""Largest difference in seconds between BORIS's length of a file and ours."""


@dataclass(frozen=True)
class Timeline:
    """The files of player 1, the length of each, and the time at which the first begins."""

    names: Sequence[str]
    lengths: Sequence[float]
    offset_s: float = 0.0

    def at(self, time_s: float) -> tuple[int, float]:
        """The file that is shown at a time of the observation, and the time within it."""
        left = time_s - self.offset_s
        for place, length in enumerate(self.lengths[: len(self.names) - 1]):
            if left < length:
                return place, left
            left -= length
        return len(self.names) - 1, left


@dataclass(frozen=True)
class _Event:
    """One coded event: a state from start to stop, or a point where both are equal."""

    start: float
    stop: float
    behaviour: str
    subject: str
    comment: str
    where: str


def is_boris_csv(path: Path) -> bool:
    """Whether a CSV file is one of BORIS's exports, by its first lines."""
    try:
        text = decode(read_bytes(path)).text
    except (OSError, InputError):
        return False
    header = text[:4000].casefold()
    return "behavior" in header and (
        "observation id" in header or ("start (s)" in header and "stop (s)" in header)
    )


def read_boris(path: Path, ask: Ask) -> Imported:
    """The events of a project, or of one of the exports of events as CSV or TSV.

    States extend from start to stop, points over one frame. Raises LabelError for states without an end, and
    where the file of an event, one of several, is unknown.
    """
    if path.suffix.lower() in (".boris", ".json"):
        return _read_project(path, ask)
    try:
        text = decode(read_bytes(path), ask.encoding).text if path.exists() else ""
        body, timeline = _without_head(text, path)
        if timeline is not None:
            return _read_tabular(parse_table(body, path, TABULAR).records(), path, ask, timeline)
        names = {name.strip().casefold() for name in text.partition("\n")[0].replace("\t", ",").split(",")}
        if {"behavior", "time"} <= {name.strip('"') for name in names}:
            return _read_tabular(read_table(path, TABULAR, ask.encoding).records(), path, ask, None)
        return _read_aggregated(read_table(path, AGGREGATED, ask.encoding).records(), path, ask)
    except TableError as error:
        raise LabelError(f"{error} Export aggregated or tabular events from BORIS.") from error
    except InputError as error:
        raise error if isinstance(error, LabelError) else LabelError(f"{path}: {error}") from error


def _where(record: Record) -> str:
    return f"{record.table.path}, line {record.line}"


def _of_columns(record: Record) -> Timeline:
    """The files of an observation, from the columns of BORIS 8: source, durations, offset."""
    offset = record.text("time_offset_(s)")
    offset_s = number(offset, _where(record)) if offset else 0.0
    source = record.text("source")
    if source.casefold().startswith("player #1:"):
        names = source.split("|player #", 1)[0].removeprefix("player #1:").split(";")
        lengths = record.text("media_duration_(s)").split("|", 1)[0].split(";")
        if len(names) == 1:
            return Timeline(names, [0.0], offset_s)
        return Timeline(names, [number(length, _where(record)) for length in lengths], offset_s)
    name = (
        record.text("media_file_name") or record.text("media_file") or source or record.text("observation_id")
    )
    return Timeline([name], [0.0], offset_s)


def _check_length(record: Record, timeline: Timeline, ask: Ask) -> None:
    """Check the length of the file. BORIS 7 gives the length of all files of an observation, but the name of
    one.
    """
    total = record.text("total_length")
    if total and len(timeline.names) == 1:
        media = found_media(ask, timeline.names, _where(record))
        if media.duration_s and number(total, _where(record)) > media.duration_s + SLACK_S:
            raise record.fail(
                "total_length",
                f"the observation lasts {total} s and {media.video} {media.duration_s:.3f} s, so that it has "
                "several files, and the export does not say which. Import the .boris project",
            )


def _read_aggregated(records: Iterable[Record], path: Path, ask: Ask) -> Imported:
    found, left = [], 0
    for record in records:
        if record.text("observation_type").casefold() in NOT_A_VIDEO:
            left += 1
            continue
        times = []
        for column in ("start_(s)", "stop_(s)"):
            text = record.needed(column)
            if text.upper() == "NA":
                raise record.fail(column, "the state has no such end. Pair the states in BORIS")
            times.append(number(text, f"{_where(record)}, column {column}"))
        timeline = _of_columns(record)
        _check_length(record, timeline, ask)
        comment = record.text("comment_start")
        said = record.needed("behavior"), record.text("subject"), comment, _where(record)
        event = _Event(times[0], times[1], *said)
        found.append((event, timeline))
    return _imported(found, ask, left)


def _read_tabular(records: Iterable[Record], path: Path, ask: Ask, timeline: Timeline | None) -> Imported:
    open_: dict[tuple[str, str, str], tuple[float, Record]] = {}
    found: list[tuple[_Event, Timeline]] = []
    left = 0
    for record in records:
        if record.text("observation_type").casefold() in NOT_A_VIDEO:
            left += 1
            continue
        time_s = number(record.needed("time"), f"{_where(record)}, column time")
        status = (record.text("behavior_type") or record.text("status")).upper()
        behaviour, subject = record.needed("behavior"), record.text("subject")
        key = (record.text("observation_id"), behaviour, subject)
        here = timeline or _of_columns(record)
        if timeline is None:
            _check_length(record, here, ask)
        if status == "START":
            if key in open_:
                raise record.fail(
                    "behavior", f"{behaviour!r} starts twice without an end. Pair the states in BORIS"
                )
            open_[key] = (time_s, record)
        elif status in ("STOP", "POINT"):
            if status == "STOP" and key not in open_:
                raise record.fail(
                    "behavior", f"{behaviour!r} stops and never started. Pair the states in BORIS"
                )
            start, first = open_.pop(key) if status == "STOP" else (time_s, record)
            event = _Event(start, time_s, behaviour, subject, first.text("comment"), _where(first))
            found.append((event, here))
        else:
            raise record.fail("behavior_type", f"{status!r} is neither START, STOP nor POINT")
    for _, record in open_.values():
        raise record.fail("behavior", f"{record.text('behavior')!r} has no end. Pair the states in BORIS")
    return _imported(found, ask, left)


def _without_head(text: str, path: Path) -> tuple[str, Timeline | None]:
    """Separate the table from the facts about the observation that BORIS 7 writes above it. Returns the table
    and the files.
    """
    lines = text.splitlines(keepends=True)
    cells = [
        [cell.strip().strip('"') for cell in line.replace("\t", ",").rstrip().split(",")]
        for line in lines[:500]
    ]
    heads = [i for i, row in enumerate(cells) if row[0].casefold() == "time" and "Behavior" in row]
    if not heads or heads[0] == 0:
        return text, None
    names: list[str] = []
    offset_s, player = 0.0, ""
    for row in cells[: heads[0]]:
        key = row[0].casefold()
        value = row[1] if len(row) > 1 else ""
        player = row[0] if key.startswith("player #") else player if not key else ""
        if player == "Player #1" and value:
            names.append(value)
        if key.startswith("time offset") and value:
            offset_s = number(value, f"{path}, time offset")
    if len(names) != 1:
        raise LabelError(
            f"{path} is an observation of {len(names)} files, and does not say how long each is. "
            "Import the .boris project."
        )
    return "\n" * heads[0] + "".join(lines[heads[0] :]), Timeline(names, [0.0], offset_s)


def _read_project(path: Path, ask: Ask) -> Imported:
    content = read_json(path)
    try:
        observations: Mapping[str, Any] = content["observations"]
        types = {b["code"]: b["type"].casefold() for b in content["behaviors_conf"].values()}
        items = list(observations.items())
    except (KeyError, TypeError, AttributeError) as error:
        raise LabelError(f"{path} is not a BORIS project: {error!r} is missing or wrong.") from error
    found: list[tuple[_Event, Timeline]] = []
    notes = []
    for name, observation in items:
        where = f"{path}, observation {name!r}"
        try:
            if observation.get("type", "MEDIA") != "MEDIA" or not observation["file"]["1"]:
                if observation["events"]:
                    notes.append(f"The observation {name!r} has no video and was left out.")
                continue
            others = [
                file for player, files in observation["file"].items() if player != "1" for file in files
            ]
            if others:
                said = ", ".join(others)
                notes.append(f"Of the observation {name!r} the other players' files were left out: {said}.")
            files = observation["file"]["1"]
            lengths = observation.get("media_info", {}).get("length", {})
            if len(files) > 1 and not all(file in lengths for file in files):
                raise LabelError(f"{where}: it does not say how long each of its {len(files)} files is.")
            times = [number(lengths.get(file, 0), where) for file in files]
            offset_s = number(observation.get("time offset", 0) or 0, where)
            late_s = number((observation.get("media_info", {}).get("offset") or {}).get("1", 0) or 0, where)
            if late_s:
                what = f"player 1 is moved by {late_s:g} s against the clock of the events"
                raise LabelError(f"{where}: {what}. Set its offset to 0 in BORIS, and import again.")
            events = _project_events(observation["events"], types, where)
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise LabelError(f"{where}: {error!r} is missing or wrong.") from error
        found += [(event, Timeline(files, times, offset_s)) for event in events]
    read = _imported(found, ask, 0)
    return Imported(read.segments, (*notes, *read.notes), read.own)


def _project_events(events: Sequence[Any], types: Mapping[str, str], where: str) -> list[_Event]:
    """Points, and states from each odd entry of a behaviour and subject to the next entry."""
    open_: dict[tuple[str, str, str], tuple[float, str]] = {}
    found = []
    for event in sorted(events, key=lambda e: number(e[0], where)):
        time_s, subject, behaviour, modifiers, comment = number(event[0], where), *map(str, event[1:5])
        if behaviour not in types:
            raise LabelError(f"{where}: the behaviour {behaviour!r} is not in the ethogram.")
        key = (subject, behaviour, modifiers)
        if types[behaviour].startswith("point"):
            found.append(_Event(time_s, time_s, behaviour, subject, comment, where))
        elif key in open_:
            start, first = open_.pop(key)
            found.append(_Event(start, time_s, behaviour, subject, first, where))
        else:
            open_[key] = (time_s, comment)
    if open_:
        (_, behaviour, _), (time_s, _) = next(iter(open_.items()))
        raise LabelError(
            f"{where}: the state {behaviour!r} at {time_s:g} s has no end. Pair the states in BORIS."
        )
    return found


def _imported(found: Sequence[tuple[_Event, Timeline]], ask: Ask, left: int) -> Imported:
    notes = (
        [f"{counted(left, 'event is', 'events are')} left out, of observations without a video."]
        if left
        else []
    )
    segments, own = [], []
    for event, timeline in found:
        one, cells = _segment(event, timeline, ask)
        segments.append(one)
        own.append(cells)
    if left and not segments:
        raise LabelError(
            f"All {left} events are of observations without a video: there is nothing to import."
        )
    return Imported(segments, tuple(notes), own)


def _segment(event: _Event, timeline: Timeline, ask: Ask) -> tuple[Segment, dict[str, str]]:
    first, start_s = timeline.at(event.start)
    last, end_s = timeline.at(event.stop)
    label = label_text(event.behaviour, event.where)
    if first != last:
        if end_s > 0:
            names = f"{timeline.names[first]} and ends in {timeline.names[last]}"
            raise LabelError(f"{event.where}: {label!r} begins in {names}. End it with the file in BORIS.")
        end_s = timeline.lengths[first]
    media = found_media(ask, [timeline.names[first]], event.where)
    subject = event.subject.strip()
    digits = subject.removeprefix(SUBJECT)
    athlete = int(digits) if subject.startswith(SUBJECT) and digits.isascii() and digits.isdigit() else None
    own = {"comment": event.comment.strip()} if event.comment.strip() not in ("", "NA") else {}
    if athlete is None and subject.casefold() not in NOBODY:
        own["subject"] = subject
    at = media.from_player(start_s)
    if event.start == event.stop:
        return moment(media, at, athlete, label, event.where), own
    return segment(media, at, media.from_player(end_s), athlete, label, event.where), own
