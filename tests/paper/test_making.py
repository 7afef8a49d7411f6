"""`--make`: what rows need and a library lacks is made by the pipeline."""

import pytest

from tests.paper.made import library_to_learn_from
from tests.pipeline.made import averages
from vpd.paper.columns import open_columns
from vpd.paper.making import make_missing, missing_features
from vpd.paper.systems import CONCAT, JOINTS, ROWS, System
from vpd.pipeline.report import Silent
from vpd.sequences.joined import JOINT
from vpd.settings.presets import PRESETS
from vpd.student.network.backbones import BACKBONES
from vpd.teachers import TEACHERS
from vpd.verbs.features import open_features


@pytest.fixture
def columns(tmp_path, monkeypatch):
    monkeypatch.setitem(BACKBONES, "resnet34", averages)
    return open_columns([library_to_learn_from(tmp_path)])


def test_rows_are_made_once_and_what_cannot_be_made_is_said(columns):
    layout, said = columns[0].layout, []
    r3d = System("r3d", "R3D", "", "", "features", "r3d", make="vpd baselines r3d")
    corpus = next(s for s in ROWS["table3"] if s.name == "2d-vpd")
    rows = [JOINTS, corpus, r3d]
    assert missing_features(columns[0], rows) == ["joints2d", "2d-vpd-corpus", "r3d"]
    problems = make_missing(columns, rows, 1, Silent(), said.append)
    assert layout.feature_names() == ["2d-vpd-corpus", "joints2d"]
    assert problems == [f"{columns[0].title}: r3d needs files of yours: `vpd baselines r3d`"]
    assert said == [
        f"Making joints2d of {columns[0].title}.",
        f"Making 2d-vpd-corpus of {columns[0].title}: 64 crops in training.",
    ]
    said.clear()
    make_missing(columns, rows[:2], 1, Silent(), said.append)
    assert not said


def test_joined_features_stand_side_by_side(columns):
    layout = columns[0].layout
    make_missing(columns, [JOINTS], 1, Silent())
    both = CONCAT.features.replace("2d-vpd", "joints2d").replace("vi-vpd", "joints2d")
    store, sizes = open_features(layout, both)
    alone, _ = open_features(layout, "joints2d")
    segment = columns[0].recognised[0]
    assert sizes == ()
    assert store.segment(segment).d == 2 * alone.segment(segment).d == 52


def test_every_row_of_features_can_be_made():
    presets = {sets.get("name", "vpd") for sets in PRESETS.values()}
    for systems in ROWS.values():
        for system in systems:
            for name in system.features.split(JOINT):
                assert name in {*TEACHERS, *presets, "r3d", ""}, name
