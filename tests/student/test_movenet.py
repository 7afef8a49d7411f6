"""MoveNet in torch is the shipped network, and the encoder on it reads joints."""

import numpy as np
import onnxruntime as ort
import torch

from vpd.models import model_path
from vpd.settings.distill import preset
from vpd.student.backbones import backbone
from vpd.student.distill import parameter_groups
from vpd.student.inputs import InputSpec
from vpd.student.movenet import RGB_MEAN, RGB_STD, load_movenet
from vpd.student.network import Student, student_spec


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


def test_flow_has_no_effect_at_first():
    torch.manual_seed(0)
    encoder = backbone("movenet").make(InputSpec(), 26, "").eval()
    inputs = torch.randn(1, 5, 64, 64)
    other = torch.cat([inputs[:, :3], torch.randn(1, 2, 64, 64)], 1)
    with torch.inference_mode():
        torch.testing.assert_close(encoder(inputs), encoder(other))


def test_the_pretrained_part_can_be_frozen_or_slow():
    student = Student(student_spec(preset("laptop"), 64, {"vipe": 64}))
    slow = parameter_groups(student, 0.1)
    assert [group["share"] for group in slow] == [1.0, 0.1]
    assert sum(len(group["params"]) for group in slow) == len(list(student.parameters()))
    frozen = parameter_groups(student, 0.0)
    assert len(frozen) == 1
    assert not any(p.requires_grad for p in student.encoder.pretrained.parameters())
