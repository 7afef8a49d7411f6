"""MoveNet in torch is the shipped network, and the encoder on it reads joints."""

import json
import time

import numpy as np
import onnxruntime as ort
import pytest
import torch

from tests.student.synthetic import RECIPE, stick_sources, tiny_settings
from vpd.crops import CropFile
from vpd.errors import InputError
from vpd.models import model_path
from vpd.pose.movenet_torch import RGB_MEAN, RGB_STD, load_movenet
from vpd.pose.skeleton import BODY13
from vpd.settings import EmbedSettings
from vpd.settings.distill import HeadSettings, preset
from vpd.student import (
    OnnxEngine,
    TorchEngine,
    distill,
    embed,
    export_onnx,
    features_of,
    known_tokens,
    load_student,
    read_video,
)
from vpd.student.corpus.inputs import InputSpec
from vpd.student.network.backbones import backbone
from vpd.student.network.people import decode_pose
from vpd.student.network.student import Student, student_spec
from vpd.student.training.loop import FrozenTraining, parameter_groups
from vpd.teachers import teacher, vipe_window
from vpd.types import PoseSequence


def test_torch_and_the_shipped_file_agree():
    image = np.random.default_rng(0).integers(0, 255, (1, 256, 256, 3)).astype(np.float32)
    session = ort.InferenceSession(str(model_path("movenet_thunder")))
    names = ["heatmap", "center", "regress", "offset"]
    expected = dict(zip(names, session.run(names, {"image": image}), strict=True))
    with torch.inference_mode():
        inputs = (torch.from_numpy(image).permute(0, 3, 1, 2) - RGB_MEAN) / RGB_STD
        found = load_movenet().eval()(inputs)
    for name in names:
        value = torch.sigmoid(found[name]) if name in ("heatmap", "center") else found[name]
        np.testing.assert_allclose(
            value.numpy(), expected[name], rtol=1e-3, atol=1e-2 if "e" in name else 1e-3
        )


def encoder_of(spec, d=26):
    torch.manual_seed(0)
    return backbone("movenet").make(spec, d, "").eval()


def test_joints_are_those_of_the_published_decoding():
    """Made heads: of the person in the middle, the joint at the peak near the place that is regressed."""
    with torch.inference_mode():
        heads = {
            "heatmap": torch.full((1, 17, 8, 8), -9.0), "center": torch.full((1, 1, 8, 8), -9.0),
            "regress": torch.zeros(1, 34, 8, 8), "offset": torch.zeros(1, 34, 8, 8),
        }  # fmt: skip
        heads["center"][0, 0, 4, 3] = 2.0
        heads["regress"][0, 0::2, 4, 3], heads["regress"][0, 1::2, 4, 3] = -2.0, 1.0
        heads["heatmap"][0, :, 2, 4] = 1.0
        heads["heatmap"][0, :, 7, 0] = 2.0
        heads["offset"][0, 0::2, 2, 4], heads["offset"][0, 1::2, 2, 4] = 0.5, 0.25
        joints, scores, regressed = decode_pose(heads)
    torch.testing.assert_close(regressed[0, 0], torch.tensor([4 / 8, 2 / 8]))
    torch.testing.assert_close(
        joints[0, 0], torch.tensor([4.25 / 8, 2.5 / 8]), msg="the near peak, not the high"
    )
    torch.testing.assert_close(scores[0, 0], torch.sigmoid(torch.tensor(1.0)))


def test_flow_is_read_at_the_joints():
    encoder = encoder_of(InputSpec())
    inputs = torch.randn(2, 5, 64, 64)
    with torch.inference_mode():
        still = encoder(torch.cat([inputs[:, :3], torch.zeros(2, 2, 64, 64)], 1))
        moving = encoder(torch.cat([inputs[:, :3], torch.ones(2, 2, 64, 64)], 1))
    assert still.shape == (2, encoder.size) == (2, 119)
    assert not still[:, 85:].any()
    torch.testing.assert_close(moving[:, 85:], torch.ones(2, 34))
    torch.testing.assert_close(still[:, :85], moving[:, :85])
    assert encoder_of(InputSpec(flow=False)).size == 85


