"""Mutated tables and files of other programs, and a reader of tables that shares no code with vpd."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np

from vpd.athletes.picks import read_picks
from vpd.athletes.user_boxes import read_boxes
from vpd.detection.lists import read_lists
from vpd.errors import InputError
from vpd.formats.table import FORMATS, Media, export_segments, import_segments
from vpd.library.answers import read_answers
from vpd.library.classes import read_classes
from vpd.library.labels import read_label_file
from vpd.library.layout import Layout
from vpd.library.videos import VideoRow, Videos
from vpd.pose.outside import read_poses
from vpd.recognition.split import read_split
from vpd.recognition.subsets import read_subsets
from vpd.settings.toml import load_settings
from vpd.types import Segment, VideoInfo

LENGTHS = {"one": 10.0, "two.2024": 100.0}
PIECES = [
    *"\",;\t\n\r '.-:#@=09²٣é\x00\ufeff\u2028\x1b打{}<>\\/",
    "e5",
    "e\u0301",
    "nan",
    "inf",
    "1_0",
    "9" * 25,
]
PIECES += ["[/x]", "sep=;\n", "null", "&x;", "-1", "1e999", "label", "end_s"]
BASES = [
    "video,athlete,start_s,end_s,label\n"
    'one,,1,2,serve\ntwo.2024.mp4,3,0:10.5,12,"lob, high"\none,0,5.25,6,smash\n',
    'Label;Start_s;End_s;Video;note\r\nserve;1,5;2;one;"a\r\nb"\r\n\r\nlob;3;4,25;/v/one.mp4;x\r\n',
    "\ufeffvideo\tstart_s\tend_s\tlabel\tcoder\n"
    "one\t1\t2\tRückhand\tanna\ntwo.2024\t50\t60\tлоб\t\n",
]  # fmt: skip


def mutated(base: bytes, rng: np.random.Generator, most: int = 3) -> bytes:
    """The bytes with one to ``most`` pieces put in, taken out, doubled, changed or exchanged."""
    content = bytearray(base)
    for _ in range(int(rng.integers(1, most + 1))):
        place = int(rng.integers(0, len(content) + 1))
        length = int(rng.integers(1, 12))
        kind = int(rng.integers(0, 7))
        if kind <= 1:
            content[place:place] = str(rng.choice(PIECES)).encode()
        elif kind == 2:
            del content[place : place + length]
        elif kind == 3:
            content[place:place] = content[place : place + 3 * length]
        elif kind == 4 and place < len(content):
            content[place] = int(rng.integers(0, 256))
        elif kind == 5:
            lines = content.split(b"\n")
            i, j = rng.integers(0, len(lines), 2)
            lines[i], lines[j] = lines[j], lines[i]
            content = bytearray(b"\n".join(lines))
        else:
            content[place : place + length] = str(rng.choice(PIECES)).encode()
    return bytes(content)


def plain_text(content: bytes) -> str | None:
    """The text by its mark, UTF-16 by its zeros, UTF-8 or Windows-1252; None where none of them fits."""
    for mark, codec in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig")):
        if content.startswith(mark):
            try:
                return content.decode(codec)
            except UnicodeError:
                return None
    for codec, highs in (("utf-16-le", content[1::2]), ("utf-16-be", content[::2])):
        if 2 * highs.count(0) > len(highs):  # its mark is lost
            return content.decode(codec, "replace")
    for codec in ("utf-8", "cp1252"):
        try:
            return content.decode(codec)
        except UnicodeError:
            continue
    return None


def plain_rows(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """Lines and cells by RFC 4180, letter by letter: quotes count at the start of a cell alone."""
    rows: list[tuple[int, list[str]]] = []
    cells, cell, inside, line, began, place = [], "", False, 1, 1, 0
    fresh = True
    while place < len(text):
        letter = text[place]
        two = text[place : place + 2]
        if inside:
            if two == '""':
                cell, place = cell + '"', place + 1
            elif letter == '"':
                inside = False
            else:
                cell += letter
                line += letter == "\n" or (letter == "\r" and two != "\r\n")
        elif letter == '"' and fresh:
            inside = True
        elif letter == delimiter:
            cells, cell = [*cells, cell], ""
            fresh, place = True, place + 1
            continue
        elif letter in "\r\n":
            place += two == "\r\n"
            rows.append((began, [*cells, cell]))
            line += 1
            cells, cell, began, fresh, place = [], "", line, True, place + 1
            continue
        else:
            cell += letter
        fresh, place = False, place + 1
    if cell or cells or not fresh:
        rows.append((began, [*cells, cell]))
    return [(at, row) for at, row in rows if any(c.strip() for c in row)]


def plain_seconds(text: str, comma: bool) -> float:
    """Seconds of 12.5, 1:02.5 or 1:00:02.5. Raises ValueError."""
    parts = text.strip().replace(",", ".").split(":") if comma else text.strip().split(":")
    if not all(re.fullmatch(r"[+-]?[0-9]*\.?[0-9]*([eE][+-]?[0-9]+)?", part) for part in parts):
        raise ValueError(text)
    return sum(60.0**place * float(part) for place, part in enumerate(reversed(parts)))


@dataclass
class Tally:
    """What became of the mutated files, and each that went wrong, with its seed."""

    read: int = 0
    refused: int = 0
    wrong: list[str] = field(default_factory=list)


def videos(folder: Path) -> Videos:
    rows = []
    for name, seconds in LENGTHS.items():
        times = np.arange(int(seconds * 10)) / 10
        info = VideoInfo(name, Path(f"/v/{name}.mp4"), "k", 64, 48, 0, Fraction(10), times)
        rows.append(VideoRow(name, str(info.path), "", 1, 1).scanned(info))
    return Videos(Layout(folder), rows)


def _video(text: str) -> str | None:
    written = text.strip().replace("\\", "/").casefold()
    *folders, name = [part for part in written.split("/") if part not in ("", ".")] or [""]
    if written.endswith("/") or folders not in (["v"], [] if not written.startswith("/") else ["v"]):
        return None
    return next((v for v in LENGTHS if name in (v, f"{v}.mp4")), None)


def check_labels_file(path: Path, known: Videos) -> str | None:
    """What became of a file. Raises AssertionError where a row was neither read as it stands nor named."""
    try:
        found = read_label_file(path, known)
    except InputError:
        return "refused"
    text = plain_text(path.read_bytes())
    assert text is not None, "read, and no encoding fits"
    body = re.sub(r"\A(?:\s*\r?\n|\ufeff)*", "", text)
    first = body.splitlines()[0] if body else ""
    if re.match(r'"?sep=', first, re.IGNORECASE):
        body = body[len(first) :]
    delimiter = found.table.delimiter
    (_, header), *rows = plain_rows(text if body is text else body, delimiter)
    names = [name.strip().strip("\ufeff").casefold().replace(" ", "_") for name in header]
    offset = found.table.rows[0].line - rows[0][0] if rows and found.table.rows else 0
    lines = [line for line, _ in rows]
    ours = sorted([label.line for label in found.labels] + [error.line or 0 for error in found.wrong])
    firsts = [line + _shift(found, lines) for line in lines]
    assert ours == firsts, f"rows {firsts} by the plain reader, {ours} by vpd (offset {offset})"
    by_line = dict(zip(firsts, (row for _, row in rows), strict=True))
    for label in found.labels:
        cells = by_line[label.line]
        assert not any(c.strip() for c in cells[len(header) :]), (
            f"line {label.line}: surplus cells were dropped"
        )
        row = dict(zip(names, [c.strip() for c in cells], strict=False))
        s = label.segment
        assert _video(row["video"]) == s.video, f"line {label.line}: {row['video']!r} became {s.video}"
        assert plain_name(row["label"]) == s.label, (
            f"line {label.line}: label {row['label']!r} became {s.label!r}"
        )
        for name, ours_s in (("start_s", s.start_s), ("end_s", s.end_s)):
            if row.get(name):
                assert abs(plain_seconds(row[name], delimiter != ",") - ours_s) < 1e-9, (
                    f"line {label.line}: {name}"
                )
        assert (row.get("athlete") or None) == (None if s.athlete is None else row["athlete"])
        assert s.athlete is None or int(row["athlete"]) == s.athlete
        assert 0 <= s.start_s < s.end_s <= LENGTHS[s.video] + 0.1 + 1e-9
    return "read" if not found.wrong else "refused"


def plain_name(text: str) -> str:
    """A name without what looks like nothing, and with one kind of blank."""
    shown = re.sub("[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]", "", text)
    return re.sub(r"\s+", " ", shown).strip()


def _shift(found, lines: list[int]) -> int:
    """Lines above the header, which the plain reader was not given."""
    ours = [r.line for r in found.table.unchecked()]
    return ours[0] - lines[0] if ours and lines else 0


def fuzz_labels(count: int, seed: int, folder: Path) -> Tally:
    """Mutated labels.csv files, each against the plain reader."""
    tally, known, path = Tally(), videos(folder), folder / "labels.csv"
    bases = [text.encode() for text in BASES] + [BASES[1].encode("utf-16"), BASES[0].encode("cp1252")]
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        path.write_bytes(mutated(bases[number % len(bases)], rng))
        try:
            outcome = check_labels_file(path, known)
        except Exception as error:  # noqa: BLE001 - any is a finding
            tally.wrong.append(f"labels {seed}/{number}: {type(error).__name__}: {error}")
            continue
        tally.read += outcome == "read"
        tally.refused += outcome == "refused"
    return tally


FRAMES, TIMES = np.arange(100), np.arange(100) / 10
POSE = json.dumps([{"frame": f, "keypoints": [101.0, 202.0, 0.5] * 17, "score": 0.9} for f in range(2)])
SETTINGS = """
# What is not set has its default; `vpd settings` prints them all with their meaning, and the next run makes
# what depends on them. The second camera of this season stands behind the net, and sees everyone from above.
[crop]
size = 96
[distill]
images = 50000
seed = 3
min_score = 0.25
name = "mine"
[recognise]
ks = [1, 2, 4]
[search]
top = 12
"""


def check_settings(path: Path) -> object:
    """Every value that stands in the file is the one that is used, by the standard library's reader."""
    loaded = load_settings(path).model_dump(mode="json")
    for section, values in tomllib.loads(path.read_text(encoding="utf-8")).items():
        for name, value in values.items():
            assert loaded[section][name] == value, f"[{section}] {name} is {loaded[section][name]}"
    return loaded


READERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "picks": ("video,time_s,x,y,w,h,athlete\none,1.5,10,20,,,0\none,2,1,2,3,4,1\n", read_picks),
    "boxes": (
        "frame,x,y,w,h,athlete\n1,1,2,3,4,0\n3,1,2,3,4,0\n5,1.5,2,3,4,1\n",
        lambda path: [i for t in read_boxes(path, FRAMES, TIMES, 0.5) for i in t.sources if i == "user"],
    ),
    "answers": (
        "video,athlete,start_s,end_s,proposed,label,verdict,why,id\n"
        "one,0,1.5,2,serve,serve,accepted,random,a1\none,,2,3,serve,,rejected,,a2\n",
        lambda path: read_answers(Layout(path.parent)),
    ),
    "splits": ("video,scene,split\none,a,train\ntwo.2024,b,test\n", lambda path: list(read_split(path))),
}
"""A table and its reader, whose answer has an item a row."""
OTHERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "subsets": ('{"1": [["one@1.000-2.000"], ["two.2024"]]}',
                lambda path: read_subsets(path, [Segment("one", 1, 2), Segment("two.2024", 3, 4)])),
    "poses": (POSE, read_poses),
    "settings": (SETTINGS, lambda path: check_settings(path)),
    "classes": ('[serve]\nkind = "interval"\nlead_s = 0.5\n\n["drop shot"]\nkind = "point"\n', read_classes),
    "lists": ('[["one", "two.2024"], ["one"]]', lambda path: read_lists(path, videos(path.parent).names)),
}  # fmt: skip


