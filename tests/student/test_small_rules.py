"""Small rules of the student, each by hand."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tests.student.synthetic import RECIPE, stick_sources, tiny_settings
from vpd.library.artefact import Recipe
from vpd.library.sealed_files import write_array
from vpd.settings import DistillSettings
from vpd.settings.distill import HeadSettings
from vpd.student import distill
from vpd.student.corpus.corpus import split_corpus
from vpd.student.corpus.inputs import neighbour_rows
from vpd.student.inference import readings as readings_module
from vpd.student.inference.reading_plan import Plan, Span
from vpd.student.inference.store import save_student, student_is_current
from vpd.student.network import pose_reader
from vpd.student.network.pose_reader import CENTRE, PoseReader
from vpd.student.network.spec import student_spec
from vpd.student.network.student import Student


def pictures_student(**changes):
    return Student(student_spec(tiny_settings(**changes), 32, {"joints2d": 26})).eval()


class Rows(SimpleNamespace):
    def __len__(self):
        return len(self.frames)


def test_neighbours_are_of_the_same_athlete():
    """Athlete 0 ends in frame 4, athlete 1 begins in frame 5."""
    file = Rows(frames=np.array([3, 4, 5, 6]), athletes=np.array([0, 0, 1, 1]))
    assert neighbour_rows(file, (-1, 1)).tolist() == [[0, 1], [0, 1], [2, 3], [2, 3]]
    file = Rows(frames=np.array([3, 4, 6, 5]), athletes=np.array([1, 1, 1, 0]))
    assert neighbour_rows(file, (1,)).tolist() == [[1], [1], [2], [3]]


class Frames(SimpleNamespace):
    """What `split_corpus` looks at of a corpus."""

    def __len__(self):
        return len(self.frame)


def corpus_of(*counts):
    """A corpus of videos with so many frames each, at 25 a second."""
    frame = np.concatenate([np.arange(n) for n in counts])
    video = np.repeat(np.arange(len(counts)), counts)
    return Frames(videos=[f"v{i}" for i in range(len(counts))], video=video, frame=frame, times_s=frame / 25)


def test_one_video_at_least_is_left_to_train_on():
    split = split_corpus(corpus_of(*[10] * 5), 0.99, np.random.default_rng(0))
    assert (len(split.held_out), len(split.training), len(split.validation)) == (4, 10, 40)


def test_spans_of_a_short_video_are_none_without_frames():
    split = split_corpus(corpus_of(300, 3), 0.5, np.random.default_rng(1))
    assert all(start < stop for _, start, stop in split.held_out)


@pytest.fixture
def flow_reader(monkeypatch):
    """A reader whose joints all lie in the upper left corner of the crop."""
    reader = PoseReader(flow=True).eval()
    edge = round(64 * (1 - CENTRE) / 2)
    scale, shift = 1 - 2 * edge / 64, edge / 64

    def corner(heads):
        joints = torch.full((2, 17, 2), -shift / scale)
        return joints, torch.ones(2, 17), joints

    monkeypatch.setattr(pose_reader, "decode", corner)
    return reader


def test_flow_at_the_edge_of_a_crop_is_that_of_the_pixels_there(flow_reader):
    inputs = torch.zeros(2, 5, 64, 64)
    inputs[:, 3], inputs[:, 4] = 1, 2
    with torch.inference_mode():
        readings = flow_reader(inputs)
    torch.testing.assert_close(readings[:, :2], torch.zeros(2, 2), atol=1e-6, rtol=0)
    torch.testing.assert_close(readings[:, 85::2], torch.ones(2, 17))
    torch.testing.assert_close(readings[:, 86::2], torch.full((2, 17), 2.0))


def test_features_that_are_poses_are_in_the_teachers_units():
    student = pictures_student(heads=(HeadSettings(teacher="joints2d"),))
    mean, std = student.target_scale(0)
    mean.copy_(torch.arange(26.0))
    std.copy_(torch.linspace(0.5, 2, 26))
    torch.testing.assert_close(student.scaled(torch.ones(3, 26)), (std + mean).expand(3, 26))


def test_readings_of_changed_crops_alone_are_deleted(tmp_path, monkeypatch):
    monkeypatch.setattr(readings_module, "reader_key", lambda student: ["reader"])
    keys = {"a": "1" * 40, "b": "2" * 40}
    monkeypatch.setattr(readings_module, "crop_keys", lambda corpus: dict(keys))
    readings_module.keep_current(None, None, tmp_path)
    for video in keys:
        (tmp_path / f"{video}-00000000.npy").write_bytes(b"")
    # equal keys that are other objects, as those read from the file
    readings_module.keep_current(None, None, tmp_path)
    assert len(list(tmp_path.glob("*.npy"))) == 2
    keys["b"] = "3" * 40
    readings_module.keep_current(None, None, tmp_path)
    assert [path.name for path in tmp_path.glob("*.npy")] == ["a-00000000.npy"]
    assert json.loads((tmp_path / readings_module.KEY).read_text())["crops"] == keys


def test_the_progress_of_reading_is_the_share_of_the_crops(tmp_path):
    corpus = SimpleNamespace(videos=["v"])
    plan = Plan([Span(0, 0, 4), Span(0, 4, 8), Span(0, 8, 10)], least=1)
    for span in plan.spans:
        write_array(span.path(tmp_path, corpus), np.zeros((span.stop - span.start, 2, 1)))
    told = []
    readings_module.read_corpus(
        None, corpus, plan, DistillSettings(), tmp_path, (0, 1), lambda *now: told.append(now)
    )
    assert told == [(4, 0.4), (8, 0.8), (10, 1.0)]


def test_on_a_cpu_crops_are_read_by_onnxruntime(monkeypatch):
    monkeypatch.setattr(readings_module, "prepare_graph", lambda student: "graph")
    monkeypatch.setattr(readings_module, "OnnxEngine", lambda graph, *_: (graph, "onnxruntime"))
    engine = readings_module.reading_engine(None, DistillSettings(device="cpu"))
    assert engine == ("graph", "onnxruntime")


def test_a_folder_without_a_student_holds_none_that_is_current(tmp_path):
    assert not student_is_current(tmp_path, RECIPE)
    (tmp_path / "config.json").write_text("damaged")
    assert not student_is_current(tmp_path, RECIPE)
    save_student(pictures_student(), tmp_path, RECIPE, {})
    assert student_is_current(tmp_path, RECIPE)
    assert not student_is_current(tmp_path, Recipe("distill", 99))


def test_a_student_is_written_to_a_folder_within_folders_that_are_new(tmp_path):
    sources = stick_sources(tmp_path / "crops", 5, 8)
    folder = tmp_path / "a" / "folder" / "that is new"
    distill(sources, tiny_settings(images=32, epoch_images=32), folder, RECIPE)
    assert student_is_current(folder, RECIPE)
