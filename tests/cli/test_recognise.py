"""`vpd recognise`, `evaluate` and `retrieve` on a small library with made features."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.recognition.made import actions
from vpd.library.artefact import Recipe
from vpd.library.features import write_features
from vpd.library.labels import write_labels
from vpd.library.layout import Layout
from vpd.library.videos import OK, VideoRow, Videos
from vpd.pipeline.register import make_library
from vpd.types import Segment

COUNT, UNLABELLED = 20, 4


@pytest.fixture
def library(tmp_path) -> tuple[Layout, list[str]]:
    """20 videos of one of two actions each, the last four without a label; and every video's action."""
    layout = make_library(tmp_path / "lib")
    X, y = actions(COUNT, classes=2)
    row = VideoRow("", "", "", 0, 0, fps_numerator=30, frames=30, end_s=2.0, duration_s=2.0, status=OK)
    rows = []
    for x in X:
        file = tmp_path / f"{x.video}.mp4"
        file.touch()
        rows.append(replace(row, video=x.video, path=str(file), mtime_ns=file.stat().st_mtime_ns))
    Videos(layout, rows).write()
    for x in X:
        write_features(layout.features("joints2d", x.video), [x], x.d, Recipe("made", 1))
        # The stronger teacher's, taken where nothing is said.
        write_features(layout.features("vipe", x.video), [x], x.d, Recipe("made", 1))
    known = zip(X[:-UNLABELLED], y, strict=False)
    write_labels(layout.labels, [Segment(x.video, 0.0, 2.0, None, str(label)) for x, label in known])
    return layout, [str(label) for label in y]


def test_videos_without_a_label_are_named(vpd, library):
    layout, truth = library
    code, out, _ = vpd("recognise", "--json", "-L", layout.root)
    found = json.loads(out)
    assert code == 0
    assert [a["video"] for a in found["recognised"]] == [f"v{i}" for i in range(16, 20)]
    assert [a["label"] for a in found["recognised"]] == truth[-UNLABELLED:]
    with Path(found["files"][0]).open() as file:
        assert [row["label"] for row in csv.DictReader(file)] == truth[-UNLABELLED:]
    code, out, _ = vpd("recognise", "v17@0-1", "-f", "joints2d", "-L", layout.root)
    assert (code, "1 segment, learned from 16 labels by joints2d" in out) == (0, True)


def test_a_segment_that_cannot_be_recognised_ends_with_1(vpd, library):
    layout, truth = library
    layout.features("vipe", "v19").unlink()
    code, out, err = vpd("recognise", "--json", "-L", layout.root)
    answers = json.loads(out)["recognised"]
    assert code == 1
    assert [a["label"] for a in answers] == [*truth[-UNLABELLED:-1], None]
    assert "not recognised: v19 has no features 'vipe'" in err
    code, out, _ = vpd("recognise", "v18@0-1", "v19@0-1", "-f", "vipe", "-L", layout.root)
    assert (code, "1 of 2 segments, learned from 16 labels" in out) == (1, True)


def test_evaluate_measures_and_keeps_its_split(vpd, library):
    layout, _ = library
    code, out, _ = vpd("evaluate", "--json", "-k", 1, "-k", 2, "--subsets", 2, "-L", layout.root)
    found = json.loads(out)
    assert code == 0
    assert [(row["features"], row["recogniser"], row["k"]) for row in found["accuracy"]] == [
        ("vipe", recogniser, k) for recogniser in ("dtw-nn", "auto", "together") for k in (1, 2, "all")
    ]
    assert "without their labels" in found["setting"]
    assert found["accuracy"][-1]["mean"] > found["chance"] == 0.5
    assert found["train"] + found["test"] == 16
    assert all(Path(file).stat().st_size for file in found["files"])
    before = (layout.results / "few_shot" / "splits.csv").read_text()
    code, out, _ = vpd("evaluate", "-k", 1, "--subsets", 2, "--no-all", "-L", layout.root)
    assert (code, "16 in all" in out) == (0, True)
    assert (layout.results / "few_shot" / "splits.csv").read_text() == before


def test_retrieve_lists_every_feature(vpd, library):
    layout, _ = library
    code, out, _ = vpd("retrieve", "-f", "joints2d", "-f", "vipe", "--json", "-L", layout.root)
    found = json.loads(out)
    assert code == 0
    rows = {(row["features"], row["ranking"]): row for row in found["retrieval"]}
    assert list(rows) == [(f, r) for f in ("joints2d", "vipe") for r in ("together", "alone")]
    vipe = rows["vipe", "alone"]
    assert {**rows["joints2d", "alone"], "features": "vipe"} == vipe
    assert (vipe["queries"], vipe["missing"]) == (16, 0)
    assert vipe["precision"]["1"] > vipe["chance"]


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["recognise", "--recogniser", "best"], "there is no recogniser 'best'"),
        (["retrieve", "-f", "absent"], "has no features 'absent'"),
        (["evaluate", "-k", "99"], "fewer than any k asked"),
        (["recognise", "v17@5-6"], "v17"),
    ],
)
def test_wrong_calls_are_sentences(vpd, library, arguments, what):
    layout, _ = library
    code, out, err = vpd(*arguments, "-L", layout.root)
    assert code == 1
    assert what in err.replace("\n", " ")
    assert "Traceback" not in out + err
