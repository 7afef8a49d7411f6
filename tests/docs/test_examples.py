"""The examples run, and the paper in one file does what it says."""

import json
import runpy

import numpy as np
import pytest

from tests.docs.pages import DOCS, ROOT
from vpd.dtw import dtw_distance
from vpd.teachers import joints2d

EXAMPLES = sorted(p.stem for p in (DOCS / "examples").glob("*.py") if p.stem != "make_library")
SAYS = {
    "search": "best in uncut video",
    "recognise": "learned from 30 labelled segments",
    "evaluate": "'k': 'all'",
    "detect": "score",
    "compare": "torso lengths",
    "labels": "30 labels in 5 ELAN files",
    "cross_validation": "over 3 folds",
    "time_warping": "frame 30 of the slow one is frame 15 of the fast one",
    "poses_of_a_video": "poses (12, 17, 3)",
    "own_features": "mine: precision at 1",
    "progress": "Cancelled",
}


def test_every_example_is_on_the_page():
    page = (DOCS / "developer" / "examples.md").read_text(encoding="utf-8")
    assert all(f"docs/examples/{name}.py" in page for name in EXAMPLES)
    assert set(SAYS) == set(EXAMPLES)
    assert len(EXAMPLES) >= 10


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs(name, sample_library, monkeypatch, capsys):
    path = DOCS / "examples" / f"{name}.py"
    monkeypatch.setattr("sys.argv", [str(path), str(sample_library.layout.root)])
    runpy.run_path(str(path), run_name="__main__")
    assert SAYS[name] in capsys.readouterr().out


ONE_FILE = ROOT / "examples" / "vpd_in_one_file.py"


@pytest.fixture(scope="module")
def one_file():
    return runpy.run_path(str(ONE_FILE))


def test_the_one_file_is_short():
    assert len(ONE_FILE.read_text(encoding="utf-8").splitlines()) <= 250


def test_its_joints_are_those_of_the_teacher(one_file):
    poses = np.random.default_rng(0).random((5, 17, 3)).astype(np.float32)
    ours = joints2d.normalise(poses)
    np.testing.assert_allclose(one_file["normalised_joints"](poses), ours.reshape(5, 26), atol=1e-6)
    mirrored = one_file["mirrored_joints"](ours.reshape(5, 26))
    np.testing.assert_allclose(mirrored, joints2d.mirror(ours).reshape(5, 26))


@pytest.mark.parametrize(("n", "m"), [(1, 1), (9, 9), (12, 9), (20, 29), (5, 20)])
def test_its_time_warping_is_symmetric_p2(one_file, n, m):
    rng = np.random.default_rng(n + m)
    x, y = rng.standard_normal((n, 4)), rng.standard_normal((m, 4))
    wanted = dtw_distance(x, y, pattern="symmetricP2")
    assert one_file["warping_distance"](x, y) == pytest.approx(wanted)


def test_it_distills_and_recognises(one_file, sample_library, capsys):
    """Two steps of training: enough to see that all parts fit."""
    assert sample_library.run(["crop"]).complete
    table = one_file["main"](sample_library, images=40, batch=20, ks=(1, 3), subsets=2)
    assert {k: len(found) for k, found in table.items()} == {1: 2, 3: 2}
    assert "1525 of them teach" in capsys.readouterr().out


@pytest.mark.slow
def test_it_learns(one_file, sample_library):
    """After 20,000 crops a nearest neighbour is right far more often than by chance (1/6)."""
    sample_library.run(["crop"])
    table = one_file["main"](sample_library, images=20_000, ks=(3,), subsets=3)
    assert np.mean(table[3]) > 0.4


REEL = ROOT / "examples" / "from_video_to_reel.py"


def test_the_notebook_is_that_of_its_script():
    notebook = runpy.run_path(str(ROOT / "tools" / "notebook.py"))["notebook"]
    wanted = notebook(REEL.read_text(encoding="utf-8"))
    assert REEL.with_suffix(".ipynb").read_text(encoding="utf-8") == wanted, "run python tools/notebook.py"


@pytest.mark.slow
def test_the_notebook_runs_to_the_reel(capsys, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    cells = json.loads(REEL.with_suffix(".ipynb").read_text(encoding="utf-8"))["cells"]
    code = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    exec(compile(code, str(REEL), "exec"), {})
    said = capsys.readouterr().out
    assert "set aside: {}" in said
    assert "18 labels, checked: True" in said
    assert "reel.mp4" in said
