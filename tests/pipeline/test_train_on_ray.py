"""The student trained by processes of a Ray cluster: the numbers of torchrun, also past a lost process."""

import json
import os
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest
from safetensors.numpy import load_file

from tests.pipeline.test_workers import QUICK, library
from vpd.pipeline.run import run
from vpd.pipeline.status import status

pytestmark = pytest.mark.slow
RAY = [sys.executable, "-m", "vpd", "distill", "--engine", "ray", "--workers", "2"]
TORCHRUN = [
    sys.executable,
    "-m",
    "torch.distributed.run",
    "--nproc_per_node=2",
    "-m",
    "vpd",
    "distill",
    "-j",
    "1",
]
LONG = QUICK.replace("images = 64", "images = 512")


@pytest.fixture
def environment(tmp_path):
    pytest.importorskip("ray")
    (tmp_path / "home").mkdir()
    return {**os.environ, "HOME": str(tmp_path / "home"), "OMP_NUM_THREADS": "1"}


def prepared(folder, settings=QUICK):
    layout = library(folder)
    layout.settings.write_text(settings)
    assert run(layout, ["crop", "teach"]).complete
    return layout


def weights(layout):
    return load_file(layout.student("vpd") / "student.safetensors")


def alike(one, other):
    """Whether two students are the same but for the order of sums."""
    return one.keys() == other.keys() and all(
        np.allclose(one[name], other[name], rtol=1e-3, atol=1e-4) for name in one
    )


def test_the_numbers_are_those_of_torchrun(tmp_path, environment):
    trained = {}
    for name, command in (("ray", RAY), ("torchrun", TORCHRUN)):
        layout = prepared(tmp_path / name)
        done = subprocess.run(
            [*command, "-L", str(layout.root)], capture_output=True, text=True, env=environment, check=False
        )
        assert done.returncode == 0, done.stderr
        assert json.loads((layout.student("vpd") / "config.json").read_text())["processes"] == 2
        assert status(layout).student["due"] == ""
        assert not list((layout.root / "cache").glob("train-*"))
        trained[name] = weights(layout)
    assert alike(trained["ray"], trained["torchrun"])


def trainers(process):
    """Processes of Ray that train."""
    return [p for p in process.children(recursive=True) if "RayTrainWorker" in " ".join(p.cmdline())]


def test_a_lost_process_costs_an_epoch_at_most(tmp_path, environment):
    whole, layout = prepared(tmp_path / "whole", LONG), prepared(tmp_path / "lost", LONG)
    subprocess.run([*RAY, "-L", str(whole.root)], env=environment, check=True)
    process = subprocess.Popen([*RAY, "-L", str(layout.root)], env=environment)
    checkpoint = layout.student("vpd") / "checkpoint.safetensors"
    while not checkpoint.exists():
        assert process.poll() is None
        time.sleep(0.1)
    trainers(psutil.Process(process.pid))[0].kill()
    assert process.wait() == 0
    assert alike(weights(whole), weights(layout))
    assert status(layout).student["due"] == ""


def test_an_error_of_the_training_is_told_as_it_is(tmp_path, environment):
    """Here no pose is good enough to learn from."""
    layout = prepared(tmp_path, QUICK.replace("min_score = 0.0", "min_score = 1.0"))
    done = subprocess.run(
        [*RAY, "-L", str(layout.root)], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 1
    assert "distill: no frame of 5 videos has a pose of score 1 or more" in done.stderr
    assert "Traceback" not in done.stderr
