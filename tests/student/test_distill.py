"""A student learns, ends the same when interrupted, and knows the figure's joints in new pictures."""

import csv
import json
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from tests.student.synthetic import RECIPE, stick_source, stick_sources, tiny_settings
from vpd.crops import CropFile
from vpd.errors import CancelledError, InputError, MismatchError
from vpd.settings import EmbedSettings
from vpd.settings.distill import AugmentSettings, HeadSettings
from vpd.student import OnnxEngine, TorchEngine, distill, embed, export_onnx, load_student
from vpd.student.training.checkpoint import FILE as CHECKPOINT
from vpd.student.training.compiling import compiled


class StoppedError(Exception):
    pass


def weights(folder):
    return load_file(folder / "student.safetensors")


def assert_same(a, b):
    assert a.keys() == b.keys()
    for name in a:
        assert torch.equal(a[name], b[name]), name


def history(folder):
    with (folder / "history.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    return stick_sources(tmp_path_factory.mktemp("crops"), 6, 80)


def test_the_students_poses_are_the_teachers(sources, tmp_path):
    student = distill(sources, tiny_settings(images=1600), tmp_path, RECIPE)
    assert {p.name for p in tmp_path.iterdir()} == {
        "config.json", "curve.png", "history.csv", "split.json", "student.safetensors",
    }  # fmt: skip
    rows = history(tmp_path)
    assert float(rows[-1]["training_loss"]) < 0.6 * float(rows[0]["training_loss"])
    assert float(rows[-1]["pose_r2"]) > 0.6
    assert len(json.loads((tmp_path / "split.json").read_text())) == 1
    crops = CropFile(sources[0].crops)
    settings = EmbedSettings(precision="float32", device="cpu")
    sequence = embed(TorchEngine(student, "cpu", "float32"), crops, settings)[0]
    for orientation in (0, 1):
        seen = student.poses(torch.from_numpy(sequence.values[:, orientation])).detach().numpy()
        error = np.abs(seen - sources[0].features["joints2d"][0].values[:, orientation]).mean()
        # without flips in training only the pictures as they are were seen
        assert error < (0.08 if orientation == 0 else 1)


@pytest.mark.parametrize(
    "more", [{}, {"augment": AugmentSettings(), "loss": "huber", "schedule": "constant", "best_of_mean": 2}]
)
def test_a_stopped_training_ends_the_same(sources, tmp_path, more):
    settings = tiny_settings(images=128, epoch_images=64, **more)
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    distill(sources, settings, whole, RECIPE)

    def stop(progress):
        if progress.images == 96:
            raise StoppedError

    with pytest.raises(StoppedError):
        distill(sources, settings, stopped, RECIPE, progress=stop)
    assert (stopped / CHECKPOINT).exists()
    assert not (stopped / "config.json").exists()
    seen = []
    distill(sources, settings, stopped, RECIPE, progress=lambda p: seen.append(p.images))
    assert seen == [96, 128]
    assert_same(weights(whole), weights(stopped))
    assert not (stopped / CHECKPOINT).exists()
    for a, b in zip(history(whole), history(stopped), strict=True):
        assert {**a, "seconds": 0} == {**b, "seconds": 0}


def test_a_checkpoint_of_other_settings_is_not_taken_up(sources, tmp_path):
    settings = tiny_settings(images=128, epoch_images=64)

    def stop(progress):
        if progress.images == 96:
            raise StoppedError

    with pytest.raises(StoppedError):
        distill(sources, settings, tmp_path, RECIPE, progress=stop)
    seen = []
    other = tiny_settings(images=128, epoch_images=64, seed=1)
    distill(sources, other, tmp_path, RECIPE, progress=lambda p: seen.append(p.images))
    assert seen[0] == 32


def test_damaged_checkpoint_starts_anew(sources, tmp_path):
    (tmp_path / CHECKPOINT).write_bytes(b"damaged")
    seen = []
    settings = tiny_settings(images=64, epoch_images=64)
    distill(sources, settings, tmp_path, RECIPE, progress=lambda p: seen.append(p))
    assert [p.images for p in seen] == [32, 64]
    assert seen[-1].fraction == 1
    assert seen[-1].seconds_left == 0


def test_seeds(sources, tmp_path):
    made = {}
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        distill(sources, tiny_settings(images=64, epoch_images=64, seed=seed), tmp_path / name, RECIPE)
        made[name] = weights(tmp_path / name)
    assert_same(made["a"], made["b"])
    assert any(not torch.equal(made["a"][n], made["c"][n]) for n in made["a"])


def config(folder):
    return json.loads((folder / "config.json").read_text())


def test_a_time_limit_ends_a_training_with_what_it_has_and_it_can_go_on(sources, tmp_path):
    settings = tiny_settings(images=128, epoch_images=64, schedule="constant")
    whole, early = tmp_path / "whole", tmp_path / "early"
    distill(sources, settings, whole, RECIPE)
    limited = settings.model_copy(update={"time_limit_minutes": 1e-9})
    for images in (32, 64, 96):
        distill(sources, limited, early, RECIPE)
        found = config(early)["ended_early"]
        assert found == {"images": images, "of_images": 128, "minutes": 1e-9}
        assert load_student(early).spec == load_student(whole).spec
    distill(sources, settings, early, RECIPE)
    assert config(early)["ended_early"] is config(whole)["ended_early"] is None
    assert_same(weights(whole), weights(early))
    assert not (early / CHECKPOINT).exists()


def test_a_cancelled_training_says_what_is_kept(sources, tmp_path):
    settings = tiny_settings(images=128, epoch_images=64)
    for at, kept in ((32, "The first epoch had not ended"), (96, "kept up to 64 of 128 crops")):
        steps = []

        def cancel(progress, at=at, steps=steps):
            steps.append(progress.images)
            if progress.images == at:
                raise CancelledError("whatever")

        with pytest.raises(CancelledError, match=f"^Cancelled. .*{kept}"):
            distill(sources, settings, tmp_path, RECIPE, progress=cancel)
        assert steps[-1] == at


def test_time_without_a_limit_decides_nothing(sources, tmp_path, monkeypatch):
    """The same student where every look at the clock takes a day."""
    settings = tiny_settings(images=128, epoch_images=64)
    distill(sources, settings, tmp_path / "fast", RECIPE)
    days = iter(range(0, 10**9, 86_400))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(days)))
    distill(sources, settings, tmp_path / "slow", RECIPE)
    assert_same(weights(tmp_path / "fast"), weights(tmp_path / "slow"))
    assert [r["learning_rate"] for r in history(tmp_path / "fast")] == [
        r["learning_rate"] for r in history(tmp_path / "slow")
    ]


