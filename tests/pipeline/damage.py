"""Damage every kind of file that vpd makes, as disks and people do, and look at what becomes of it.

Shared by the tests and `benchmarks/damage.py`. For each damaged file: is it named or made again, is a
search's answer the one of the whole library or an error, does an undo restore what was or refuse, and does
anything end with an error that is not vpd's own?
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.outcomes import Outcomes
from tests.pipeline.made import made_library, write_given_poses
from vpd.errors import VpdError
from vpd.library import verified
from vpd.library.frames import read_times
from vpd.library.label_store import LabelStore, NewLabel
from vpd.library.layout import Layout
from vpd.library.lock import lock_file
from vpd.library.videos import Videos
from vpd.pipeline.check import check_library
from vpd.pipeline.run import run
from vpd.pipeline.status import status
from vpd.types import Segment
from vpd.verbs.search import SearchRequest, search
from vpd.verbs.search_index import index_videos
from vpd.web.cache import ProxyCache
from vpd.web.journal import Journal
from vpd.web.playable import write_piece

NAMES = ["a", "b", "c", "d", "e"]
PLAIN = "f"
"""A video without boxes and poses of a user: what is up to date of such is noted."""
QUERY = "a@0-0.12"
SETTINGS = "[search]\nexact_up_to = 1\n"
"""Searches go by the index, where they are not asked to be exact."""
STEPS = {"frames", "tracks", "poses", "crops", "features", "students"}
"""The folders of what a run needs."""
UNNAMED = {".jsonl", ".lock", ".holder", ".mp4"}
READINGS_KEY = "key.json"
"""These and files of `UNNAMED` kinds may be gone at any time; nobody need be told. A search mends its
index."""


def library(folder: Path) -> Layout:
    """A small library on which every step was done, with labels, an index, and a video for the page."""
    layout = made_library(folder, [*NAMES, PLAIN], SETTINGS)
    layout.boxes(PLAIN).unlink()
    for seed, name in enumerate(NAMES):
        write_given_poses(layout, name, seed)
    report = run(layout)
    assert report.complete, report.to_json()
    for start_s in (0.0, 0.04):
        LabelStore(layout).add([NewLabel(Segment("a", start_s, 0.12, None, "serve"))])
    Journal(layout).add([NewLabel(Segment("b", 0.0, 0.12, None, "lob"))])
    index_videos(layout, "vpd")
    cache = _proxies(layout)
    with cache.writing(_piece(cache)) as part:
        write_piece(Videos.read(layout).recording("a"), read_times(layout.frames("a")), 0, part)
    lock = lock_file(layout.labels)  # as a kill leaves it
    lock.parent.mkdir(exist_ok=True)
    lock.write_text("1")
    lock.with_suffix(".holder").write_text('{"process": 1, "host": "gone", "command": "vpd"}')
    assert layout.noted in files(layout)
    return layout


def _proxies(layout: Layout) -> ProxyCache:
    return ProxyCache(layout.root / "cache" / "proxies")


def _piece(cache: ProxyCache) -> Path:
    return cache.path("0123", 0)


def files(layout: Layout) -> list[Path]:
    """The files that are damaged in turn: artefacts, tables, students, notes, backups, locks, proxies.

    The first of each folder come first, so that few tries are of many kinds.
    """
    kinds = ("*.parquet", "*.arrow", "*.npy", "*.safetensors", "*.lock", "*.holder", "*.mp4")
    found = [path for kind in kinds for path in layout.root.rglob(kind)]
    found += [layout.student("vpd") / "config.json", *layout.readings.glob("*.json")]
    found = sorted([*found, *layout.root.glob("*.backup/*")])
    return sorted(found, key=lambda path: sum(path.parent == p.parent for p in found[: found.index(path)]))


def damaged(content: bytes, rng: np.random.Generator) -> bytes:
    """The bytes with one to three bits turned, a block of zeros, an end cut off, or one added."""
    kind, at = int(rng.integers(0, 4)), int(rng.integers(0, len(content)))
    changed = bytearray(content)
    if kind == 0:
        for place in rng.integers(0, len(content), int(rng.integers(1, 4))):
            changed[place] ^= 1 << int(rng.integers(0, 8))
    elif kind == 1:
        length = int(rng.integers(1, 600))
        changed[at : at + length] = bytes(len(changed[at : at + length]))
    elif kind == 2:
        del changed[at:]
    else:
        changed += rng.bytes(int(rng.integers(1, 300)))
    return bytes(changed)


def damage_file(path: Path, rng: np.random.Generator, keep_times: bool) -> bool:
    """Damage a file, with ``keep_times`` as when a disk rots. Returns whether its content has changed."""
    before = path.read_bytes()
    now = damaged(before, rng)
    times = path.stat()
    path.write_bytes(now)
    if keep_times:
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    verified.forget()
    return now != before


def _answer(layout: Layout) -> list[object] | str:
    """What a search says, exactly and by the index; "error" where it names what is wrong."""
    said: list[object] = []
    for exact in (True, False):
        try:
            result = search(layout, SearchRequest([QUERY], uncut=True, features="vpd", exact=exact))
        except VpdError:
            return "error"
        if result.unanswered:
            return "error"
        said.append(result.to_json()["results"])
    return said


def _undone(layout: Layout, undo: Callable[[], object]) -> bytes | None:
    """labels.csv after an undo; None where it is refused."""
    try:
        undo()
    except VpdError:
        return None
    return layout.labels.read_bytes()


def _undos(layout: Layout) -> list[bytes | None]:
    """labels.csv after each undo, first of the page, then of the store."""
    page = _undone(layout, lambda: Journal(layout).undo())
    return [page, *(_undone(layout, lambda: LabelStore(layout).undo()) for _ in range(3))]


@dataclass(frozen=True)
class _Truth:
    """What a whole library answers and plays, and every state that its labels had."""

    answer: object
    piece: bytes
    states: set[bytes]

    @classmethod
    def of(cls, layout: Layout) -> _Truth:
        states = {layout.labels.read_bytes()}
        states |= {path.read_bytes() for path in layout.root.glob("labels.backup/*.csv")}
        return cls(_answer(layout), _piece(_proxies(layout)).read_bytes(), states)


def _copy(layout: Layout, copy: Layout) -> None:
    shutil.rmtree(copy.root, ignore_errors=True)
    shutil.copytree(layout.root, copy.root)
    verified.forget()


def fuzz(layout: Layout, count: int, seed: int, run_every: int, keep_times: bool = False) -> Outcomes:
    """Damage ``count`` files, each in a copy of the library, and look.

    Of every ``run_every``-th a run follows, after which the library must be whole. With ``keep_times`` the
    file's times stay, as when a disk rots: then `check_library` with ``deep`` must name it.
    """
    out, names = Outcomes(), [p.relative_to(layout.root) for p in files(layout)]
    copy, truth = Layout(layout.root.with_name("copy")), _Truth.of(layout)
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        _copy(layout, copy)
        name = names[number % len(names)]
        if not damage_file(copy.root / name, rng, keep_times):
            continue
        what = f"{seed}/{number} {name}"
        try:
            _look(copy, name, what, truth, out, keep_times, run_it=number % run_every == 0)
        except Exception as error:  # noqa: BLE001 - any other end is what is looked for
            out.wrong.append(f"{what}: {type(error).__name__}: {error}")
    return out


def _look(
    copy: Layout, name: Path, what: str, truth: _Truth, out: Outcomes, rotten: bool, run_it: bool
) -> None:
    try:
        said = "up to date" if status(copy).up_to_date else "to do"
    except VpdError:
        said = "error"
    answer = _answer(copy)
    seen = "the same" if answer == truth.answer else "error" if answer == "error" else "other"
    out.counts[f"status: {said}"] += 1
    out.counts[f"search: {seen}"] += 1
    if seen == "other":
        out.wrong.append(f"{what}: a search answers otherwise")
    cache = _proxies(copy)
    if cache.use(_piece(cache)) and _piece(cache).read_bytes() != truth.piece:
        out.wrong.append(f"{what}: a damaged proxy is played")
    # What a status has looked at and found damaged may be named by other files that hang on it.
    unnamed = bool({name.suffix, name.name} & {*UNNAMED, READINGS_KEY}) or name.parts[0] == "index"
    if not check_library(copy, deep=True).damaged and not unnamed:
        out.wrong.append(f"{what}: `vpd check --deep` names nothing")
    unseen = name.suffix == ".npy" or name.parts[0] not in STEPS or name.name == READINGS_KEY
    if said == "up to date" and not rotten and not unseen:
        out.wrong.append(f"{what}: status says that all is up to date")
    if run_it:
        _run(copy, what, out)
    restored = [state for state in _undos(copy) if state is not None]
    out.counts["undo: as it was"] += len(restored)
    out.counts["undo: refused"] += 4 - len(restored)
    if not truth.states.issuperset(restored):
        out.wrong.append(f"{what}: an undo restores what never was")


def _run(copy: Layout, what: str, out: Outcomes) -> None:
    """A run, after which the library must be whole, but for files that no run reads."""
    report = run(copy)
    verified.forget()
    left = [d for d in check_library(copy, deep=True).damaged if d.path.parent.suffix != ".backup"]
    whole = report.complete and all(d.path.suffix == ".npy" for d in left)
    out.counts["run: whole again" if whole else "run: not whole"] += 1
    if not whole:
        out.wrong.append(f"{what}: after a run {report.problems} {report.set_aside} {left}")