@pytest.mark.parametrize("flow", [True, False])
def test_mirrored_readings_are_those_of_the_mirrored_picture(flow):
    """Of a picture that is its own mirror image but for the joints' sides; and mirroring twice is nothing."""
    encoder = encoder_of(InputSpec(flow=flow))
    readings = torch.rand(3, encoder.size)
    mirrored = encoder.mirrored(readings)
    torch.testing.assert_close(encoder.mirrored(mirrored), readings)
    joints, scores = encoder.pose(readings)
    turned, turned_scores = encoder.pose(mirrored)
    torch.testing.assert_close(turned[:, 5], torch.stack([1 - joints[:, 6, 0], joints[:, 6, 1]], 1))
    torch.testing.assert_close(turned_scores[:, 5], scores[:, 6])
    if flow:
        torch.testing.assert_close(mirrored[:, 85], -readings[:, 85])


@pytest.mark.parametrize("name", ["joints2d", "vipe"])
def test_a_student_starts_as_what_its_teacher_says_of_the_joints_read(name):
    settings = preset("laptop", heads=(HeadSettings(teacher=name),), context_s=())
    student = Student(student_spec(settings, 64, {name: 26 if name == "joints2d" else 64}))
    torch.nn.init.zeros_(student.encoder.last.weight)
    torch.nn.init.zeros_(student.encoder.last.bias)
    joints = np.random.default_rng(0).uniform(0.2, 0.8, (7, 17, 2)).astype(np.float32)
    tokens = torch.zeros(7, student.token_d)
    tokens[:, :34] = torch.from_numpy(joints.reshape(7, 34))
    tokens[:, 34:51] = 0.9
    poses = PoseSequence(0, np.arange(7), np.concatenate([joints, np.full((7, 17, 1), 0.9)], 2).astype("f4"))
    expected = teacher(name)(poses, np.arange(7) / 25).values[:, 0]
    with torch.inference_mode():
        found = student.eval().feature(student.alone(tokens))
    np.testing.assert_allclose(found.numpy(), expected, atol=2e-4)


def test_the_laptops_student_starts_as_what_the_embedding_of_movements_says_of_the_joints_read():
    settings = preset("laptop")
    student = Student(student_spec(settings, 64, {"vipe-window": 64, "vipe": 64})).eval()
    torch.nn.init.zeros_(student.encoder.last.weight)
    torch.nn.init.zeros_(student.encoder.last.bias)
    order = [0, 1, 2, 3, 8, 4, 5, 6, 7]
    joints, scores = torch.rand(5, 9, 17, 2), torch.rand(5, 9, 17) * 0.8 + 0.2
    tokens = torch.zeros(5, 9, student.token_d)
    tokens[..., :34], tokens[..., 34:51] = joints.flatten(2), scores
    with torch.inference_mode():
        found = student.feature(tokens)
        poses = student.poses(found)
    body = list(BODY13)
    expected = vipe_window.shipped().embed(joints[:, order][:, :, body], scores[:, order][:, :, body])
    torch.testing.assert_close(found[:, :64], expected, atol=1e-4, rtol=1e-4)
    assert poses.shape == (5, 64)


@pytest.mark.parametrize("heads", [("vipe-window",), ("vipe", "vipe-window"), ("joints2d", "vipe")])
def test_what_the_anchors_say_can_be_given(heads):
    settings = preset("laptop", heads=tuple(HeadSettings(teacher=name) for name in heads))
    sizes = {"joints2d": 26, "vipe": 64, "vipe-window": 64}
    student = Student(student_spec(settings, 64, sizes)).eval()
    windows = torch.rand(5, 9, student.token_d)
    with torch.inference_mode():
        said = student.started(windows)
        assert said.shape == (5, 1 if heads == ("vipe-window",) else 9, student.spec.d)
        given = torch.cat([windows, said.expand(-1, 9, -1)], 2)
        torch.testing.assert_close(student.feature(given), student.feature(windows))


