"""Two runs of one library share the work, and neither keeps anybody from labelling, picking or looking."""

import json
import subprocess
import sys
from collections import Counter

import pytest

from tests.pipeline.made import fake_distill, made_library, make_video
from vpd.library.labels import read_labels
from vpd.library.videos import Videos
from vpd.pipeline import distill
from vpd.pipeline.register import add_videos
from vpd.pipeline.report import Silent
from vpd.pipeline.run import run
from vpd.pipeline.status import status

VPD = [sys.executable, "-m", "vpd"]
HOLD = """
import pathlib, sys
from vpd.library.lock import locked
with locked(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def hold(path):
    """Another process that holds the lock of ``path`` until its input is closed."""
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout.readline() == "held\n"
    return other


class LetGo(Silent):
    """Ends the other process when the run says that it waits; remembers what was done by then."""

    def __init__(self, other):
        self.other, self.done, self.said = other, [], []

    def ended(self, video, error):
        self.done.append(video)

    def say(self, text):
        if "being written by" in text:
            self.said.append((text, list(self.done)))
            self.other.communicate()


def test_what_another_run_has_in_hand_is_left_for_the_end(tmp_path):
    layout = made_library(tmp_path, ["a", "b", "c"])
    run(layout, ["track"])
    listener = LetGo(hold(layout.crops("a")))
    report = run(layout, ["crop"], listener=listener)
    assert report.complete
    assert report.made == {"crop": 3}
    ((text, done),) = listener.said
    assert f"a.arrow is being written by process {listener.other.pid}" in text
    assert sorted(done) == ["b", "c"]


def test_what_the_other_run_made_is_not_made_again(tmp_path, monkeypatch, quick):
    """The other run trains the student while this one waits for its lock."""
    layout = made_library(tmp_path, ["a"])
    run(layout, ["crop", "teach"])
    trained = []
    monkeypatch.setattr(distill, "make", lambda *given: trained.append(given))

    class Trains(LetGo):
        def say(self, text):
            from vpd.pipeline.run import open_sources

            if "being written by" in text:
                fake_distill(open_sources(layout), ["a"], None)
            super().say(text)

    listener = Trains(hold(layout.student("vpd")))
    report = run(layout, listener=listener)
    assert listener.said
    assert trained == []
    assert report.made == {"embed": 1}


def test_two_runs_make_each_artefact_once(tmp_path):
    names = ["a", "b", "c", "d"]
    layout = made_library(tmp_path, names)
    command = [*VPD, "track", "-L", str(layout.root), "-j", "1", "--json"]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    reports = [json.loads(process.communicate()[0]) for process in runs]
    assert [process.returncode for process in runs] == [0, 0]
    made = sum((Counter(report["made"]) for report in reports), Counter())
    assert made["track"] == len(names)
    assert status(layout).steps["track"].current == len(names)


def test_labels_picks_and_videos_are_free_during_a_run(tmp_path):
    """A run works on a video all the time while these commands are called."""
    layout = made_library(tmp_path, ["a", "b"])
    run(layout, ["crop"])
    labels = tmp_path / "new.csv"
    labels.write_text("video,start_s,end_s,label\na,0,0.1,x\n")
    busy = [hold(path) for path in (layout.tracks("a"), layout.student("vpd"), layout.crops("a"))]
    try:
        for command in (["labels", "import", str(labels)], ["athletes", "a", "--pick", "0.1,30,30"]):
            done = subprocess.run([*VPD, *command, "-L", str(layout.root)], capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
        assert status(layout).steps["crop"].current == 2
        add_videos(layout, [make_video(tmp_path / "videos" / "c.mp4", 9)])
    finally:
        for other in busy:
            other.communicate()
    assert [s.label for s in read_labels(layout.labels, Videos.read(layout))] == ["x"]
    assert layout.picks.exists()


def test_a_run_keeps_what_others_changed_in_the_table(tmp_path):
    """Videos that were added, moved or taken out while it worked."""
    layout = made_library(tmp_path, ["a", "b", "c"])

    class Changes(Silent):
        done = False

        def ended(self, video, error):
            if not self.done:
                self.done = True
                add_videos(layout, [make_video(tmp_path / "videos" / "d.mp4", 9)])
                (tmp_path / "videos" / "a.mp4").rename(tmp_path / "videos" / "moved.mp4")
                add_videos(layout, [tmp_path / "videos" / "moved.mp4"])
                videos = Videos.read(layout)
                del videos.rows["b"]
                videos.write()

    run(layout, ["scan"])
    run(layout, ["track"], listener=Changes())
    videos = Videos.read(layout)
    assert sorted(videos.rows) == ["a", "c", "d"]
    assert videos["a"].path.endswith("moved.mp4")
    assert run(layout, ["track"]).set_aside == {}


@pytest.mark.slow
def test_torchrun_trains_with_two_processes(tmp_path):
    from tests.pipeline.test_workers import library

    layout = library(tmp_path)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node=2", "-m"]
    command = [*torchrun, "vpd", "distill", "-j", "1", "-L", str(layout.root)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    config = json.loads((layout.student("vpd") / "config.json").read_text())
    assert config["processes"] == 2
    assert status(layout).student["due"] == ""
