"""The student that reads poses: what a reading is, where its feature starts, what is kept on disk."""

import json
import time

import numpy as np
import onnxruntime as ort
import pytest
import torch

from tests.student.synthetic import RECIPE, stick_sources, tiny_settings
from vpd.crops import CropFile
from vpd.errors import InputError
from vpd.pose.skeleton import BODY13, COCO17
from vpd.settings import DistillSettings, EmbedSettings
from vpd.settings.distill import HeadSettings
from vpd.student import (
    OnnxEngine,
    PoseReadingStudent,
    TorchEngine,
    distill,
    embed,
    export_onnx,
    features_of,
    kept_readings,
    load_student,
    prepare_video,
)
from vpd.student.inference import reading_plan
from vpd.student.inference import readings as readings_module
from vpd.student.network.pose_reader import PoseReader
from vpd.student.network.spec import student_spec
from vpd.teachers import teacher, vipe_window
from vpd.types import PoseSequence

SIZES = {"joints2d": 26, "vipe": 64, "vipe-window": 64}


GRAPHS = {}


@pytest.fixture(autouse=True)
def one_export(monkeypatch):
    """The frozen pose network is exported once for all tests: it is the same in every student."""
    export = readings_module.prepare_graph

    def kept(student):
        key = student.spec.size, student.spec.inputs
        if key not in GRAPHS:
            GRAPHS[key] = export(student)
        return GRAPHS[key]

    monkeypatch.setattr(readings_module, "prepare_graph", kept)


@pytest.fixture(scope="module")
def reader():
    return PoseReader(flow=True).eval()


def student_of(*heads, **changes):
    """A student whose feature is what its teachers say: the network adds nothing."""
    settings = DistillSettings(name="s", heads=heads, **changes) if heads else DistillSettings(**changes)
    student = PoseReadingStudent(student_spec(settings, 64, SIZES)).eval()
    torch.nn.init.zeros_(student.network.last.weight)
    torch.nn.init.zeros_(student.network.last.bias)
    return student


def readings_of(joints, scores, size):
    """Readings (N, K, size) of joints (N, K, 17, 2) and scores (N, K, 17), the other numbers drawn."""
    readings = torch.randn(*scores.shape[:2], size, generator=torch.Generator().manual_seed(9))
    readings[..., :34], readings[..., 34:51] = joints.flatten(2), scores
    return readings


def mirrored_poses(joints, scores):
    """Joints in 0..1 and scores of the mirrored picture, by the joints' names."""
    other = [COCO17.index(_other_side(name)) for name in COCO17]
    turned = joints[..., other, :].clone()
    turned[..., 0] = 1 - turned[..., 0]
    return turned, scores[..., other]


def _other_side(name):
    if name.startswith("left"):
        return name.replace("left", "right")
    return name.replace("right", "left")


def test_flow_is_read_at_the_joints(reader):
    inputs = torch.randn(2, 5, 64, 64)
    with torch.inference_mode():
        still = reader(torch.cat([inputs[:, :3], torch.zeros(2, 2, 64, 64)], 1))
        moving = reader(torch.cat([inputs[:, :3], torch.ones(2, 2, 64, 64)], 1))
        alone = PoseReader(flow=False).eval()(inputs)
    assert still.shape == (2, reader.size) == (2, 119)
    assert not still[:, 85:].any()
    torch.testing.assert_close(moving[:, 85:], torch.ones(2, 34))
    torch.testing.assert_close(still[:, :85], moving[:, :85])
    torch.testing.assert_close(alone, still[:, :85])