def test_a_long_training_asks_the_anchors_once(tmp_path, monkeypatch):
    sources = stick_sources(tmp_path, 5, 10, teachers=("joints2d", "vipe"))
    settings = people_settings(images=128)
    asked = []
    started = Student.started
    monkeypatch.setattr(Student, "started", lambda self, w: asked.append(len(w)) or started(self, w))
    once = distill(sources, settings, tmp_path / "once", RECIPE, readings=tmp_path / "readings")
    frames = json.loads((tmp_path / "once" / "config.json").read_text())
    assert sum(asked) == 2 * (frames["training_frames"] + frames["validation_frames"])
    monkeypatch.setattr(FrozenTraining, "_said", lambda self, rows: None)
    always = distill(sources, settings, tmp_path / "always", RECIPE, readings=tmp_path / "readings")
    assert sum(asked) > 200
    for name, weights in once.state_dict().items():
        torch.testing.assert_close(weights, always.state_dict()[name], atol=1e-4, rtol=1e-3, msg=name)


def test_the_pretrained_part_can_be_frozen_or_slow():
    student = Student(student_spec(preset("laptop"), 64, {"vipe-window": 64, "vipe": 64}))
    slow = parameter_groups(student, 0.1)
    assert [group["share"] for group in slow] == [1.0, 0.1]
    assert not student.frozen
    student.freeze()
    frozen = parameter_groups(student, 0.0)
    assert len(frozen) == 1
    assert student.frozen


def test_what_it_cannot_see_is_said():
    with pytest.raises(InputError, match="context"):
        encoder_of(InputSpec(neighbours=(-1,)))
    with pytest.raises(InputError, match="context_s"):
        Student(student_spec(preset("laptop", context_s=(-0.1, 0.1)), 64, {"vipe-window": 64, "vipe": 64}))


def people_settings(**changes):
    values = {"backbone": "movenet", "heads": (HeadSettings(teacher="vipe"),), "context_s": (-0.067, 0.067)}
    return tiny_settings(**{**values, **changes})


def test_a_corpus_is_read_once_and_its_student_embeds_from_there(tmp_path):
    pytest.importorskip("onnx")
    sources = stick_sources(tmp_path, 5, 10, teachers=("joints2d", "vipe"))
    readings = tmp_path / "readings"
    student = distill(sources, people_settings(images=64), tmp_path / "a", RECIPE, readings=readings)
    files = {file: file.stat().st_mtime_ns for file in readings.iterdir()}
    again = distill(sources, people_settings(images=64, seed=1), tmp_path / "b", RECIPE, readings=readings)
    assert {file: file.stat().st_mtime_ns for file in readings.iterdir()} == files
    assert any(not torch.equal(p, q) for p, q in zip(student.parameters(), again.parameters(), strict=True))

    crops = CropFile(sources[0].crops)
    known, read = known_tokens(student, crops, readings, "v0")
    assert read.all()
    assert known_tokens(student, crops, readings, "other") is None
    from_readings = features_of(student, crops, known)[0]
    looked = embed(TorchEngine(student, "cpu", "float32"), crops, EmbedSettings())[0]
    np.testing.assert_allclose(from_readings.values, looked.values, atol=0.02)
    files = export_onnx(load_student(tmp_path / "a"), tmp_path / "s.onnx")
    onnx = embed(OnnxEngine(files[0], load_student(tmp_path / "a"), 1), crops, EmbedSettings(batch=5))[0]
    np.testing.assert_allclose(onnx.values, looked.values, atol=0.02)
    rows = np.array([[2, 6, 4], [3, 7, 5]])
    combined = ort.InferenceSession(str(files[1])).run(None, {"windows": known[rows][:, :, 0].astype("f4")})[
        0
    ]
    np.testing.assert_allclose(combined, from_readings.values[[4, 5], 0], atol=1e-3)


