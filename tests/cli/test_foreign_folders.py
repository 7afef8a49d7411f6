"""Every command in a folder full of files of somebody else, which are the same afterwards."""

import platform
import re
import subprocess
import sys

import pytest

from tests.pipeline.made import make_video
from tests.verbs.conftest import layout  # noqa: F401 - a library on which every command has an answer
from vpd.cli.main import COMMANDS
from vpd.errors import DiskFullError, InputError
from vpd.library import own_folder as folders
from vpd.library.own_folder import MARK, OwnFolder, own_folder

FOREIGN = (
    "index.html", "detections.csv", "detections.json", "hits.csv", "labels.csv", "splits.csv", "missing.txt",
    "boris.boris", "001_a2_0.40.mp4", "clips/001_a2_0.40.mp4", "crops/notes.txt", "features/vpd/a1.arrow",
    "frames/0001.png", "report/index.html", "report/thesis/chapter1.tex", "library/labels.csv",
    "library/vpd.txt", "results/mine.csv", "videos.parquet", "vipe.safetensors", "history.jsonl", "reel.mp4",
    "table1.csv", "timelines/a1.png", "students/vpd/config.json", "out.mp4", "out.csv", "cache/mine",
)  # fmt: skip

WRITING = {
    "new": [("new", ".", "VIDEO")],
    "labels": [("labels", "export", "--format", form, "-o", ".") for form in ("csv", "boris", "elan")],
    "search": [
        ("search", "a1@0.4-1.2", "--csv", "out.csv"),
        ("search", "a1@0.4-1.2", "--clips", "."),
        ("search", "a1@0.4-1.2", "--side-by-side", "clips"),
    ],
    "recognise": [("recognise", "new1@0.2-1", "--out", "out.csv")],
    "detect": [("detect", "new1", "--out", "."), ("detect", "new1", "--out", "timelines", "--reel")],
    "compare": [("compare", "a1@0.4-1.2", "a2@0.4-1.2", "--out", "out.mp4")],
    "vipe": [("vipe", "train", "MOTION", "--out", ".", "--hold-out", "x")],
    "paper": [
        ("paper", "table1", "--out", "."),
        ("paper", "import", "fs", ".", "--labels", ".", "--videos", "clips"),
    ],
    "demo": [("demo", "--out", "."), ("demo", "--out", ".", "--fresh")],
}
"""Calls that are asked to write into the folder: each is refused."""

READING = {
    "status": [("status", "--videos")],
    "settings": [("settings",)],
    "check": [("check",)],
    "clean": [("clean",), ("clean", "--yes")],
    "labels": [("labels", "check"), ("labels", "export", "--format", "csv")],
    "athletes": [("athletes", "a1")],
    "show": [("show", "a1@0-0.4")],
    "search": [("search", "a1@0.4-1.2", "--page")],
    "recognise": [("recognise", "new1@0.2-1")],
    "retrieve": [("retrieve",)],
    "detect": [("detect", "new1")],
    "baselines": [("baselines", "list")],
    "compare": [("compare", "a1@0.4-1.2", "a2@0.4-1.2")],
    "suggest": [("suggest", "-n", "2")],
    "vipe": [("vipe", "info")],
    "paper": [("paper", "datasets")],
    "doctor": [("doctor",)],
    "scan": [("scan",)],
}
"""Calls that write into the library, or nowhere."""

ELSEWHERE = {
    "run", "track", "pose", "crop", "teach", "distill", "embed",  # as scan: into the library alone
    "evaluate",  # as retrieve and recognise; no option names a place
    "serve",  # tests/web/test_exports.py
    "remove",  # tests/verbs/test_remove.py
    "pixels",  # into the library alone, as embed
    "answer",  # into the library's answers and labels alone
}  # fmt: skip


@pytest.fixture
def foreign(tmp_path, monkeypatch):
    """The folder, and a function that gives all its contents."""
    folder = tmp_path / "thesis"
    for name in FOREIGN:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"precious {name}")
    monkeypatch.chdir(folder)

    def contents():
        return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}

    return contents


def test_every_command_is_tried():
    assert {command.name for command in COMMANDS} == set(WRITING) | set(READING) | ELSEWHERE


@pytest.mark.parametrize("name", sorted(WRITING))
def test_what_lies_there_stops_the_command_and_stays(name, vpd, layout, foreign, tmp_path):  # noqa: F811
    before, library = foreign(), layout.root
    video = make_video(tmp_path / "v.mp4")
    for call in WRITING[name]:
        words = [{"VIDEO": video, "MOTION": tmp_path / "none.bvh"}.get(word, word) for word in call]
        named = () if name in ("new", "demo", "vipe") or "import" in call else ("-L", library)
        code, out, err = vpd(*words, *named)
        assert code in (1, 2), (call, out)
        assert not re.search("Unexpected|Traceback", err), (call, err)
        assert foreign() == before, call


@pytest.mark.parametrize("name", sorted(READING))
def test_what_lies_there_stays(name, vpd, layout, foreign):  # noqa: F811
    before = foreign()
    for call in READING[name]:
        named = () if name in ("baselines", "vipe", "paper", "doctor") else ("-L", layout.root)
        _, _, err = vpd(*call, *named)
        assert not re.search("Unexpected|Traceback", err), (call, err)
        assert foreign() == before, call