def test_variants_run(sources, tmp_path):
    for i, changes in enumerate(
        (
            {"inputs": ("rgb",), "heads": (HeadSettings(teacher="joints2d", motion=(), decoder=False),)},
            {"inputs": ("flow",), "standardise": False},
            {
                "neighbours": (-1, 1),
                "heads": (HeadSettings(teacher="joints2d", d=40, motion=(-1, 5), decoder=True),),
            },
            {"precision": "bfloat16"},
        )
    ):
        folder = tmp_path / str(i)
        student = distill(sources, tiny_settings(images=64, epoch_images=64, **changes), folder, RECIPE)
        crops = CropFile(sources[1].crops)
        found = embed(TorchEngine(student, "cpu", "float32"), crops, EmbedSettings())[0]
        assert found.d == student.spec.d
        assert np.isfinite(found.values).all()


def test_embedding_and_export(sources, tmp_path):
    pytest.importorskip("onnx")
    distill(sources, tiny_settings(images=64, neighbours=(-1,)), tmp_path, RECIPE)
    student = load_student(tmp_path)
    crops = CropFile(sources[2].crops)
    engine = TorchEngine(student, "cpu", "float32")
    sequence = embed(engine, crops, EmbedSettings(batch=7), "v2")[0]
    assert (sequence.video, sequence.athlete, len(sequence)) == ("v2", 0, 80)
    np.testing.assert_allclose(
        embed(engine, crops, EmbedSettings(batch=80))[0].values, sequence.values, atol=1e-4
    )
    np.testing.assert_array_equal(sequence.times_s, crops.times_s)
    half = embed(TorchEngine(student, "cpu", "bfloat16"), crops, EmbedSettings())[0]
    spread = sequence.values.std()
    assert np.abs(half.values - sequence.values).mean() < 0.03 * spread
    path = tmp_path / "student.onnx"
    export_onnx(student, path)
    onnx = OnnxEngine(path, student, threads=1)
    for batch in (1, 32):
        found = embed(onnx, crops, EmbedSettings(batch=batch))[0]
        np.testing.assert_allclose(found.values, sequence.values, atol=1e-4)