def fuzz_tables(count: int, seed: int, folder: Path) -> dict[str, Tally]:
    """Mutated picks, boxes, splits, subsets and poses: read with an item a row, or refused."""
    tallies = {}
    for name, (base, read) in {**READERS, **OTHERS}.items():
        suffix = "csv" if name in READERS else "toml" if name in ("settings", "classes") else "json"
        tally, path = Tally(), folder / f"{name}.{suffix}"
        for number in range(count):
            content = mutated(base.encode(), np.random.default_rng([seed, number]))
            path.write_bytes(content)
            try:
                items = read(path)
                if name in READERS:
                    _check_count(name, content, items)
                tally.read += 1
            except InputError:
                tally.refused += 1
            except Exception as error:  # noqa: BLE001 - any is a finding
                tally.wrong.append(f"{name} {seed}/{number}: {type(error).__name__}: {error}")
        tallies[name] = tally
    return tallies


def _check_count(name: str, content: bytes, items: object) -> None:
    text = plain_text(content)
    assert text is not None
    counts = set()
    for delimiter in ",;\t|":
        rows = plain_rows(re.sub(r"\A(\s*\n|\ufeff|sep=.\n)*", "", text), delimiter)[1:]
        # A video may be named twice in a split, with the same place.
        counts.add(len({row[0].strip() for _, row in rows}) if name == "splits" else len(rows))
    assert len(items) in counts, f"{len(items)} items of {counts} rows"  # type: ignore[arg-type]


MEDIA = {name: Media(name, f"/v/{name}.mp4", 10.0, int(s * 10), 64, 48, s) for name, s in LENGTHS.items()}


def find(name: str) -> Media:
    video = _video(name)
    if video is None:
        raise InputError(f"there is no video {name!r}")
    return MEDIA[video]


def fuzz_formats(count: int, seed: int, folder: Path) -> dict[str, Tally]:
    """Mutated files of other programs: labels that are texts, spans that are spans, or refused."""
    segments = [
        Segment("one", 1, 2, None, "serve"),
        Segment("one", 3, 4, 2, "lob"),
        Segment("one", 5, 6, 2, "lob"),
    ]
    tallies = {}
    for name, form in FORMATS.items():
        if not form.writes:
            continue
        (written,) = export_segments(name, segments, {"one": MEDIA["one"]}, folder)
        base, path, tally = written.read_bytes(), folder / f"one{form.suffix}", Tally()
        for number in range(count):
            path.write_bytes(mutated(base, np.random.default_rng([seed, number])))
            try:
                for s in import_segments(name, path, find).segments:
                    assert isinstance(s.label, str)
                    assert plain_name(s.label)
                    assert not set(s.label) & set(map(chr, range(32)))
                    assert s.athlete is None or (isinstance(s.athlete, int) and s.athlete >= 0)
                tally.read += 1
            except InputError:
                tally.refused += 1
            except Exception as error:  # noqa: BLE001 - any is a finding
                tally.wrong.append(f"{name} {seed}/{number}: {type(error).__name__}: {error}")
        tallies[name] = tally
    return tallies
