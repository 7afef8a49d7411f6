"""Commands print for people and machines, and end with a sentence and an exit code."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipeline.made import fake_distill, made_library, make_video
from vpd.cli import main as cli
from vpd.cli.common import print_json
from vpd.library.labels import read_labels
from vpd.library.videos import Videos
from vpd.pipeline.register import make_library
from vpd.pipeline.run import open_sources, run
from vpd.settings.toml import load_settings
from vpd.video import read_video_info


@pytest.fixture
def layout(tmp_path):
    return made_library(tmp_path, ["a", "b"])


def test_every_command_of_the_table_has_its_help(vpd):
    code, out, _ = vpd("--help")
    assert code == 0
    for command in cli.COMMANDS:
        assert command.name in out


def test_empty_text_is_no_folder(vpd, tmp_path, monkeypatch):
    """As where a variable of a script is not set: the current folder is not meant."""
    monkeypatch.chdir(tmp_path)
    make_video(tmp_path / "private.mp4")
    layout = make_library(tmp_path / "lib")
    for call in (("scan", "", "-L", layout.root), ("new", layout.root, "")):
        code, _, err = vpd(*call)
        assert code == 1
        assert "is empty text" in err
    assert not Videos.read(layout).rows


def test_new_adds_folders_and_names_with_spaces(vpd, tmp_path):
    make_video(tmp_path / "my videos" / "név with spaces.MOV.mp4")
    lib = tmp_path / "my library"
    code, out, _ = vpd("new", lib, tmp_path / "my videos")
    assert (code, "1 video added" in out) == (0, True)
    assert "vpd serve --library" in out
    code, out, _ = vpd("new", lib, tmp_path / "my videos")
    assert "0 videos added, 1 known" in out


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_json_is_json_on_a_standard_output_of_every_encoding(monkeypatch, encoding):
    found = {"video": "Rückhand 打🎾", "athlete": None}
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="backslashreplace")
    monkeypatch.setattr(sys, "stdout", out)
    print_json(found)
    out.flush()
    assert json.loads(out.buffer.getvalue()) == found


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["new", "lib", "empty"], "has no video in it"),
        (["new", "lib", "absent.mp4"], "does not exist"),
        (["status"], "is not a library"),
        (["run", "--library", "absent"], "is not a library"),
    ],
)
def test_errors_are_sentences(vpd, tmp_path, monkeypatch, arguments, what):
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    code, out, err = vpd(*arguments)
    assert code == 1
    assert what in err.replace("\n", " ")
    assert "Traceback" not in out + err


def test_a_wrong_call(vpd):
    assert vpd("nonsense")[0] == 2
    assert vpd("run", "--nonsense")[0] == 2


def test_scan_status_and_json(vpd, layout):
    bad = layout.root.parent / "bad.mp4"
    bad.write_bytes(b"")
    code, _, err = vpd("scan", bad, "-L", layout.root, "-j", 1)
    assert code == 1
    assert "bad is set aside" in err
    assert "the file is empty" in err
    code, out, _ = vpd("status", "--json", "-L", layout.root)
    found = json.loads(out)
    assert code == 0
    assert found["steps"]["scan"] == {"current": 2, "due": 0, "spared": 0}
    assert found["videos"]["a"]["frames"] == 6
    assert list(found["set_aside"]) == ["bad"]
    code, out, _ = vpd("status", "--videos", "-L", layout.root)
    assert (code, "to be distilled" in out) == (0, True)


def test_status_says_what_a_student_learned_from_and_is_no_longer_there(vpd, layout):
    run(layout, ["scan"])
    fake_distill(open_sources(layout), ["a", "b"], None)
    assert "vpd: distilled on 2 videos.\n" in vpd("status", "-L", layout.root)[1]
    vpd("remove", "b", "-L", layout.root)
    told = "vpd: distilled on 2 videos, of which 1 is no longer in the library; `vpd run --redistill`"
    assert told in " ".join(vpd("status", "-L", layout.root)[1].split())


def test_run_exits_with_0_when_all_is_done(vpd, layout):
    code, out, _ = vpd("track", "--json", "-L", layout.root, "-j", 1)
    assert code == 0
    assert json.loads(out)["made"] == {"scan": 2, "track": 2}


def test_show_draws_into_results(vpd, layout):
    run(layout, ["track"])
    code, out, _ = vpd("show", "a", "--json", "-L", layout.root)
    written = json.loads(out)
    info = read_video_info(Path(written["file"]))
    assert (code, written["frames"], info.frames, info.width) == (0, 6, 6, 128)
    assert Path(written["file"]).parent.parent == layout.results
    code, out, _ = vpd("show", "a@0.05-0.15", "--json", "-L", layout.root)
    assert json.loads(out)["frames"] == 2


def test_labels_are_checked_and_imported(vpd, layout, tmp_path):
    run(layout, ["scan"])
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("video,start_s,end_s,label\na.mp4,0,0.1,jump\nb,0.1,0.2,spin\n")
    bad.write_text("video,start_s,end_s,label\nc,0,0.1,jump\nb,0.2,0.1,spin\n")
    for _ in range(2):
        assert vpd("labels", "import", good, "-L", layout.root)[0] == 0
    assert len(read_labels(layout.labels, Videos.read(layout))) == 2
    code, out, _ = vpd("labels", "check", "--json", "-L", layout.root)
    assert (code, json.loads(out)["labels"]) == (0, {"jump": 1, "spin": 1})
    code, _, err = vpd("labels", "import", bad, "-L", layout.root)
    assert code == 1
    assert "line 2" in err
    assert "line 3" in err
    assert len(read_labels(layout.labels, Videos.read(layout))) == 2


def test_athletes_are_explained_and_picked(vpd, layout):
    layout.boxes("a").unlink()
    run(layout, ["track"])
    code, out, _ = vpd("athletes", "a", "--json", "-L", layout.root)
    assert code == 0
    assert json.loads(out)["shots"]
    assert vpd("athletes", "a", "--pick", "0.1,20,30", "-L", layout.root)[0] == 0
    assert "a,0.1,20,30" in layout.picks.read_text()
    assert run(layout, ["track"]).made == {"track": 1}
    for wrong in ("9,20,30", "0.1,20", "0.1,500,30", "x,1,2"):
        code, _, err = vpd("athletes", "a", "--pick", wrong, "-L", layout.root)
        assert code == 1, wrong
        assert any(word in err for word in ("pick", "T,X,Y", "not a time"))
    assert "of a taken back" in "".join(vpd("athletes", "a", "--forget", "-L", layout.root)[1:])
    assert "0.1,20,30" not in layout.picks.read_text()


def test_settings_can_be_pasted(vpd, layout):
    for text in ("", layout.settings.read_text()):
        layout.settings.write_text(text)
        before = load_settings(layout.settings)
        code, out, _ = vpd("settings", "-L", layout.root)
        assert code == 0
        layout.settings.write_text(out)
        assert load_settings(layout.settings) == before


def test_status_imports_no_network_library_and_no_cluster():
    code = "import sys; sys.argv = ['vpd', 'status']; import vpd.cli.main as m; m.build(['status']); "
    code += "import vpd.pipeline.status, vpd.pipeline.engine; "
    code += "print({'torch', 'onnxruntime', 'ray', 'fsspec'} & sys.modules.keys())"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "set()"
