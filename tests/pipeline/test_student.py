"""Distillation and embedding as they are, by a student so small that they take a second."""

import cv2
import numpy as np
import pytest

from tests.pipeline.made import BASE, made_library, made_posed_library, set_settings
from vpd.crops import CropFile
from vpd.crops.masks import GivenMask, write_masks
from vpd.errors import InputError
from vpd.library.features import read_features
from vpd.pipeline import distill
from vpd.pipeline.run import open_sources, run
from vpd.pipeline.status import status
from vpd.student import TorchEngine, load_student
from vpd.student.corpus.inputs import read_inputs

NAMES = ["a", "b", "c", "d", "e"]


@pytest.fixture
def layout(tmp_path):
    return made_posed_library(tmp_path, NAMES)


def features(layout):
    return {name: layout.features("vpd", name).read_bytes() for name in NAMES}


def test_from_videos_to_the_students_features(layout):
    report = run(layout)
    assert report.complete, report.problems
    assert (report.made["distill"], report.made["embed"]) == (1, 5)
    folder = layout.student("vpd")
    student = load_student(folder)
    for name in NAMES:
        crops = CropFile(layout.crops(name))
        (found,) = read_features(layout.features("vpd", name))
        raw = read_inputs(crops, np.arange(len(crops)), student.spec.inputs, None)
        np.testing.assert_allclose(found.values, TorchEngine(student, "cpu", "float32")(raw), atol=1e-5)
        assert found.d == 26
        assert found.values.std() > 0
    before = features(layout)
    assert status(layout).up_to_date
    assert run(layout).made == {}

    # Killed between weights and config.json, or weights damaged: the same student once more.
    weights, config = folder / distill.WEIGHTS, folder / distill.CONFIG
    whole = weights.read_bytes()
    for damage in (config.unlink, lambda: weights.write_bytes(whole[:-4] + b"zzzz")):
        damage()
        assert not status(layout).up_to_date
        assert run(layout).made["distill"] == 1
        assert weights.read_bytes() == whole
        assert features(layout) == before
        assert status(layout).up_to_date


def test_a_student_is_trained_again_for_masks_that_were_given(layout):
    run(layout, ["scan", "track", "pose", "crop", "teach"])
    before = {name: distill.video_key(open_sources(layout), name) for name in NAMES}
    png = cv2.imencode(".png", np.full((4, 4), 255, np.uint8))[1].tobytes()
    write_masks(layout.given_masks("b"), [GivenMask(0, 0, 0, 0, png)], "one")
    sources = open_sources(layout)
    assert {name for name in NAMES if distill.video_key(sources, name) != before[name]} == {"b"}
    given = {source.video: source.masks for source in distill._video_sources(sources, NAMES)}
    assert given == {name: layout.given_masks(name) if name == "b" else None for name in NAMES}
    after = distill.video_key(sources, "b")
    write_masks(layout.given_masks("b"), [GivenMask(0, 0, 0, 0, png)], "another")
    assert distill.video_key(open_sources(layout), "b") != after


def learn_from(layout, what):
    set_settings(layout)
    with (layout.root / "trainer.toml").open("a") as file:
        file.write(f'learn_from = "{what}"\n')


def test_a_student_learns_from_what_its_settings_let_it_see(layout):
    layout.splits.write_text("video,split\na,train\nb,train\nc.mp4,test\nd@0-0.12,test\nd@0.12-0.2,train\n")
    learn_from(layout, "training")
    assert run(layout).complete
    assert distill.state(open_sources(layout)).trained_on == ("a", "b", "e")
    assert status(layout).up_to_date
    assert layout.features("vpd", "c").exists(), "the tested videos are embedded"
    layout.splits.write_text("video,split\na,test\nb,train\n")
    assert "1 video that splits.csv tests" in distill.state(open_sources(layout)).due
    assert distill.learned_from(open_sources(layout), NAMES) == ["b", "c", "d", "e"]

    layout.labels.write_text("video,start_s,end_s,label\nb,0.03,0.13,x\nb,0.16,0.21,x\nc,0,0.1,y\n")
    before = distill.video_key(open_sources(layout), "b")
    learn_from(layout, "actions")
    sources = open_sources(layout)
    spans = {source.video: source.spans for source in distill._video_sources(sources, ["b", "e"])}
    assert spans == {"b": [(0.03, 0.13, None), (0.16, 0.21, None)], "e": []}
    assert distill.video_key(sources, "b") != before
    layout.labels.unlink()
    with pytest.raises(InputError, match=r"there is no labels\.csv"):
        distill.video_key(open_sources(layout), "b")


