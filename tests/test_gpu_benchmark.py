"""The comparison of a GPU with the CPU runs on a machine that has none."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "gpu.py"


@pytest.mark.slow
def test_it_runs_without_a_gpu(tmp_path: Path) -> None:
    out = tmp_path / "gpu.json"
    command = [sys.executable, str(SCRIPT), "--device", "cpu", "--json", str(out), "--only"]
    done = subprocess.run(
        [*command, "pose", "bigru", "dtw", "search"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(out.read_text(encoding="utf-8"))
    assert found["machine"]["device"] == "cpu"
    assert not found["failed"]
    assert [row["part"].split()[0] for row in found["rows"]] == [
        "pose",
        "BiGRU:",
        *["DTW"] * 4,
        *["search"] * 3,
    ]
    for row in found["rows"]:
        assert row["error"] <= row["tolerance"]
        assert row["rate"] > 0
