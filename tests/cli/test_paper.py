"""`vpd paper` on the command line: features made first, shortened schedules, and the exit code."""

import csv
import json

import pytest
from typer.testing import CliRunner

from tests.paper import made
from tests.pipeline.made import averages
from vpd.baselines import presets
from vpd.baselines.settings import Training
from vpd.baselines.skeleton_classifier import SkeletonClassifier
from vpd.cli.main import build
from vpd.library.layout import Layout
from vpd.library.sealed_files import read_json
from vpd.library.videos import Videos
from vpd.paper import detection
from vpd.paper.datasets.table import READERS
from vpd.student.network.backbones import BACKBONES

SHORT = {"epochs": 1, "windows": 8, "patience": 1, "hidden": 8, "folds": 2, "window_s": 4.0}


def run(*arguments):
    arguments = ["paper", *map(str, arguments), "--json"]
    done = CliRunner().invoke(build(arguments), arguments)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done, json.loads(done.stdout)


def cells(table):
    return {line["name"]: line["cells"] for line in table["lines"]}


@pytest.fixture
def library(tmp_path, monkeypatch):
    monkeypatch.setitem(BACKBONES, "resnet34", averages)
    return made.library_to_learn_from(tmp_path)


def test_import_and_table_say_what_of_the_data_set_is_there(tmp_path):
    missing = made.FS_NAMES[1]
    made.fs(tmp_path / "labels")
    made.fs_videos(tmp_path / "videos", missing=missing)
    root = tmp_path / "lib"
    asked = ("import", "fs", root, "--labels", tmp_path / "labels", "--videos", tmp_path / "videos")
    done, shown = run(*asked)
    assert done.exit_code == 1  # something is missing
    assert shown["coverage"] == "5 of 1,446 actions, 2 of 3 videos"
    assert (shown["missing"], shown["left_out"]) == ([missing], {"their video is missing": 2})
    assert (root / "missing.txt").read_text() == f"{missing}\n"
    made.write_made_features(Layout(root), "joints2d")
    done, shown = run("table3", "-L", root, "--rows", "joints2d")
    assert any("5 of 1,446 actions, 2 of 3 videos" in note for note in shown["table3"]["notes"])
    rows = list(csv.DictReader((root / "results" / "paper" / "table3.csv").open()))
    assert {row["coverage"] for row in rows} == {shown["table3"]["headings"][0]["coverage"]}
    made.fs_videos(tmp_path / "videos")
    done, shown = run(*asked)
    assert done.exit_code == 0
    assert shown["coverage"] == "7 of 1,446 actions, 3 of 3 videos"
    assert not (root / "missing.txt").exists()


@pytest.mark.slow
def test_make_trains_the_students_that_rows_lack_on_the_training_videos(library):
    asked = ("-L", library.root, "--epochs", 1, "--subsets", 1, "--rows", "joints2d", "--rows", "2d-vpd")
    done, shown = run("table1", *asked)
    assert done.exit_code == 1  # rows that were asked for are missing
    missing = cells(shown["table1"])["2d-vpd"][0]
    assert missing["ours"] is None
    assert "vpd run --preset 2d-vpd" in missing["reason"]
    done, shown = run("table1", *asked, "--make")
    assert done.exit_code == 0
    assert all(0 <= row[0]["ours"] <= 100 for row in cells(shown["table1"]).values())
    assert "lib: 2d-vpd trained on 64 crops; the paper's on 20,000,000." in shown["table1"]["notes"]
    learned = read_json(library.student("2d-vpd") / "config.json")["recipe"]["inputs"]
    assert sorted(learned) == ["a", "b", "c", "d"]
    done, shown = run("table3", "-L", library.root, "--make", "--rows", "2d-vpd")
    assert done.exit_code == 1  # five actions have no fifty others
    assert cells(shown["table3"])["2d-vpd"][0]["ours"] is not None
    learned = read_json(library.student("2d-vpd-corpus") / "config.json")["recipe"]["inputs"]
    assert sorted(learned) == ["a", "b", "c", "d", "e"]


@pytest.mark.slow
def test_learn_from_of_the_settings_comes_before_the_presets(library):
    with (library.root / "trainer.toml").open("a") as settings:
        settings.write('learn_from = "all"\n')
    run("table1", "-L", library.root, "--epochs", 1, "--subsets", 1, "--rows", "2d-vpd", "--make")
    learned = read_json(library.student("2d-vpd") / "config.json")["recipe"]["inputs"]
    assert sorted(learned) == ["a", "b", "c", "d", "e"]


def test_the_laptops_detectors_are_said_and_unknown_ones_are_refused(tmp_path, monkeypatch):
    monkeypatch.setitem(detection.SCHEDULES, "laptop", SHORT)
    layout: Layout = made.skating_library(tmp_path)
    asked = ("table4", "-L", layout.root, "--subsets", 1, "--rows", "joints2d", "--detector")
    done, shown = run(*asked, "laptop")
    assert done.exit_code == 0
    assert any(note.startswith("The paper's schedule is changed") for note in shown["table4"]["notes"])
    assert all(0 <= cell["ours"] <= 100 for cell in cells(shown["table4"])["joints2d"])
    with pytest.raises(Exception, match="there are paper, laptop"):
        run(*asked, "tiny")


def test_a_system_that_rows_name_is_fitted_once_and_again_where_asked(tmp_path, monkeypatch):
    monkeypatch.setattr(presets, "SMALL_GRAPH", Training(batch=8, epochs=1))
    layout: Layout = made.skating_library(tmp_path, axels=4)
    made.write_made_poses(layout, Videos.read(layout).rows)
    fit, fitted = SkeletonClassifier.fit, []
    monkeypatch.setattr(SkeletonClassifier, "fit", lambda self, *x: fitted.append(self.seed) or fit(self, *x))
    asked = ("table1", "-L", layout.root, "--subsets", 1, "--rows", "stgcn")
    for more, wanted in (((), 1), (("--fresh",), 2), ((), 2)):
        done, shown = run(*asked, *more)
        assert done.exit_code == 0
        assert 0 <= cells(shown["table1"])["stgcn"][0]["ours"] <= 100
        assert len(fitted) == wanted
    assert any("preset laptop, from random weights" in note for note in shown["table1"]["notes"])


def test_square_brackets_of_what_is_said_are_shown(tmp_path):
    made.tennis(tmp_path / "labels")
    made.tennis_videos(tmp_path / "videos")
    folders = ("--labels", tmp_path / "labels", "--videos", tmp_path / "videos")
    done, _ = run("import", "tennis", tmp_path / "lib", *folders)
    assert "[track] follows 2 people" in done.stderr


def test_names_of_files_are_whole_in_a_terminal_of_eighty_columns():
    arguments = ["paper", "datasets"]
    shown = CliRunner().invoke(build(arguments), arguments, env={"COLUMNS": "80"}, terminal_width=80)
    assert shown.exit_code == 0
    for about in (reader.about for reader in READERS.values()):
        assert f"{about.key}: {about.title}" in shown.stdout
        for word in " ".join((about.needs, about.protocol, about.licence)).split():
            assert word in shown.stdout