def test_a_training_that_ends_is_gone_on_with(layout, monkeypatch):
    """Stopped after its first epoch, as by Ctrl-C, it ends as one that was never stopped."""
    run(layout, ["distill"])
    weights = layout.student("vpd") / distill.WEIGHTS
    whole = weights.read_bytes()
    set_settings(layout, "[crop]\nsize = 64\n")
    run(layout, ["distill"])
    set_settings(layout)
    seen = []

    def stop(progress):
        seen.append(progress.images)
        if progress.images > 32:
            raise KeyboardInterrupt

    run(layout, ["crop", "teach"])
    with pytest.raises(KeyboardInterrupt):
        distill.make(open_sources(layout), NAMES, stop)
    assert list(weights.parent.glob("checkpoint*"))
    assert distill.state(open_sources(layout)).due
    run(layout, ["distill"])
    assert weights.read_bytes() == whole
    assert max(seen) < 64


def test_what_cannot_be_trained_is_a_problem_and_not_a_crash(tmp_path):
    layout = made_library(tmp_path, ["a"])
    layout.settings.write_text(layout.settings.read_text().replace("min_score = 0.0", "min_score = 1.0"))
    report = run(layout)
    assert not report.complete
    assert report.problems[0].startswith("distill: no frame of 1 video has a pose of score 1")
    assert "embed" not in report.made


def test_a_training_that_ended_early_says_so_and_goes_on(layout):
    limited = BASE.replace("images = 64", "images = 64\ntime_limit_minutes = 1e-9")
    layout.settings.write_text(limited)
    report = run(layout)
    assert report.complete
    early = status(layout).student["ended_early"]
    assert "8 of 64 crops seen" in early
    assert status(layout).up_to_date
    assert run(layout).made == {}
    assert run(layout, redistill=True).made["distill"] == 1
    assert "16 of 64 crops seen" in status(layout).student["ended_early"]
    layout.settings.write_text(BASE)
    assert "ended early" in status(layout).student["due"]
    assert run(layout).made["distill"] == 1
    assert not status(layout).student["ended_early"]


@pytest.mark.parametrize(
    ("setting", "again"), [("time_limit_minutes = 60", False), ('precision = "bfloat16"', True)]
)
def test_settings_of_how_and_where_do_not_train_again(layout, setting, again):
    run(layout, ["distill"])
    layout.settings.write_text(f"{BASE}{setting}\n")
    assert bool(distill.state(open_sources(layout)).due) is again


def test_students_of_several_presets_stand_side_by_side(layout):
    layout.settings.write_text(BASE.replace("images = 64", "images = 8"))
    assert run(layout).complete
    before = features(layout)
    report = run(layout, preset="2d-vpd")
    assert report.complete, report.problems
    assert (report.made["distill"], report.made["embed"]) == (1, 5)
    found = load_student(layout.student("2d-vpd"))
    assert found.spec.backbone == "resnet34"
    assert [read_features(layout.features("2d-vpd", name))[0].d for name in NAMES] == [26] * 5
    assert features(layout) == before
    assert run(layout).made == run(layout, preset="2d-vpd").made == {}
    with pytest.raises(InputError, match="vi-vpd"):
        run(layout, preset="3d-vpd")
