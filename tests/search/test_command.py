"""`vpd search` on a small library: table, JSON, CSV, page, clips and side-by-side videos."""

import csv
import json

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from vpd.cli.search import search
from vpd.errors import InputError
from vpd.library.artefact import Recipe
from vpd.library.features import write_features
from vpd.library.labels import write_labels
from vpd.library.layout import Layout
from vpd.library.videos import VideoRow, Videos
from vpd.types import FeatureSequence, Segment
from vpd.video import read_frames, write_video

FPS, FRAMES = 25, 40


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """Three videos: b is a with a little noise, c is something else, its label closes a script element."""
    layout = Layout(tmp_path_factory.mktemp("library"))
    layout.settings.write_text("")
    rng = np.random.default_rng(0)
    videos, base = Videos(layout), np.cumsum(rng.standard_normal((FRAMES, 2, 4)), axis=0)
    for name, values in (
        ("a", base),
        ("b", base + 0.05 * rng.standard_normal(base.shape)),
        ("c", np.cumsum(rng.standard_normal(base.shape), axis=0)),
    ):
        file = layout.root / f"{name}.mp4"
        write_video((np.full((48, 64, 3), 5 * t, np.uint8) for t in range(FRAMES)), FPS, file)
        videos.put(VideoRow(name, str(file), file.name, file.stat().st_size, file.stat().st_mtime_ns))
        ones = np.ones(FRAMES)
        sequence = FeatureSequence(
            name, 0, np.arange(FRAMES), np.arange(FRAMES) / FPS, values, ones > 0, ones
        )
        write_features(layout.features("joints2d", name), [sequence], 4, Recipe("teach", 1))
    videos.write()
    labels = {"a": "kick", "b": "kick", "c": "</script>"}
    write_labels(layout.labels, [Segment(v, 0, FRAMES / FPS, 0, label) for v, label in labels.items()])
    return layout


def run(library, *arguments):
    app = typer.Typer()
    app.command()(search)
    result = CliRunner().invoke(app, ["a@0-1.6", "--library", str(library.root), *map(str, arguments)])
    if result.exception:
        raise result.exception
    return result.stdout


def test_the_table_and_json_name_the_nearest_first_without_the_query(library):
    assert run(library).split().index("b") < run(library).split().index("c")
    found = json.loads(run(library, "--json"))["results"]
    assert [(row["video"], row["label"]) for row in found] == [("b", "kick"), ("c", "</script>")]
    np.testing.assert_allclose(found[0]["query_s"], found[0]["result_s"], atol=0.1)


def test_uncut_search_gives_spans(library):
    found = json.loads(run(library, "--json", "--uncut", "-k", 1))["results"]
    assert found[0]["video"] == "b"
    assert (found[0]["start_s"], found[0]["end_s"]) == pytest.approx((0, FRAMES / FPS), abs=0.1)


def test_page_clips_and_videos_are_written_whole(library, tmp_path):
    written = run(
        library, "--page", "--csv", tmp_path / "hits.csv", "--clips", tmp_path / "clips",
        "--side-by-side", tmp_path / "pairs",
    )  # fmt: skip
    (folder,) = library.results.iterdir()
    assert str(folder / "index.html") in written.replace("\n", "")
    page = (folder / "index.html").read_text()
    assert page.count("</script>") == 2
    data = json.loads(page.split('id="data">')[1].split("</script>")[0])
    assert [card["clip"] for card in data["results"]] == [
        f"clips/00{i}_{v}_0.00.mp4" for i, v in ((1, "b"), (2, "c"))
    ]
    assert all((folder / card["clip"]).stat().st_size for card in [*data["queries"], *data["results"]])
    with (tmp_path / "hits.csv").open() as file:
        assert [row["video"] for row in csv.DictReader(file)] == ["b", "c"]
    assert len(list((tmp_path / "clips").glob("*.mp4"))) == 2
    pair = list(read_frames(tmp_path / "pairs" / "001_b.mp4"))
    assert len(pair) == FRAMES
    left, right = np.split(np.stack([frame.rgb.mean(axis=(0, 2)) for frame in pair]), 2, axis=1)
    assert np.abs(left.mean(axis=1) - right.mean(axis=1)).mean() < 6


def test_a_query_that_shows_nobody_is_refused(library):
    app = typer.Typer()
    app.command()(search)
    result = CliRunner().invoke(app, ["a@1.7-1.9", "--library", str(library.root)])
    assert isinstance(result.exception, InputError)
    assert "shows no features" in str(result.exception)
    assert "`vpd athletes " in str(result.exception)