def test_too_little_is_said(sources, tmp_path):
    with pytest.raises(InputError, match="min_score"):
        distill(sources, tiny_settings(min_score=1.0), tmp_path, RECIPE)


def test_crops_that_do_not_fit_are_refused(sources, tmp_path):
    student = distill(sources, tiny_settings(images=32), tmp_path / "s", RECIPE)
    engine = TorchEngine(student, "cpu")
    larger = stick_source(tmp_path, "large", 4, size=64)
    without = stick_source(tmp_path, "without", 4, flow="none")
    for source, word in ((larger, "64 px"), (without, "no flow")):
        with pytest.raises(MismatchError, match=word):
            embed(engine, CropFile(source.crops), EmbedSettings())
        with pytest.raises(MismatchError, match=word):
            distill([*sources, source], tiny_settings(images=320), tmp_path / "t", RECIPE)


SCRIPT = """
    import sys
    from pathlib import Path
    sys.path.insert(0, sys.argv[1])
    from tests.student.synthetic import RECIPE, stick_sources, tiny_settings
    from vpd.settings.distill import AugmentSettings, HeadSettings
    from vpd.student import distill
    import os, tempfile, torch
    torch.set_num_threads(1)
    augment = AugmentSettings(noise_share=0)
    heads = (HeadSettings(teacher="joints2d", motion=(-1,), decoder=True), HeadSettings(teacher="vipe"))
    settings = tiny_settings(images=320, epoch_images=160, batch=32, augment=augment, heads=heads)
    with tempfile.TemporaryDirectory() as crops:
        sources = stick_sources(Path(crops), 6, 40, teachers=("joints2d", "vipe"))
        distill(sources, settings, Path(sys.argv[2]), RECIPE)
"""


@pytest.mark.slow
def test_two_processes_train_as_one(tmp_path):
    """DDP over gloo with the same global batch; the network's normalisation does not look across a batch."""
    script = tmp_path / "train.py"
    script.write_text(textwrap.dedent(SCRIPT))
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    for processes in (1, 2):
        command = [
            sys.executable,
            "-m",
            "torch.distributed.run",
            "--standalone",
            f"--nproc_per_node={processes}",
        ]
        command += [str(script), root, str(tmp_path / str(processes))]
        done = subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr[-3000:]
    one, two = weights(tmp_path / "1"), weights(tmp_path / "2")
    for name in one:
        torch.testing.assert_close(two[name], one[name], atol=2e-3, rtol=2e-3)
    for a, b in zip(history(tmp_path / "1"), history(tmp_path / "2"), strict=True):
        assert float(a["training_loss"]) == pytest.approx(float(b["training_loss"]), rel=1e-3)
        assert float(a["validation_loss"]) == pytest.approx(float(b["validation_loss"]), rel=1e-3)


def test_compiling_leaves_the_network_as_it_was_or_says_why(monkeypatch):
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    inputs = torch.randn(2, 3, 8, 8)
    assert compiled(network, inputs, "off", False) is network
    assert compiled(network, inputs, "auto", False) is network

    def fails(_network):
        raise RuntimeError("no compiler\nhere")

    monkeypatch.setattr(torch, "compile", fails)
    with pytest.warns(RuntimeWarning, match="could not be compiled: no compiler"):
        assert compiled(network, inputs, "on", False) is network
    # what compiles is run once: weights, statistics and gradients stay as they were
    monkeypatch.setattr(torch, "compile", lambda network: network)
    compiled(network, inputs, "on", False)
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert all(parameter.grad is None for parameter in network.parameters())


@pytest.mark.slow
def test_a_compiled_training_ends_near_the_plain_one(sources, tmp_path):
    plain = distill(sources, tiny_settings(images=320), tmp_path / "plain", RECIPE)
    fast = distill(sources, tiny_settings(images=320, compile="on"), tmp_path / "fast", RECIPE)
    for (name, a), b in zip(plain.named_parameters(), fast.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-2, atol=1e-3, msg=name)