def test_a_video_that_was_read_in_part_is_read_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr("vpd.student.inference.readings.SPAN", 4)
    sources = stick_sources(tmp_path, 5, 10, teachers=("joints2d", "vipe"))
    readings = tmp_path / "readings"
    student = distill(sources, people_settings(images=64), tmp_path / "a", RECIPE, readings=readings)
    crops = CropFile(sources[0].crops)
    engine = TorchEngine(student, "cpu", "float32")
    whole, _ = known_tokens(student, crops, readings, "v0")
    missing = readings / "v0-00000004.npy"
    missing.unlink()
    tokens, read = known_tokens(student, crops, readings, "v0")
    assert read.tolist() == [True] * 4 + [False] * 4 + [True] * 2
    looked, shares = [], []

    class Counting:
        def __init__(self):
            self.student = student

        def __call__(self, raw):
            looked.append(len(raw))
            return engine(raw)

    tokens = read_video(student, crops, readings, "v0", Counting, EmbedSettings(), shares.append)
    assert sum(looked) == 4
    assert sum(shares) == pytest.approx(1)
    np.testing.assert_allclose(tokens.astype("f4"), whole.astype("f4"), atol=2e-3)
    assert missing.is_file()
    # of a video that nobody learned from nothing is kept
    files = set(readings.iterdir())
    read_video(student, crops, readings, "other", Counting, EmbedSettings())
    assert set(readings.iterdir()) == files


def test_a_reader_that_sleeps_reads_as_much(tmp_path, monkeypatch):
    """A machine that is slower by far reads the same crops and ends at the same student."""
    monkeypatch.setattr("vpd.student.inference.readings.SPAN", 4)
    sources = stick_sources(tmp_path, 5, 8, teachers=("vipe",))
    settings = people_settings(images=64, read=20)
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
    distill(sources, people_settings(images=64), tmp_path / "more", RECIPE, readings=readings)
    assert {path.name for path in readings.iterdir()} > fast
    distill(sources, settings, tmp_path / "again", RECIPE, readings=readings)
    assert (tmp_path / "again" / "student.safetensors").read_bytes() == weights[0]


def test_a_time_limit_leaves_enough_readings_to_train_on(tmp_path, monkeypatch):
    monkeypatch.setattr("vpd.student.inference.readings.SPAN", 4)
    sources = stick_sources(tmp_path, 5, 8, teachers=("vipe",))
    settings = people_settings(images=64, time_limit_minutes=1e-9)
    readings = tmp_path / "readings"
    distill(sources, settings, tmp_path / "early", RECIPE, readings=readings)
    early = json.loads((tmp_path / "early" / "config.json").read_text())["ended_early"]
    assert early["images"] == 32
    assert early["of_read"] == 40
    assert 8 <= early["read"] < 40
    # one crop is asked for: those are read that hold a frame to train on and one to validate on
    distill(sources, people_settings(images=32, read=1), tmp_path / "one", RECIPE, readings=tmp_path / "r")
    assert len(list((tmp_path / "r").glob("*.npy"))) == early["read"] // 4


@pytest.mark.slow
def test_a_stopped_reading_goes_on(tmp_path):
    sources = stick_sources(tmp_path, 5, 8, teachers=("vipe",))
    whole, part = tmp_path / "whole", tmp_path / "part"
    distill(sources, people_settings(images=64), tmp_path / "a", RECIPE, readings=whole)
    part.mkdir()
    for file in [*list(whole.glob("*.npy"))[2:], whole / "key.json"]:
        (part / file.name).write_bytes(file.read_bytes())
    distill(sources, people_settings(images=64), tmp_path / "b", RECIPE, readings=part)
    weights = [(tmp_path / name / "student.safetensors").read_bytes() for name in "ab"]
    assert weights[0] == weights[1]
    assert {f.name for f in part.iterdir()} == {f.name for f in whole.iterdir()}


@pytest.mark.slow
def test_the_pretrained_part_can_be_trained_too(tmp_path):
    sources = stick_sources(tmp_path, 5, 8, teachers=("vipe",))
    settings = people_settings(images=16, batch=8, pretrained_rate=0.1)
    student = distill(sources, settings, tmp_path / "a", RECIPE)
    before = load_movenet().stem[0].weight
    assert not torch.equal(student.encoder.pretrained.stem[0].weight, before)
