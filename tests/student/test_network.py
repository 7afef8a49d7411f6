"""Every backbone keeps the contract; wider inputs begin as the narrow network; students go to disk."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torchvision.models import resnet18

from tests.student.synthetic import RECIPE, stick_source, tiny_settings
from vpd.crops import CropFile
from vpd.errors import ArtefactError, InputError, SettingsError
from vpd.library.artefact import Recipe
from vpd.settings.distill import HeadSettings
from vpd.settings.toml import load_settings
from vpd.student.corpus.inputs import InputSpec, context_rows, neighbour_rows, read_inputs
from vpd.student.inference.store import load_student, save_student, student_is_current
from vpd.student.network.backbones import BACKBONES, backbone
from vpd.student.network.spec import HeadSpec, StudentSpec, student_spec
from vpd.student.network.student import Student


def feature(student, inputs):
    """Of each crop as it is."""
    return student.embed(student.prepare(inputs)[:, :1])


SIZES = {"joints2d": 26, "vipe": 64, "vipe-window": 64}


@pytest.mark.parametrize("name", [*BACKBONES, "timm:test_resnet.r160_in1k"])
def test_every_backbone(name):
    if name.startswith("timm:"):
        pytest.importorskip("timm")
    torch.manual_seed(0)
    size = 48 if name == "tiny" else 64
    student = Student(StudentSpec(name, size, InputSpec(), (HeadSpec("joints2d", 26, 26, (), False),))).eval()
    with torch.inference_mode():
        inputs = torch.randn(2, 5, size, size)
        prepared = student.prepare(inputs)
        assert prepared.shape == (2, 2, student.prepared_d)
        regular = prepared[:, :1, :]
        torch.testing.assert_close(student.embed(regular), student.encoder(inputs))
        mirrored = prepared[:, 1:, :]
        torch.testing.assert_close(student.embed(mirrored), student.encoder(student.mirror(inputs)))


def test_unknown_backbones_are_said():
    with pytest.raises(InputError, match="resnet34"):
        backbone("alexnet")
    pytest.importorskip("timm")
    with pytest.raises(InputError, match="no_such"):
        backbone("timm:no_such_net")(InputSpec(), 26, "")


def test_given_weights_ignore_flow_at_first(tmp_path):
    torch.manual_seed(1)
    given = resnet18(weights=None).eval()
    save_file(given.state_dict(), tmp_path / "w.safetensors")
    torch.save(given.state_dict(), tmp_path / "w.pth")
    images = torch.randn(2, 5, 64, 64)
    for file in ("w.safetensors", "w.pth"):
        wide = backbone("resnet18")(InputSpec(), 1000, str(tmp_path / file)).eval()
        with torch.inference_mode():
            torch.testing.assert_close(wide(images), given(images[:, :3]))
    with pytest.raises(InputError, match="do not fit"):
        backbone("resnet50")(InputSpec(), 26, str(tmp_path / "w.pth"))
    (tmp_path / "bad.safetensors").write_bytes(b"nothing")
    with pytest.raises(InputError, match="cannot be read"):
        backbone("resnet18")(InputSpec(), 26, str(tmp_path / "bad.safetensors"))


def test_heads_share_the_feature():
    heads = (
        HeadSettings(teacher="joints2d", motion=(-1, 4), decoder=True),
        HeadSettings(teacher="vipe", d=32, motion=(-1,), decoder=True),
    )
    spec = student_spec(tiny_settings(heads=heads), 48, SIZES)
    assert spec.d == 26 + 32
    student = Student(spec)
    features = feature(student, torch.randn(3, 5, 48, 48))
    assert features.shape == (3, 58)
    assert [p.shape[1] for p in student.decode(features)] == [26 * 3, 64 * 2]
    changed = features.detach().clone()
    changed[:, 30:] = 0
    torch.testing.assert_close(student.decode(changed)[0], student.decode(features)[0])
    assert student.poses(features, 1).shape == (3, 64)


def test_without_decoder_the_feature_is_the_pose():
    student = Student(
        student_spec(
            tiny_settings(heads=(HeadSettings(teacher="joints2d", motion=(), decoder=False),)), 48, SIZES
        )
    )
    features = feature(student, torch.randn(2, 5, 48, 48))
    torch.testing.assert_close(student.decode(features)[0], features)


def test_spec_round_trip():
    heads = (HeadSettings(teacher="joints2d"), HeadSettings(teacher="vipe", motion=(-2, 2), decoder=True))
    spec = student_spec(tiny_settings(heads=heads, neighbours=(-1,)), 48, SIZES)
    assert StudentSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec
    with pytest.raises(ArtefactError, match=r"config\.json"):
        StudentSpec.from_json({"backbone": "tiny"})


def test_mirror_is_an_involution():
    student = Student(student_spec(tiny_settings(neighbours=(1,)), 48, SIZES))
    x = torch.randn(2, 8, 48, 48)
    mirrored = student.mirror(x)
    torch.testing.assert_close(student.mirror(mirrored), x)
    torch.testing.assert_close(mirrored[:, 6], -x[:, 6].flip(-1))
    torch.testing.assert_close(mirrored[:, :6], x[:, :6].flip(-1))
    torch.testing.assert_close(mirrored[:, 7], x[:, 7].flip(-1))


def test_neighbours_of_tracks():
    class Rows:
        frames = np.array([0, 0, 1, 1, 2, 4, 5])
        athletes = np.array([0, 1, 0, 1, 0, 0, 0])

        def __len__(self):
            return 7

    found = neighbour_rows(Rows(), (-1, 1, -2))
    assert found[:, 0].tolist() == [0, 1, 0, 1, 2, 5, 5]
    assert found[:, 1].tolist() == [2, 3, 4, 3, 4, 6, 6]
    assert found[:, 2].tolist() == [0, 1, 0, 1, 0, 5, 5]


@pytest.mark.parametrize("fps", [25, 30, 50, 60, 120])
def test_context_is_the_nearest_row_in_time_whatever_the_frame_rate(fps):
    class Rows:
        frames = np.tile(np.arange(60), 2)
        athletes = np.repeat([0, 1], 60)
        times_s = frames / fps

        def __len__(self):
            return 120

    offsets = (-0.267, -0.067, 0.1)
    found = context_rows(Rows(), offsets)
    for k, offset in enumerate(offsets):
        wanted = np.clip(Rows.times_s + offset, 0, 59 / fps)
        assert (Rows.athletes[found[:, k]] == Rows.athletes).all()
        assert np.abs(Rows.times_s[found[:, k]] - wanted).max() <= 0.5 / fps + 1e-9


def test_context_stops_at_gaps_of_a_track():
    class Rows:
        frames = np.array([0, 1, 2, 10, 11])
        athletes = np.zeros(5, int)
        times_s = frames / 10

        def __len__(self):
            return 5

    assert context_rows(Rows(), (-0.2, 0.2)).tolist() == [[0, 2], [0, 2], [0, 2], [3, 4], [3, 4]]


def test_neighbours_are_seen_with_the_frames_own_square(tmp_path):
    """The previous picture brought to this square agrees with the static background of this one."""
    source = stick_source(tmp_path, n=12, size=96)
    file = CropFile(source.crops)
    spec = InputSpec(neighbours=(-1,))
    rows = np.arange(1, 12)
    raw = read_inputs(file, rows, spec, neighbour_rows(file, spec.neighbours)).astype(int)
    moved = np.any(file.squares[rows] != file.squares[rows - 1], axis=1)
    assert moved.any()
    inner = (slice(None), slice(20, 76), slice(20, 76))
    aligned = np.abs(raw[..., :3] - raw[..., 3:6])[inner].mean((1, 2, 3))
    as_stored = np.abs(file.rgb(rows).astype(int) - file.rgb(rows - 1))[inner].mean((1, 2, 3))
    assert aligned[moved].mean() < 0.8 * as_stored[moved].mean()


def test_student_on_disk(tmp_path):
    student = Student(student_spec(tiny_settings(), 48, SIZES)).eval()
    save_student(student, tmp_path, RECIPE, {"note": 1})
    assert student_is_current(tmp_path, RECIPE)
    assert not student_is_current(tmp_path, Recipe("distill", 2))
    x = torch.randn(1, 5, 48, 48)
    torch.testing.assert_close(load_student(tmp_path).prepare(x), student.prepare(x))
    (tmp_path / "student.safetensors").write_bytes(b"x")
    with pytest.raises(ArtefactError, match="damaged"):
        load_student(tmp_path)
    with pytest.raises(ArtefactError, match="vpd distill"):
        load_student(tmp_path / "none")


def test_settings(tmp_path):
    path = tmp_path / "vpd.toml"
    head = '{teacher = "vipe", motion = [-1, 5], decoder = true}'
    path.write_text(f'[distill]\nbackbone = "resnet18"\nneighbours = [-1]\nheads = [{head}]\n')
    assert load_settings(path).distill.heads[0].motion == (-1, 5)
    for bad in (
        "context_s = [0]",
        "neighbours = [0]",
        "heads = [{d = 32}]",
        "heads = [{motion = [0]}]",
        "heads = []",
        'inputs = ["flow"]',
        'preset = "vi-vpd"\nbackbone = "resnet18"',
        'preset = "vd"',
    ):
        path.write_text(f"[distill]\n{bad}\n")
        with pytest.raises(SettingsError):
            load_settings(path)


def test_parts_that_are_decoded_vary_as_those_that_are_poses():
    heads = (HeadSpec("joints2d", 26, 26, (), False), HeadSpec("vipe", 64, 32, (-1,), True))
    student = Student(StudentSpec("tiny", 48, InputSpec(), heads)).eval()
    inputs = torch.randn(40, 5, 48, 48)
    with torch.no_grad():
        student.target_std_0.fill_(7.0)
        before = feature(student, inputs)
        poses = student.poses(before, 1)
        student.scale_decoded_parts(before, 1.0)
        after = feature(student, inputs)
        size = [part.var(0).sum() for part in (after[:, :26], after[:, 26:])]
        torch.testing.assert_close(size[0], size[1])
        torch.testing.assert_close(after[:, :26], before[:, :26])
        torch.testing.assert_close(student.poses(after, 1), poses, atol=1e-4, rtol=1e-4)
        student.scale_decoded_parts(after, 0.7)
        torch.testing.assert_close(feature(student, inputs)[:, 26:], 0.7 * after[:, 26:])

        student = Student(StudentSpec("tiny", 48, InputSpec(), heads[1:])).eval()
        student.scale_decoded_parts(feature(student, inputs), 1.0)
        assert (student.part_scale == 1).all()