def test_a_detection_replaces_the_one_before_it_and_nothing_else(vpd, layout, tmp_path):  # noqa: F811
    out = tmp_path / "found"
    call = ("detect", "new1", "--out", out, "--clips", "-L", layout.root)
    assert vpd(*call, "--at-least", "0.1")[0] == 0
    many = set(out.rglob("*.mp4"))
    assert vpd(*call, "--at-least", "1")[0] == 0
    assert many
    assert not set(out.rglob("*.mp4"))
    (out / "notes.txt").write_text("mine")
    code, _, err = vpd(*call, "--at-least", "0.1")
    assert code == 1
    assert "notes.txt" in err
    assert (out / "notes.txt").read_text() == "mine"
    assert not set(out.rglob("*.mp4"))


def test_a_failing_command_leaves_the_results_of_the_one_before_it(vpd, layout, tmp_path):  # noqa: F811
    out = tmp_path / "found"
    assert vpd("detect", "new1", "--out", out, "-L", layout.root)[0] == 0
    before = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}
    assert vpd("detect", "nobody", "--out", out, "-L", layout.root)[0] == 1
    assert before == {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}


def test_a_file_that_was_changed_since_is_not_removed(tmp_path):
    with own_folder(tmp_path / "out", "clips") as folder:
        folder.begin()
        (folder.path / "hits.csv").write_text("a,b\n")
    with own_folder(tmp_path / "out", "clips") as folder:
        folder.begin()
        assert [p.name for p in folder.path.glob("*") if p.is_file()] == [MARK]
        (folder.path / "hits.csv").write_text("a,b\n")
    (tmp_path / "out" / "hits.csv").write_text("a,b,my remarks\n")
    with pytest.raises(InputError, match=r"changed, such as hits\.csv"):
        OwnFolder(tmp_path / "out", "clips")
    with pytest.raises(InputError, match="holds clips of an earlier command"):
        OwnFolder(tmp_path / "out", "detections")


def test_what_a_killed_command_left_is_named_as_that_and_half_files_are_removed(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True
    )
    with own_folder(tmp_path / "out", "clips") as folder:
        folder.begin()
        mark = (folder.path / MARK).read_bytes()
    (tmp_path / "out" / MARK).write_bytes(mark)  # as it is before the command ends
    half = tmp_path / "out" / f".a.mp4.{platform.node()[:24]}.{int(ended.stdout)}.0123abcd.part"
    half.touch()
    with own_folder(tmp_path / "out", "clips") as folder:
        folder.begin()
        assert not half.exists()
        (folder.path / "a.mp4").write_text("video")
    (tmp_path / "out" / MARK).write_bytes(mark)
    with pytest.raises(InputError, match=r"of a command that did not end, such as a\.mp4"):
        OwnFolder(tmp_path / "out", "clips")
    assert (tmp_path / "out" / "a.mp4").read_text() == "video"


def test_a_signal_while_the_results_are_recorded_leaves_a_record(tmp_path, monkeypatch):
    write, calls = folders.write_json, []

    def interrupted(path, record):
        calls.append(path)
        if len(calls) == 1:
            raise KeyboardInterrupt
        write(path, record)

    monkeypatch.setattr(folders, "write_json", interrupted)

    def make_clips():
        with own_folder(tmp_path / "out", "clips") as folder:
            folder.begin()
            (folder.path / "a.mp4").write_text("video")

    with pytest.raises(KeyboardInterrupt):
        make_clips()
    with own_folder(tmp_path / "out", "clips") as folder:
        folder.begin()
        assert not (folder.path / "a.mp4").exists()


def test_a_disk_that_is_full_at_the_end_leaves_a_record(tmp_path, monkeypatch):
    def full(path, record):
        raise DiskFullError("the disk is full")

    def make_clips():
        with own_folder(tmp_path / "out", "clips") as folder:
            folder.begin()
            (folder.path / "a.mp4").write_text("video")

    with monkeypatch.context() as patch:
        patch.setattr(folders, "write_json", full)
        with pytest.raises(DiskFullError):
            make_clips()
    with own_folder(tmp_path / "out", "clips") as folder:
        folder.begin()
        assert not (folder.path / "a.mp4").exists()


def test_a_folder_that_nothing_was_written_into_is_not_left(tmp_path):
    with own_folder(tmp_path / "out", "clips"):
        pass
    assert not (tmp_path / "out").exists()


def test_a_forged_mark_reaches_nothing_outside(tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("x")
    stamp = [1, precious.stat().st_mtime_ns]
    out = tmp_path / "out"
    out.mkdir()
    (out / MARK).write_text(
        f'{{"holds": "clips", "files": {{"../precious": {stamp}, "{precious}": {stamp}}}}}'
    )
    with own_folder(out, "clips") as folder:
        folder.begin()
    assert precious.read_text() == "x"


def test_links_are_not_followed_out_of_the_folder(tmp_path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_text("x")
    with own_folder(tmp_path / "out", "clips") as folder:
        folder.begin()
    (tmp_path / "out" / "clips").symlink_to(tmp_path / "precious")
    with pytest.raises(InputError, match="clips"):
        OwnFolder(tmp_path / "out", "clips")
    assert (tmp_path / "precious" / "file").read_text() == "x"


def test_a_library_among_its_footage_takes_its_results_for_no_videos(vpd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_video(tmp_path / "match.mp4")
    make_video(tmp_path / "clips" / "warm up.mp4", 1)
    assert vpd("new", ".", ".")[0] == 0
    for number, place in enumerate(("results/search-1/clips/001.mp4", "cache/proxies/x-00000.mp4"), 2):
        make_video(tmp_path / place, number)
    with own_folder(tmp_path / "my hits", "clips") as folder:
        folder.begin()
        make_video(folder.path / "002.mp4", 7)
    code, out, _ = vpd("new", ".", ".")
    assert code == 0
    assert "0 videos added, 2 known already" in out