@pytest.mark.parametrize("flow", [True, False])
def test_mirroring_a_reading_exchanges_every_joint_and_reverses_x(reader, flow):
    mirror = PoseReader.mirrored
    reader.flow = flow
    readings = torch.rand(3, 119 if flow else 85)
    mirrored = mirror(reader, readings)
    torch.testing.assert_close(mirror(reader, mirrored), readings)
    for i, name in enumerate(COCO17):
        j = COCO17.index(_other_side(name))
        for first in (0, 51):
            torch.testing.assert_close(mirrored[:, first + 2 * i], 1 - readings[:, first + 2 * j])
            torch.testing.assert_close(mirrored[:, first + 2 * i + 1], readings[:, first + 2 * j + 1])
        torch.testing.assert_close(mirrored[:, 34 + i], readings[:, 34 + j])
        if flow:
            torch.testing.assert_close(mirrored[:, 85 + 2 * i], -readings[:, 85 + 2 * j])
            torch.testing.assert_close(mirrored[:, 86 + 2 * i], readings[:, 86 + 2 * j])
    reader.flow = True


def test_prepared_are_the_readings_as_they_are_and_mirrored():
    student, inputs = student_of(), torch.randn(2, 5, 64, 64)
    with torch.inference_mode():
        prepared, readings = student.prepare(inputs), student.reader(inputs)
    assert prepared.shape == (2, 2, student.prepared_d)
    torch.testing.assert_close(prepared[:, 0], readings)
    torch.testing.assert_close(prepared[:, 1], student.reader.mirrored(readings))


@pytest.mark.parametrize("orientation", [0, 1])
@pytest.mark.parametrize("name", ["joints2d", "vipe"])
def test_the_feature_starts_as_the_teachers_of_the_joints_read(name, orientation):
    student = student_of(HeadSettings(teacher=name), context_s=())
    joints = torch.from_numpy(np.random.default_rng(0).uniform(0.2, 0.8, (7, 1, 17, 2)).astype(np.float32))
    scores = torch.full((7, 1, 17), 0.9)
    keypoints = torch.cat([joints[:, 0], scores[:, 0, :, None]], 2).numpy()
    expected = teacher(name)(PoseSequence(0, np.arange(7), keypoints), np.arange(7) / 25).values
    readings = readings_of(joints, scores, student.prepared_d)
    if orientation == 1:
        readings = student.reader.mirrored(readings[:, 0])[:, None]
    with torch.inference_mode():
        found = student.embed(readings)
    np.testing.assert_allclose(found.numpy(), expected[:, orientation], atol=3e-4)


def test_of_several_frames_the_feature_starts_mostly_as_that_of_the_frame_itself():
    student = student_of(HeadSettings(teacher="joints2d"), context_s=(-0.1, 0.1))
    joints, scores = torch.rand(4, 3, 17, 2), torch.ones(4, 3, 17)
    with torch.inference_mode():
        found = student.embed(readings_of(joints, scores, student.prepared_d))
    each = [
        teacher("joints2d")(
            PoseSequence(0, np.arange(4), torch.cat([joints[:, k], scores[:, k, :, None]], 2).numpy()),
            np.arange(4) / 25,
        ).values[:, 0]
        for k in range(3)
    ]
    shares = np.exp([0, 0, 3.0]) / np.exp([0, 0, 3.0]).sum()
    np.testing.assert_allclose(found, sum(s * e for s, e in zip(shares, each, strict=True)), atol=1e-4)


def test_the_default_student_starts_as_vipe_window_of_the_joints_read():
    student = student_of()
    order = [0, 1, 2, 3, 8, 4, 5, 6, 7]
    joints, scores = torch.rand(5, 9, 17, 2), torch.rand(5, 9, 17) * 0.8 + 0.2
    body = list(BODY13)
    with torch.inference_mode():
        found = student.embed(readings_of(joints, scores, student.prepared_d))
        poses = student.poses(found)
        mirrored = mirrored_poses(joints, scores)
        other = student.embed(readings_of(*mirrored, student.prepared_d))
    for feature, (j, s) in ((found, (joints, scores)), (other, mirrored)):
        expected = vipe_window.shipped().embed(j[:, order][:, :, body], s[:, order][:, :, body])
        torch.testing.assert_close(feature[:, :64], expected, atol=1e-4, rtol=1e-4)
    assert poses.shape == (5, 64)
    torch.testing.assert_close(poses, found[:, :64])


