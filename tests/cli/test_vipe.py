"""`vpd vipe`: from files of 3D motion to weights whose card says what they are."""

import json

import numpy as np
import pytest

from tests.teachers.vipe_window.test_vipe_window import swing
from vpd.teachers.vipe.model import Vipe
from vpd.teachers.vipe_window.model import VipeWindow

SETTINGS = """
[vipe]
steps = 4
validate_every = 2
batch = 8
[vipe_window]
steps = 4
validate_every = 2
batch = 8
width = 16
"""


@pytest.fixture
def folder(tmp_path):
    for number, name in enumerate(("walk", "run", "jump")):
        np.savez(tmp_path / f"{name}.npz", joints=swing(name, number).joints, fps=30.0)
    (tmp_path / "vpd.toml").write_text(SETTINGS)
    return tmp_path


@pytest.mark.parametrize(
    ("command", "file", "load"),
    [("train", "vipe", Vipe.load), ("train-window", "vipe_window", VipeWindow.load)],
)
def test_weights_know_what_they_were_trained_on(vpd, folder, command, file, load):
    out = folder / "out"
    code, _, err = vpd(
        "vipe", command, folder, "--out", out, "--hold-out", "jump", "--settings", folder / "vpd.toml"
    )
    assert code == 0, err
    about = json.loads(load(out / f"{file}.safetensors").card.about)
    assert about["held_out"] == ["jump"]
    assert about["best"]["step"] in (2, 4)
    settings = about["settings"] if file == "vipe" else about["settings"]["vipe-window"]
    assert settings["batch"] == 8


def test_the_papers_preset_is_trained_and_kept_in_the_card(vpd, folder):
    out = folder / "paper"
    code, _, err = vpd(
        "vipe", "train", folder, "--out", out, "--hold-out", "jump", "--preset", "paper", "--steps", 2
    )
    assert code == 0, err
    model = Vipe.load(out / "vipe.safetensors")
    settings = json.loads(model.card.about)["settings"]
    assert (model.card.width, model.card.target, settings["pair_weight"]) == (1024, "heading", 1.0)
    assert (model.card.residual, model.card.decoder_width) == ("subtract", 512)
    assert np.isfinite(model.decode_3d(np.zeros((2, 64), np.float32))).all()
    code, _, err = vpd("vipe", "train", folder, "--out", out, "--hold-out", "jump", "--preset", "tiny")
    assert code == 1
    assert "--preset is one of laptop, gpu, paper" in err


def test_a_held_out_name_that_fits_nothing(vpd, folder):
    code, _, err = vpd("vipe", "train-window", folder, "--out", folder / "out", "--hold-out", "swim")
    assert code != 0
    assert "'swim'" in err
