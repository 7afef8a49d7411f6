"""A random sample of mutants: changes of one place of the code each, with the tests that run that place."""

from __future__ import annotations

import ast
import json
import random
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cosmic_ray.plugins
from cosmic_ray.commands.init import init
from cosmic_ray.mutating import mutate_code
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec
from coverage import CoverageData

ELSEWHERE = {
    "src/vpd/pipeline/workers.py": "tests/pipeline/test_workers.py::",
    "src/vpd/pipeline/task.py": "tests/pipeline/test_workers.py::",
}
"""Files that run in processes of their own, where lines are not recorded: the tests that start them."""


@dataclass(frozen=True)
class Mutant:
    """One change: ``old`` lines of ``file`` become ``new`` ones; ``tests`` (node ids) run the place.

    ``old`` has the lines around the change, too, so that it is there once.
    """

    id: int
    file: str
    line: int
    operator: str
    before: str
    after: str
    old: str
    new: str
    tests: list[str]


def annotations(tree: ast.AST) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Where annotations begin and end, as (line, column): nothing of them runs."""
    nodes: list[ast.expr | None] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign):
            nodes.append(node.annotation)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            nodes.append(node.returns)
    spans = []
    for node in nodes:
        if node is not None and node.end_lineno is not None and node.end_col_offset is not None:
            spans.append(((node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)))
    return spans


def places(files: Sequence[Path]) -> list[list[MutationSpec]]:
    """The mutations that cosmic-ray knows of the files, those of one place and one kind together."""
    with tempfile.TemporaryDirectory() as folder, use_db(Path(folder) / "all", WorkDB.Mode.create) as db:
        init(files, db, {})
        found = [mutation for item in db.work_items for mutation in item.mutations]
    spans = {file: annotations(ast.parse(file.read_text(encoding="utf-8"))) for file in files}
    kinds: dict[tuple[str, tuple[int, int], str], list[MutationSpec]] = defaultdict(list)
    for one in found:
        if not any(start <= one.start_pos < end for start, end in spans[one.module_path]):
            kind = one.operator_name.split("_")[0]
            kinds[str(one.module_path), one.start_pos, kind].append(one)
    return [sorted(kinds[key], key=lambda m: (m.operator_name, m.occurrence)) for key in sorted(kinds)]


class Runs:
    """Which tests run which lines, as recorded by `pytest --cov=src/vpd --cov-context=test`."""

    def __init__(self, recorded: Iterable[Path]) -> None:
        self._lines: dict[str, dict[int, set[str]]] = {}
        for path in recorded:
            data = CoverageData(str(path))
            data.read()
            for file in data.measured_files():
                lines = self._lines.setdefault(file[file.rindex("src/vpd/") :], defaultdict(set))
                for line, contexts in data.contexts_by_lineno(file).items():
                    lines[line].update(context.split("|")[0] for context in contexts)

    def tests(self, file: str, line: int) -> list[str]:
        """The tests that run the line; where it runs at import, or in compiled code, those of the file."""
        lines = self._lines.get(file, {})
        of_line, of_file = lines.get(line, set()), set().union(*lines.values())
        started = ELSEWHERE.get(file)
        if started:
            every = {test for known in self._lines.values() for tests in known.values() for test in tests}
            of_line = of_file = of_line | {test for test in every if test.startswith(started)}
        return sorted((of_file if "" in of_line or not of_line else of_line) - {""})


def draw(files: Sequence[Path], runs: Runs, count: int, seed: int) -> list[Mutant]:
    """``count`` places drawn without replacement, and one mutation of each."""
    chance = random.Random(seed)
    drawn = []
    for mutations in chance.sample(places(files), count):
        one = chance.choice(mutations)
        original = one.module_path.read_text(encoding="utf-8")
        operator = cosmic_ray.plugins.get_operator(one.operator_name)(**one.operator_args)
        source = mutate_code(original, operator, one.occurrence)
        tests = runs.tests(str(one.module_path), one.start_pos[0])
        kind = one.operator_name.removeprefix("core/")
        line, old, new = _hunk(original, source)
        before, after = (text.splitlines()[line - 1].strip() for text in (original, source))
        drawn.append(Mutant(len(drawn), str(one.module_path), line, kind, before, after, old, new, tests))
    return drawn


def _hunk(original: str, source: str) -> tuple[int, str, str]:
    """The first changed line, and the changed lines of both texts with as many around as make them unique."""
    was, now = original.splitlines(keepends=True), source.splitlines(keepends=True)
    first = next(i for i, (a, b) in enumerate(zip(was, now, strict=False)) if a != b)
    last = next(i for i, (a, b) in enumerate(zip(was[::-1], now[::-1], strict=False)) if a != b)
    for around in range(len(was)):
        start, end = max(first - around, 0), max(last - around, 0)
        old = "".join(was[start : len(was) - end])
        if original.count(old) == 1:
            return first + 1, old, "".join(now[start : len(now) - end])
    raise AssertionError("a whole file is in itself once")


def write(mutants: Sequence[Mutant], path: Path) -> None:
    path.write_text(json.dumps([asdict(mutant) for mutant in mutants]), encoding="utf-8")
