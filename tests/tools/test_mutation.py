"""The mutation tester: what is drawn, and that mutants are tested and counted as they are."""

import ast
import json

import pytest

from tools.mutation import trial

SOURCE = "LIMIT = 3\n\n\ndef double(x):\n    return x * 2\n\n\ndef unused(x):\n    return x + LIMIT\n"


@pytest.fixture
def repository(tmp_path):
    """One module of one folder with a test that fails unmutated, too."""
    root = tmp_path / "repository"
    (root / "src/vpd/made").mkdir(parents=True)
    (root / "src/vpd/made/sums.py").write_text(SOURCE)
    (root / "tests").mkdir()
    (root / "tests/test_sums.py").write_text(
        "import sys, os; sys.modules.pop('vpd', None)\n"
        "sys.path.insert(0, os.getcwd() + '/src/vpd/made')\n"
        "from sums import double\n"
        "def test_double():\n    assert double(3) == 6\n"
        "def test_wrong_anyway():\n    assert double(3) == 7\n"
    )
    return root


def mutant(number, before, after):
    tests = [f"tests/test_sums.py::{name}" for name in ("test_double", "test_wrong_anyway", "test_gone")]
    said = {"id": number, "file": "src/vpd/made/sums.py", "line": 5, "operator": "made"}
    return said | {"before": before, "after": after, "old": before, "new": after, "tests": tests}


@pytest.mark.slow
def test_killed_and_survived(repository, tmp_path, monkeypatch):
    monkeypatch.setattr(trial, "HEAVY", ())
    monkeypatch.setattr(trial, "LEAST_S", 600.0)
    mutants = [
        mutant(0, "x * 2", "x * 3"),
        mutant(1, "x + LIMIT", "x - LIMIT"),
        mutant(2, "    return y", "    return z"),
    ]
    results = tmp_path / "results.jsonl"
    trial.try_all(mutants, repository, tmp_path / "copies", results, workers=2, seconds=300, most_s=60)
    rows = {row["id"]: row for row in trial.rows(results)}
    assert [rows[i]["outcome"] for i in sorted(rows)] == ["killed", "survived"]
    assert rows[0]["by"] == "tests/test_sums.py::test_double"
    assert (tmp_path / "copies/tree-0/src/vpd/made/sums.py").read_text() == SOURCE
    assert trial.table(results).splitlines()[-1].split() == ["all", "1", "1", "2", "50.0"]
    results.write_text(json.dumps(rows[0]) + "\n")
    trial.try_all(mutants[:1], repository, tmp_path / "copies", results, workers=1, seconds=300, most_s=60)
    assert len(trial.rows(results)) == 1


def test_a_run_without_end_is_ended(repository, tmp_path):
    module = repository / "src/vpd/made/sums.py"
    module.write_text(SOURCE.replace("    return x * 2", "    while x: pass"))
    tests = ["tests/test_sums.py::test_double"]
    ended = trial.in_a_fork(repository, tests, tmp_path / "scratch", 1.0, first_failure=True)
    assert (ended.code, trial.outcome_of(ended)) == (None, "timeout")


def test_nothing_of_an_annotation_is_drawn(tmp_path):
    pytest.importorskip("cosmic_ray")
    from tools.mutation.draw import annotations, places

    file = tmp_path / "some.py"
    file.write_text("def f(x: int | None = 1) -> int | str:\n    y: int | None = x + 2\n    return y\n")
    assert len(annotations(ast.parse(file.read_text()))) == 3
    found = [(one[0].start_pos, one[0].operator_name.split("_")[0]) for one in places([file])]
    assert found == [((1, 22), "core/NumberReplacer"), ((2, 22), "core/ReplaceBinaryOperator"),
                     ((2, 24), "core/NumberReplacer")]  # fmt: skip
