"""Damage every kind of file that vpd makes, as disks and people do, and look at what becomes of it.

Shared by the tests and `benchmarks/damage.py`. For each damaged file: is it named or made again, is a
search's answer the one of the whole library or an error, and does anything end with an error that is not
vpd's own?
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tests.pipeline.made import made_library, write_given_poses
from vpd.errors import VpdError
from vpd.library import verified
from vpd.library.layout import Layout
from vpd.pipeline.check import check_library
from vpd.pipeline.run import run
from vpd.pipeline.status import status
from vpd.verbs.search import SearchRequest, search

NAMES = ["a", "b", "c", "d", "e"]
QUERY = "a@0-0.12"


def library(folder: Path) -> Layout:
    """A small library on which every step was done."""
    layout = made_library(folder, NAMES)
    for seed, name in enumerate(NAMES):
        write_given_poses(layout, name, seed)
    report = run(layout)
    assert report.complete, report.to_json()
    return layout


def files(layout: Layout) -> list[Path]:
    """The files that are damaged in turn: all artefacts, the tables, the student."""
    found = [p for p in layout.root.rglob("*") if p.suffix in (".parquet", ".arrow", ".npy", ".safetensors")]
    return sorted([*found, layout.student("vpd") / "config.json"])


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


def _answer(layout: Layout) -> list[object] | str:
    """What a search says; "error" where it names what is wrong."""
    try:
        result = search(layout, SearchRequest([QUERY], uncut=True, features="vpd"))
        return "error" if result.unanswered else result.to_json()["results"]
    except VpdError:
        return "error"


@dataclass
class Outcomes:
    """How many damaged files ended how, by kind of file and of end; and what must not be."""

    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def fuzz(layout: Layout, count: int, seed: int, run_every: int, keep_times: bool = False) -> Outcomes:
    """Damage ``count`` files, each in a copy of the library, and look.

    Of every ``run_every``-th a run follows, after which the library must be whole. With ``keep_times`` the
    file's times stay, as when a disk rots: then `check_library` with ``deep`` must name it.
    """
    out, truth, names = Outcomes(), _answer(layout), [p.relative_to(layout.root) for p in files(layout)]
    copy = Layout(layout.root.with_name("copy"))
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        shutil.rmtree(copy.root, ignore_errors=True)
        shutil.copytree(layout.root, copy.root)
        name = names[number % len(names)]
        path = copy.root / name
        before = path.read_bytes()
        now = damaged(before, rng)
        if now == before:
            continue
        times = path.stat()
        path.write_bytes(now)
        if keep_times:
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        verified.forget()
        what = f"{seed}/{number} {name}"
        try:
            _look(copy, name, what, truth, out, keep_times, run_it=number % run_every == 0)
        except Exception as error:  # noqa: BLE001 - any other end is what is looked for
            out.wrong.append(f"{what}: {type(error).__name__}: {error}")
    return out


def _look(
    copy: Layout, name: Path, what: str, truth: object, out: Outcomes, rotten: bool, run_it: bool
) -> None:
    try:
        said = "up to date" if status(copy).up_to_date else "to do"
    except VpdError:
        said = "error"
    answer = _answer(copy)
    out.counts[f"status: {said}"] += 1
    out.counts[
        "search: " + ("the same" if answer == truth else "error" if answer == "error" else "other")
    ] += 1
    if answer not in (truth, "error"):
        out.wrong.append(f"{what}: a search answers otherwise")
    found = check_library(copy, deep=True)
    named = {d.path.relative_to(copy.root) for d in found.damaged}
    # What a status has looked at and found damaged may be named by other files that hang on it.
    if not named:
        out.wrong.append(f"{what}: `vpd check --deep` names nothing")
    unseen = name.suffix == ".npy" or "videos" in name.name  # needed by no step now, or mended by a run
    if said == "up to date" and not rotten and not unseen:
        out.wrong.append(f"{what}: status says that all is up to date")
    if run_it:
        report = run(copy)
        verified.forget()
        whole = check_library(copy, deep=True).whole or name.suffix == ".npy"
        out.counts["run: " + ("whole again" if whole and report.complete else "not whole")] += 1
        if not (whole and report.complete):
            out.wrong.append(f"{what}: after a run {report.problems} {report.set_aside}")
