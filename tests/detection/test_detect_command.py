"""`vpd detect` from features and labels to every file it promises."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from tests.detection.synthetic import video
from tests.indexes import plain_index
from vpd.cli.detect import detect
from vpd.errors import InputError
from vpd.library.artefact import Recipe
from vpd.library.features import write_features
from vpd.library.frames import write_index
from vpd.library.labels import write_labels
from vpd.library.layout import Layout
from vpd.library.videos import Videos
from vpd.report.detection_folder import DetectionFolder
from vpd.report.plots import colours
from vpd.report.timeline import timeline_figure
from vpd.sequences import FeatureStore
from vpd.types import Detection
from vpd.video import read_video_info, write_video

RECIPE = Recipe("test", 1)
FPS = 25


@pytest.fixture
def library(tmp_path):
    """A library of two videos with features, the first of them labelled."""
    layout = Layout(tmp_path / "library")
    layout.root.mkdir()
    layout.settings.write_text('[detect]\nmethod = "search"\nfolds = 2\n')
    rng = np.random.default_rng(0)
    files, labels = [], []
    for name in ("seen", "new"):
        sequence, segments = video(name, rng, fps=FPS, duration_s=12, every_s=2.0, noise=0.2)
        file = tmp_path / f"{name}.mp4"
        shades = (np.full((32, 48, 3), i % 256, np.uint8) for i in range(len(sequence)))
        write_video(shades, FPS, file)
        write_features(layout.features("joints2d", name), [sequence], sequence.d, RECIPE)
        write_index(layout.frames(name), plain_index(sequence.times_s), RECIPE)
        files.append(file)
        labels += segments if name == "seen" else []
    videos = Videos(layout)
    videos.register(files, lambda paths: str(paths[0]))
    for file in files:
        info = read_video_info(file, file.stem)
        videos.put(videos[file.stem].scanned(info))
    videos.write()
    write_labels(layout.labels, labels)
    return layout


def run(*arguments):
    app = typer.Typer()
    app.command()(detect)
    result = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_everything_asked_for_is_written(library):
    programs = ("boris", "elan", "label-studio", "cvat", "opensportslab")
    exports = [part for name in programs for part in ("--export", name)]
    output = run("--library", library.root, "--overlay", "--clips", "--reel", *exports, "--json")
    printed = json.loads(output)
    (folder,) = library.results.glob("detect-*")
    with (folder / "detections.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert table
    assert len(table) == len(printed["detections"])
    assert {row["video"] for row in table} == {"new"}
    for row in table:
        assert float(row["start_s"]) < float(row["end_s"])
        np.testing.assert_allclose(int(row["start_frame"]), float(row["start_s"]) * FPS, atol=1)
        np.testing.assert_allclose(int(row["end_frame"]), float(row["end_s"]) * FPS, atol=1)
    content = json.loads((folder / "detections.json").read_text())
    assert content == {key: value for key, value in printed.items() if key != "files"}
    assert all(Path(file).exists() for file in printed["files"])
    assert 0 <= content["held_out_average_precision"] <= 1
    assert (folder / "timelines/new.png").stat().st_size > 1000
    assert "timelines/new.png" in (folder / "index.html").read_text()
    assert read_video_info(folder / "overlays/new.mp4").frames == 12 * FPS
    assert len(list((folder / "clips").iterdir())) == len(table)
    assert read_video_info(folder / "reel.mp4").frames > 0
    assert len([p for p in (folder / "exports").rglob("*") if p.is_file()]) == 7


def test_where_nothing_is_found_no_reel_is_promised(library, tmp_path):
    (sequence,) = FeatureStore(library, "joints2d").sequences("new")
    nobody = replace(sequence, valid=np.zeros(len(sequence), bool))
    write_features(library.features("joints2d", "new"), [nobody], sequence.d, RECIPE)
    asked = ("--clips", "--reel", "--at-least", "0.9", "--out", tmp_path / "out")
    output = " ".join(run("--library", library.root, *asked).split())
    assert "No action reached the score 0.90, so there are no clips and no reel. `--at-least`" in output
    assert not (tmp_path / "out/clips").exists()
    assert not (tmp_path / "out/reel.mp4").exists()


def test_named_videos_and_method(library):
    output = run("seen", "--library", library.root, "--at-least", "0.0")
    assert "in 1 video," in output
    assert list(library.results.glob("detect-*/timelines/seen.png"))


def test_search_answers_first_and_the_networks_replace_it(library, monkeypatch):
    library.settings.write_text('[detect]\nmethod = "trained"\nfolds = 2\nepochs = 1\n')
    methods = []
    write = DetectionFolder.answer

    def noted(self, result):
        write(self, result)
        (folder,) = library.results.glob("detect-*")
        methods.append(json.loads((folder / "detections.json").read_text())["settings"]["method"])

    monkeypatch.setattr(DetectionFolder, "answer", noted)
    output = run("--library", library.root)
    assert methods == ["search", "trained"]
    assert output.index("By search") < output.index("By networks")


@pytest.mark.parametrize("tolerance", ["0.2", "5f"])
def test_points_are_one_tick_long(library, tolerance):
    content = json.loads(run("--library", library.root, "--points", tolerance, "--json"))
    table = content["detections"]
    assert table
    assert {row["end_frame"] - row["start_frame"] for row in table} <= {1, 2}
    assert content["settings"]["points_s"] == 0.2


@pytest.mark.parametrize("tolerance", ["f", "-1", "5 frames", "nan"])
def test_a_tolerance_that_is_none(library, tolerance):
    with pytest.raises(InputError, match="neither seconds nor frames"):
        run("--library", library.root, f"--points={tolerance}")


def test_a_label_has_one_colour_in_all_videos():
    found = [Detection("v", 1.0, 2.0, 0, "b", 0.9)]
    classes = ("a", "b", "c")
    alone, told = (timeline_figure("v", found, classes=given) for given in ((), classes))
    shades = [figure.legends[0].get_patches()[0].get_facecolor()[:3] for figure in (alone, told)]
    assert shades[1] == colours(classes)["b"] != shades[0]


def test_a_label_has_one_colour_whatever_else_is_shown():
    classes = tuple("abcdef")
    assert colours([*classes, *classes]) == colours([*classes, "b"])
