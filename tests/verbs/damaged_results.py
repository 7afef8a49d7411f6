"""Damage the files of results, as disks and people do: what a disk did is named, what a person wrote stays.

Shared by the tests and `benchmarks/damage.py`. An evaluation never takes a split or subsets that a disk has
changed, and a command replaces no file that somebody wrote to.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from tests.outcomes import Outcomes
from tests.pipeline.damage import damage_file
from vpd.errors import VpdError
from vpd.library import verified
from vpd.library.layout import Layout
from vpd.library.own_folder import MARK, own_folder
from vpd.library.results import new_results
from vpd.library.videos import Videos
from vpd.pipeline.check import check_library
from vpd.report.detection_folder import DetectionFolder
from vpd.report.evaluation_page import write_evaluation
from vpd.report.search_page import write_search_page
from vpd.verbs.detect import DetectRequest, detect
from vpd.verbs.evaluate import EvaluateRequest, EvaluateResult, evaluate
from vpd.verbs.search import SearchRequest, search

FOUND, KIND = "found", "detections"
EVALUATION = EvaluateRequest(features=["joints2d"], recognisers=["dtw-nn"], ks=[1], subsets=2)


def add_results(layout: Layout) -> Layout:
    """Results of a detection, a search and an evaluation in the library of `tests.verbs.conftest`."""
    videos = Videos.read(layout)
    with own_folder(layout.results / FOUND, KIND) as own:
        own.begin()
        out = DetectionFolder(own.path)
        result = detect(layout, DetectRequest(["new1"], at_least=0.1), None, out)
        out.add_clips(result, videos)
        out.add_exports(result, videos, ["boris"])
    with new_results(layout, "search") as place:
        request = SearchRequest(["a1@0.4-1.2"], uncut=False)
        write_search_page(place, search(layout, request), videos.recording)
    evaluated = evaluate(layout, EVALUATION)
    with new_results(layout, "evaluate") as place:
        write_evaluation(evaluated.evaluation, place)
    return layout


def files(layout: Layout) -> list[Path]:
    """The files of all results, with their marks."""
    return sorted(path for path in layout.results.rglob("*") if path.is_file())


def _figures(result: EvaluateResult) -> list[tuple[object, ...]]:
    return [
        (name, o.recogniser, o.k, o.accuracy, o.predicted.tolist())
        for name, outcomes in result.evaluation.outcomes.items()
        for o in outcomes
    ]


def fuzz(layout: Layout, count: int, seed: int, keep_times: bool = False) -> Outcomes:
    """Damage ``count`` files of results, each in a copy of the library.

    With ``keep_times`` as when a disk rots, else as a person writes.
    """
    out, names = Outcomes(), [path.relative_to(layout.root) for path in files(layout)]
    truth = _figures(evaluate(layout, EVALUATION))
    copy = Layout(layout.root.with_name("copy"))
    for number in range(count):
        rng = np.random.default_rng([seed, 1, number])
        shutil.rmtree(copy.root, ignore_errors=True)
        shutil.copytree(layout.root, copy.root)
        name = names[number % len(names)]
        if not damage_file(copy.root / name, rng, keep_times):
            continue
        what = f"{seed}/{number} {name}"
        try:
            _look(copy, name, what, truth, out, keep_times)
        except Exception as error:  # noqa: BLE001 - any other end is what is looked for
            out.wrong.append(f"{what}: {type(error).__name__}: {error}")
    return out


def _look(copy: Layout, name: Path, what: str, truth: object, out: Outcomes, rotten: bool) -> None:
    verified.forget()
    named = {d.path.relative_to(copy.root) for d in check_library(copy, deep=True).damaged}
    out.counts["results: named" if named else "results: somebody's own"] += 1
    if named != ({name} if rotten or name.name == MARK else set()):
        out.wrong.append(f"{what}: `vpd check --deep` names {sorted(map(str, named))}")
    if name.parent.name == "few_shot" and rotten:
        _evaluate(copy, what, truth, out)
    if name.parts[1] == FOUND:
        _replace(copy, name, what, out, ours=rotten and name.name != MARK)


def _evaluate(copy: Layout, what: str, truth: object, out: Outcomes) -> None:
    try:
        same = _figures(evaluate(copy, EVALUATION)) == truth
        out.counts["evaluation: the same" if same else "evaluation: other"] += 1
    except VpdError:
        same = True
        out.counts["evaluation: error"] += 1
    if not same:
        out.wrong.append(f"{what}: an evaluation takes what a disk has changed")


def _replace(copy: Layout, name: Path, what: str, out: Outcomes, ours: bool) -> None:
    """Another command of the kind replaces what vpd wrote, and nothing else."""
    before = (copy.root / name).read_bytes()
    try:
        with own_folder(copy.results / FOUND, KIND) as own:
            own.begin()
        out.counts["results: replaced"] += 1
        if not ours:
            out.wrong.append(f"{what}: somebody's file was replaced")
    except VpdError:
        out.counts["results: not replaced"] += 1
        if (copy.root / name).read_bytes() != before:
            out.wrong.append(f"{what}: a command that was refused changed a file")