@pytest.mark.parametrize("heads", [("vipe-window",), ("vipe", "vipe-window"), ("joints2d", "vipe")])
def test_the_teachers_features_can_be_given(heads):
    student = student_of(*(HeadSettings(teacher=name) for name in heads))
    readings = torch.rand(5, 9, student.prepared_d)
    with torch.inference_mode():
        known = student.teacher_features(readings)
        assert known.shape == (5, 1 if heads == ("vipe-window",) else 9, student.spec.d)
        for given, found in zip(student(readings, known), student(readings), strict=True):
            torch.testing.assert_close(given, found)
        other = student(readings, known + 1)[0]
    torch.testing.assert_close(other, student(readings)[0] + 1)


def test_the_pose_network_is_not_trained():
    student = student_of()
    assert not any(p.requires_grad for p in student.reader.parameters())
    assert not any(p.requires_grad for p in student.teachers.parameters())
    assert all(p.requires_grad for p in student.network.parameters())


def test_a_context_that_a_teacher_does_not_know_is_refused():
    with pytest.raises(InputError, match="context_s"):
        student_of(HeadSettings(), context_s=(-0.1, 0.1))


def reading_settings(**changes):
    values = {"backbone": "movenet", "heads": (HeadSettings(teacher="vipe"),), "context_s": (-0.067, 0.067)}
    return tiny_settings(**{**values, **changes})


def test_a_corpus_is_read_once_and_its_student_embeds_from_there(tmp_path):
    pytest.importorskip("onnx")
    sources = stick_sources(tmp_path, 5, 10, teachers=("joints2d", "vipe"))
    readings = tmp_path / "readings"
    student = distill(sources, reading_settings(images=64), tmp_path / "a", RECIPE, readings=readings)
    files = {file: file.stat().st_mtime_ns for file in readings.iterdir()}
    again = distill(sources, reading_settings(images=64, seed=1), tmp_path / "b", RECIPE, readings=readings)
    assert {file: file.stat().st_mtime_ns for file in readings.iterdir()} == files
    assert any(not torch.equal(p, q) for p, q in zip(student.parameters(), again.parameters(), strict=True))

    crops = CropFile(sources[0].crops)
    known, read = kept_readings(student, crops, readings, "v0")
    assert read.all()
    assert kept_readings(student, crops, readings, "other") is None
    from_readings = features_of(student, crops, known)[0]
    read_now = embed(TorchEngine(student, "cpu", "float32"), crops, EmbedSettings())[0]
    np.testing.assert_allclose(from_readings.values, read_now.values, atol=0.02)
    files = export_onnx(load_student(tmp_path / "a"), tmp_path / "s.onnx")
    onnx = embed(OnnxEngine(files[0], load_student(tmp_path / "a"), 1), crops, EmbedSettings(batch=5))[0]
    np.testing.assert_allclose(onnx.values, read_now.values, atol=0.02)
    rows = np.array([[2, 6, 4], [3, 7, 5]])
    combined = ort.InferenceSession(str(files[1])).run(None, {"readings": known[rows][:, :, 0].astype("f4")})[
        0
    ]
    np.testing.assert_allclose(combined, from_readings.values[[4, 5], 0], atol=1e-3)


def test_a_video_that_was_read_in_part_is_read_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr(reading_plan, "SPAN", 4)
    sources = stick_sources(tmp_path, 5, 10, teachers=("joints2d", "vipe"))
    readings = tmp_path / "readings"
    student = distill(sources, reading_settings(images=64), tmp_path / "a", RECIPE, readings=readings)
    crops = CropFile(sources[0].crops)
    engine = TorchEngine(student, "cpu", "float32")
    whole, _ = kept_readings(student, crops, readings, "v0")
    missing = readings / "v0-00000004.npy"
    missing.unlink()
    readings_found, read = kept_readings(student, crops, readings, "v0")
    assert read.tolist() == [True] * 4 + [False] * 4 + [True] * 2
    read_now, shares = [], []

    class Counting:
        def __init__(self):
            self.student = student

        def __call__(self, raw):
            read_now.append(len(raw))
            return engine(raw)

    readings_found = prepare_video(student, crops, readings, "v0", Counting, EmbedSettings(), shares.append)
    assert sum(read_now) == 4
    assert sum(shares) == pytest.approx(1)
    np.testing.assert_allclose(readings_found.astype("f4"), whole.astype("f4"), atol=2e-3)
    assert missing.is_file()
    # of a video that nobody learned from nothing is kept
    files = set(readings.iterdir())
    prepare_video(student, crops, readings, "other", Counting, EmbedSettings())
    assert set(readings.iterdir()) == files


