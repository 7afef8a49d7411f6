"""A teacher is one entry of the table: a made-up one goes the whole way."""

import dataclasses

import numpy as np
import pytest
from torch import nn

from tests.pipeline.made import BASE, made_posed_library
from vpd.errors import InputError, SettingsError
from vpd.library.features import read_features
from vpd.pipeline.run import run
from vpd.student import PoseReadingStudent, load_student
from vpd.teachers.table import TEACHERS, TeacherEntry
from vpd.types import FeatureSequence

NAMES = ["a", "b", "c", "d", "e"]


class Wrists(nn.Module):
    """Where the wrists are, against the nose: joints (N, K, 17, 2) to (N, K, 4)."""

    def forward(self, joints, scores):
        return (joints[:, :, [9, 10]] - joints[:, :, :1]).flatten(2)


def wrists(poses, times_s, video=""):
    regular = poses.keypoints[:, [9, 10], :2] - poses.keypoints[:, :1, :2]
    mirrored = regular[:, ::-1] * np.array([-1, 1], np.float32)
    values = np.stack([regular, mirrored], 1).reshape(len(poses.frames), 2, 4)
    some = np.ones(len(poses.frames))
    times = times_s[poses.frames]
    return FeatureSequence(video, poses.athlete, poses.frames, times, values, some > 0, some)


def body(values):
    return np.repeat(values.reshape(-1, 2, 2)[:, :1], 13, 1)


@pytest.fixture
def wrists_known(monkeypatch):
    entry = TeacherEntry(
        about="wrists against the nose",
        make=lambda invert: wrists,
        d=4,
        rank=9,
        joints=body,
        drawing="2d",
        on_tensors=lambda d, context_s: Wrists(),
    )
    monkeypatch.setitem(TEACHERS, "wrists", entry)
    return entry


@pytest.fixture
def layout(tmp_path):
    return made_posed_library(tmp_path, NAMES)


@pytest.mark.usefixtures("wrists_known")
def test_one_entry_goes_the_whole_way(layout):
    layout.settings.write_text(
        BASE.replace('"joints2d"', '"wrists"').replace('backbone = "averages"', 'backbone = "movenet"')
    )
    report = run(layout)
    assert report.complete, (report.problems, report.set_aside)
    (taught,) = read_features(layout.features("wrists", "a"))
    (found,) = read_features(layout.features("vpd", "a"))
    assert taught.d == found.d == 4
    student = load_student(layout.student("vpd"))
    assert isinstance(student, PoseReadingStudent)
    assert isinstance(student.teachers[0], Wrists)

    from vpd.report.panels import student_panel

    panel = student_panel(layout, "a", "vpd", student)
    assert panel(np.zeros((80, 100, 3), np.uint8), 2, 0).shape[1] > 100


def test_a_teacher_that_is_not_there_is_said(layout):
    layout.settings.write_text(BASE.replace('"joints2d"', '"movement"'))
    with pytest.raises(SettingsError, match="'movement' is called 'vipe-window' now"):
        run(layout)
    layout.settings.write_text(BASE.replace('"joints2d"', '"wrists"'))
    with pytest.raises(InputError, match="there is no teacher 'wrists'; there are joints2d"):
        run(layout)


def test_the_guard_of_estimators_holds_for_every_teacher(layout, wrists_known, monkeypatch):
    strict = dataclasses.replace(wrists_known, estimators=("openpose",))
    monkeypatch.setitem(TEACHERS, "wrists", strict)
    report = run(layout, ["teach"], teachers=["wrists"])
    assert set(report.set_aside) == set(NAMES)
    assert "trained for poses of openpose, not of 'poses_given/a.json'" in report.set_aside["a"]
