"""Track, pose and crop share decoding: each frame is decoded once or twice, and nothing else changes."""

import hashlib
from dataclasses import replace

import pytest

from tests.pipeline.made import FRAMES, made_library
from vpd.errors import CancelledError, DiskFullError
from vpd.pipeline import passes, pose, table
from vpd.pipeline.passes import Pictures
from vpd.pipeline.report import Silent
from vpd.pipeline.run import run
from vpd.video import read_frames

STEPS = ("track", "pose", "crop")


@pytest.fixture
def decoded(monkeypatch):
    """How many frames were decoded for steps."""
    seen = []

    def counted(*_args):
        for frame in read_frames(*_args):
            seen.append(frame.frame)
            yield frame

    monkeypatch.setattr(passes.Pictures.__init__, "__defaults__", (counted,))
    return seen


def contents(layout):
    folders = ("tracks", "poses", "crops")
    files = [p for folder in folders for p in sorted((layout.root / folder).iterdir()) if p.is_file()]
    return {p.relative_to(layout.root): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.fixture(params=[True, False], ids=["found", "given"])
def layout(request, tmp_path):
    """A library of two videos, in which people are looked for, or whose boxes are given."""
    made = made_library(tmp_path, ["a", "b"], frames=16)
    if request.param:
        for name in ("a", "b"):
            made.boxes(name).unlink()
    return made


def test_together_they_make_the_bytes_that_each_makes_alone(layout, decoded, tmp_path):
    for step in STEPS:
        assert run(layout, [step]).complete
    alone, times_alone = contents(layout), len(decoded)
    for path in alone:
        (layout.root / path).unlink()
    decoded.clear()
    report = run(layout, ["pose", "crop"])
    assert contents(layout) == alone
    assert len(alone) == 6
    assert report.made == {"track": 2, "pose": 2, "crop": 2}
    assert set(report.seconds) >= set(STEPS)
    # Nobody is found in these pictures, so that only `track` looks at them; given boxes need none.
    assert (times_alone, len(decoded)) in ((32, 32), (64, 32))


@pytest.mark.parametrize(("room", "times"), [(1 << 30, 1), (0, 2)])
def test_frames_are_decoded_once_where_they_fit_into_memory_and_else_twice(
    room, times, tmp_path, decoded, monkeypatch
):
    monkeypatch.setattr(passes, "KEPT_BYTES", room)
    layout = made_library(tmp_path, ["a"])
    layout.boxes("a").unlink()
    # A person is in each picture, so that all steps look at all of them.
    monkeypatch.setattr("vpd.pipeline.track._detector", lambda *_: Somebody())
    assert run(layout, ["pose", "crop"]).complete
    assert len(decoded) == times * FRAMES
    assert decoded == list(range(FRAMES)) * times


class Somebody:
    """Finds one person, who stands still."""

    device = "CPU"

    def detect(self, images):
        import numpy as np

        from vpd.athletes import PersonBoxes

        box = np.array([[20, 10, 40, 70]], np.float32)
        return [PersonBoxes(box, np.array([0.9], np.float32)) for _ in images]


def test_pictures_are_kept_for_one_more_pass_alone(tmp_path, decoded):
    layout = made_library(tmp_path, ["a"])
    path = tmp_path / "videos" / "a.mp4"
    pictures = Pictures(lambda: path, 1000, again=True)
    first, second, third = (list(pictures.frames()) for _ in range(3))
    assert [id(f) for f in first] == [id(f) for f in second]
    assert len(third) == FRAMES
    assert len(decoded) == 2 * FRAMES
    assert layout.root.is_dir()


@pytest.mark.parametrize("step", ["pose", "crop"])
def test_a_step_that_fails_is_named_and_leaves_nothing_behind(step, tmp_path, monkeypatch):
    layout = made_library(tmp_path, ["a"])
    right = table.STEPS[step]

    def failing(work, wanted):
        watcher = right.watch(work, wanted)
        monkeypatch.setattr(watcher, "add", lambda frame: 1 / 0)
        return watcher

    monkeypatch.setitem(table.STEPS, step, replace(right, watch=failing))
    report = run(layout, ["pose", "crop"])
    assert report.set_aside["a"].startswith(f"{step}: unexpected ZeroDivisionError")
    assert [p.name for f in ("poses", "crops") for p in (layout.root / f).glob("*") if p.is_file()] == []
    monkeypatch.setitem(table.STEPS, step, right)
    assert run(layout, ["pose", "crop"]).complete


def test_a_full_disk_ends_the_run_also_in_a_shared_pass(tmp_path, monkeypatch):
    layout = made_library(tmp_path, ["a"])
    right = table.STEPS["crop"]

    def full(frame):
        raise OSError(28, "No space left on device")

    def failing(work, wanted):
        watcher = right.watch(work, wanted)
        monkeypatch.setattr(watcher, "add", full)
        return watcher

    monkeypatch.setitem(table.STEPS, "crop", replace(right, watch=failing))
    with pytest.raises(DiskFullError):
        run(layout, ["pose", "crop"])


def test_a_run_that_was_cancelled_in_a_shared_pass_goes_on_later(tmp_path):
    class Cancelling(Silent):
        def advance(self, cost_ms):
            raise CancelledError

    layout = made_library(tmp_path, ["a"], frames=40)
    assert run(layout, ["track"]).complete
    with pytest.raises(CancelledError):
        run(layout, ["pose", "crop"], listener=Cancelling())
    assert not list((layout.root / "crops").glob("*.arrow"))
    report = run(layout, ["pose", "crop"])
    assert (report.complete, report.made) == (True, {"pose": 1, "crop": 1})


def test_what_is_there_is_not_made_again_beside_what_is_missing(tmp_path, monkeypatch):
    layout = made_library(tmp_path, ["a"])
    assert run(layout, ["pose"]).complete
    monkeypatch.setattr(pose, "_estimator", None)
    assert run(layout, ["pose", "crop"]).made == {"crop": 1}