def test_a_reader_that_sleeps_reads_as_much(tmp_path, monkeypatch):
    """A machine that is slower by far reads the same crops and ends at the same student."""
    monkeypatch.setattr(reading_plan, "SPAN", 4)
    sources = stick_sources(tmp_path, 5, 8, teachers=("vipe",))
    settings = reading_settings(images=64, read=20)
    readings = tmp_path / "readings"
    distill(sources, settings, tmp_path / "fast", RECIPE, readings=readings)
    fast = {path.name for path in readings.iterdir()}
    assert len(fast) == 1 + 20 // 4

    days = iter(range(0, 10**9, 86_400))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(days)))
    call = OnnxEngine.__call__

    def sleeps(engine, raw):
        time.sleep(0.05)
        return call(engine, raw)

    monkeypatch.setattr(OnnxEngine, "__call__", sleeps)
    distill(sources, settings, tmp_path / "slow", RECIPE, readings=tmp_path / "others")
    assert {path.name for path in (tmp_path / "others").iterdir()} == fast
    weights = [(tmp_path / name / "student.safetensors").read_bytes() for name in ("fast", "slow")]
    assert weights[0] == weights[1]

    # with readings of more crops at hand, still those that the settings ask for
    distill(sources, reading_settings(images=64), tmp_path / "more", RECIPE, readings=readings)
    assert {path.name for path in readings.iterdir()} > fast
    distill(sources, settings, tmp_path / "again", RECIPE, readings=readings)
    assert (tmp_path / "again" / "student.safetensors").read_bytes() == weights[0]


def test_a_time_limit_leaves_enough_readings_to_train_on(tmp_path, monkeypatch):
    monkeypatch.setattr(reading_plan, "SPAN", 4)
    sources = stick_sources(tmp_path, 5, 8, teachers=("vipe",))
    settings = reading_settings(images=64, time_limit_minutes=1e-9)
    readings = tmp_path / "readings"
    distill(sources, settings, tmp_path / "early", RECIPE, readings=readings)
    early = json.loads((tmp_path / "early" / "config.json").read_text())["ended_early"]
    assert early["images"] == 32
    assert early["of_read"] == 40
    assert 8 <= early["read"] < 40
    # one crop is asked for: those are read that hold a frame to train on and one to validate on
    distill(sources, reading_settings(images=32, read=1), tmp_path / "one", RECIPE, readings=tmp_path / "r")
    assert len(list((tmp_path / "r").glob("*.npy"))) == early["read"] // 4


@pytest.mark.slow
def test_a_stopped_reading_goes_on(tmp_path):
    sources = stick_sources(tmp_path, 5, 8, teachers=("vipe",))
    whole, part = tmp_path / "whole", tmp_path / "part"
    distill(sources, reading_settings(images=64), tmp_path / "a", RECIPE, readings=whole)
    part.mkdir()
    for file in [*list(whole.glob("*.npy"))[2:], whole / "key.json"]:
        (part / file.name).write_bytes(file.read_bytes())
    distill(sources, reading_settings(images=64), tmp_path / "b", RECIPE, readings=part)
    weights = [(tmp_path / name / "student.safetensors").read_bytes() for name in "ab"]
    assert weights[0] == weights[1]
    assert {f.name for f in part.iterdir()} == {f.name for f in whole.iterdir()}
