"""The baselines as estimators: they learn, repeat by their seed, go on where they stopped, and are kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from tests.baselines.made import made_clips, made_skeletons
from vpd.baselines.clip_classifier import ClipClassifier
from vpd.baselines.frozen import FOUNDATIONS
from vpd.baselines.fusion import LateFusion
from vpd.baselines.presets import FROZEN, LAPTOP, PAPER
from vpd.baselines.settings import ClipView, SkeletonView, Training
from vpd.baselines.skeleton_classifier import SkeletonClassifier
from vpd.baselines.table import BASELINES, make_baseline
from vpd.baselines.training import Trainer
from vpd.errors import InputError, MismatchError, SettingsError
from vpd.recognition.protocol import run_few_shot

QUICK = Training("adamw", 1e-3, batch=6, epochs=1)
PLAIN = Training(rate=1e-3, momentum=0, batch=6, epochs=2)
"""Its checkpoints hold the network alone, which for R3D are 130 MB."""
SEEN = ClipView(side=32, frames=2)


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    return made_clips(tmp_path_factory.mktemp("clips"), 2)


@pytest.fixture(scope="module")
def skeletons():
    return made_skeletons(2)


def small(name: str, training: Training = QUICK, preset: str = LAPTOP, **changes: str):
    """The baseline with a preset's network, its schedule and sizes cut to what a test can wait for."""
    made = make_baseline(name, preset, device="cpu", **changes)
    members = [m for _, m in made.members] if isinstance(made, LateFusion) else [made]
    for member in members:
        view = member.view
        if isinstance(view, ClipView):
            view = replace(view, side=32, frames=2)
        else:
            view = replace(view, frames=8, heatmap=min(view.heatmap, 16))
        member.set_params(view=view, training=training)
    return made


def stop_before(monkeypatch, number):
    """Let trainings end, as by a key, before epoch ``number``."""
    epoch = Trainer.run_epoch

    def until(self, network, optimiser, now, epochs):
        if now == number:
            raise KeyboardInterrupt
        return epoch(self, network, optimiser, now, epochs)

    monkeypatch.setattr(Trainer, "run_epoch", until)


NETWORKS = ["tsn-crop", "trn-crop", "gsm-crop", "timesformer-crop", "r3d-crop"]
NETWORKS += ["stgcn", "stgcn++", "msg3d-joint", "poseconv3d"]


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_runs_by_the_protocol_resumes_and_is_kept(
    name, clips, skeletons, tmp_path, monkeypatch
):
    X, y = skeletons if BASELINES[name].takes == "poses" else clips
    train, test = np.arange(3), np.arange(3, 6)
    made = small(name, PLAIN)
    (outcome,) = run_few_shot(X, y, train, test, {1: [train]}, {name: made}, with_all=False)
    model = clone(made).set_params(folder=tmp_path)
    with monkeypatch.context() as patched:
        stop_before(patched, 1)
        with pytest.raises(KeyboardInterrupt):
            model.fit(X[:3], y[:3])
    assert model.fit(X[:3], y[:3]).started_ == "from random weights"
    np.testing.assert_array_equal(model.predict(X[3:]), outcome.predicted)
    probabilities = model.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(1), 1)
    model.save(tmp_path / "kept.safetensors")
    again = clone(made).restore(tmp_path / "kept.safetensors")
    np.testing.assert_array_equal(again.predict_proba(X), probabilities)
    with pytest.raises(MismatchError, match="other parameters"):
        clone(made).set_params(seed=7).restore(tmp_path / "kept.safetensors")


def test_skeletons_are_learned():
    X, y = made_skeletons(4)
    test, wanted = made_skeletons(2, seed=1)
    training = Training("adamw", 3e-3, batch=6, epochs=8)
    model = SkeletonClassifier("stgcn", SkeletonView(8), training, device="cpu").fit(X, y)
    assert model.losses_[-1] < model.losses_[0]
    assert (model.predict(test) == wanted).mean() > 0.8


@pytest.mark.parametrize(("name", "head"), [("trn-crop", ("new_fc.", "consensus.")), ("stgcn", ("fcn.",))])
def test_the_preset_frozen_trains_what_follows_pretrained_weights(name, head, clips, skeletons, tmp_path):
    X, y = skeletons if BASELINES[name].takes == "poses" else clips
    pretrained = small(name).make_network(3).state_dict()
    save_file(pretrained, tmp_path / "pretrained.safetensors")
    weights = str(tmp_path / "pretrained.safetensors")
    made = small(name, replace(QUICK, epochs=2, frozen=True), preset=FROZEN, weights=weights)
    made.fit(X, y)
    assert made.started_ == f"from {weights}"
    trained = made.network_.state_dict()
    for key, tensor in pretrained.items():
        same = torch.equal(trained[key], tensor)
        assert same == (not key.startswith(head)), key


def test_the_preset_frozen_needs_weights_and_sees_larger_pictures():
    made = make_baseline("tsn-2stream-crop", FROZEN, weights="torchvision")
    assert [(m.view.side, m.training.frozen) for _, m in made.members] == [(112, True)] * 2
    assert make_baseline("stgcn", FROZEN, weights="graph.pth").training.frozen
    with pytest.raises(InputError, match="name its weights"):
        make_baseline("gsm-crop", FROZEN)


def test_clips_are_learned(clips):
    X, y = clips
    view = ClipView(side=32, frames=2, scales=(1.0,))
    model = ClipClassifier("tsn", "resnet18", view, Training("adamw", 2e-3, batch=6, epochs=6), device="cpu")
    model.fit(X, y)
    assert model.losses_[-1] < 0.8 * model.losses_[0]


def test_the_same_seed_gives_the_same_network(clips, skeletons):
    for model, (X, y) in (
        (ClipClassifier("trn", view=SEEN, training=QUICK, device="cpu"), clips),
        (SkeletonClassifier("stgcn", SkeletonView(8), QUICK, device="cpu"), skeletons),
    ):
        first = model.fit(X, y).decision_function(X)
        np.testing.assert_array_equal(clone(model).fit(X, y).decision_function(X), first)
        assert not np.allclose(clone(model).set_params(seed=1).fit(X, y).decision_function(X), first)


def test_a_stopped_training_goes_on_to_the_same_end(skeletons, tmp_path, monkeypatch):
    X, y = skeletons
    training = replace(QUICK, epochs=4, validation=0.3)
    model = SkeletonClassifier("stgcn", SkeletonView(8), training, device="cpu")
    whole = clone(model).fit(X, y)
    stopped = clone(model).set_params(folder=tmp_path)
    with monkeypatch.context() as patched:
        stop_before(patched, 2)
        with pytest.raises(KeyboardInterrupt):
            stopped.fit(X, y)
    seen, epoch = [], Trainer.run_epoch
    monkeypatch.setattr(Trainer, "run_epoch", lambda self, *a: seen.append(a[2]) or epoch(self, *a))
    stopped.fit(X, y)
    assert seen == [2, 3]
    assert stopped.losses_ == whole.losses_
    np.testing.assert_array_equal(stopped.decision_function(X), whole.decision_function(X))
    # other data do not go on from it, nor with data that choose another epoch
    seen.clear()
    stopped.fit(X[:-3], y[:-3])
    assert seen == [0, 1, 2, 3]
    stopped.set_params(training=QUICK).fit(X, y, X[:3], y[:3])
    stopped.fit(X, y, X[3:6], y[3:6])
    assert seen[4:] == [0, 0]


def test_validation_holds_out_whole_videos(skeletons):
    X, y = skeletons
    model = SkeletonClassifier(training=replace(QUICK, validation=0.25), device="cpu")
    shown, held = model.held_out_split(X, np.unique(y, return_inverse=True)[1])
    assert len(held)
    assert sorted([*shown, *held]) == list(range(len(X)))
    assert not {X[i].video for i in shown} & {X[i].video for i in held}


@pytest.mark.parametrize(("name", "first"), [("msg3d", "joint"), ("tsn-2stream-crop", "rgb")])
def test_fusion_adds_logits_and_is_kept(name, first, clips, skeletons, tmp_path):
    X, y = (part[:3] for part in (skeletons if name == "msg3d" else clips))
    made = small(name, folder=tmp_path).fit(X, y)
    assert (tmp_path / first / "checkpoint.safetensors").exists()
    single = [m.decision_function(X) for m in made.members_]
    np.testing.assert_allclose(made.decision_function(X), single[0] + single[1])
    assert made.started_ == "from random weights"
    assert made.get_params()[f"{first}__seed"] == 0
    made.save(str(tmp_path / "kept.safetensors"))
    again = clone(made).restore(tmp_path / "kept.safetensors")
    np.testing.assert_array_equal(again.decision_function(X), made.decision_function(X))
    with pytest.raises(MismatchError, match="with these weights"):
        clone(made).set_params(weights=[1, 2]).restore(tmp_path / "kept.safetensors")
    with pytest.raises(MismatchError, match="other parameters"):
        clone(made).set_params(**{f"{first}__seed": 7}).restore(tmp_path / "kept.safetensors")


def test_the_few_shot_protocol_runs_unchanged(skeletons):
    X, y = skeletons
    train, test = np.arange(3), np.arange(3, 6)
    subsets = {1: [np.array([0, 1, 2]), np.array([2, 1, 0])]}
    recognisers = {"stgcn": small("stgcn")}
    outcomes = run_few_shot([*X[:4], None, X[5]], y, train, test, subsets, recognisers, with_all=False)
    assert [o.k for o in outcomes] == [1, 1]
    assert all(len(o.predicted) == 3 and o.predicted[1] == "" for o in outcomes)


def test_more_test_views_are_averaged(clips):
    X, y = clips
    model = ClipClassifier(view=replace(SEEN, test_views=5), training=QUICK, device="cpu").fit(X, y)
    five = model.decision_function(X)
    model.view = SEEN
    assert not np.allclose(model.decision_function(X), five)
    with pytest.raises(SettingsError, match="without left and right"):
        replace(SEEN, test_views=10)
    model.view = replace(SEEN, test_views=10, flip=True)
    assert np.isfinite(model.decision_function(X)).all()


def test_all_tuples_of_relations_at_test_on_request(clips):
    X, y = clips
    view = replace(SEEN, frames=5)
    model = ClipClassifier("trn", view=view, training=QUICK, device="cpu").fit(X, y)
    drawn = model.decision_function(X)
    np.testing.assert_array_equal(model.decision_function(X), drawn)
    model.every_tuple = True
    assert not np.allclose(model.decision_function(X), drawn)


def test_what_cannot_be_used_is_said(clips, skeletons):
    with pytest.raises(MismatchError, match="takes Skeletons, not Clips"):
        SkeletonClassifier().fit(*clips)
    with pytest.raises(InputError, match="6 inputs but 2 labels"):
        SkeletonClassifier().fit(skeletons[0], ["a", "b"])
    with pytest.raises(InputError, match="has no label"):
        SkeletonClassifier().fit(skeletons[0][:2], ["a", None])
    for unfitted in (SkeletonClassifier(), small("msg3d")):
        with pytest.raises(NotFittedError):
            unfitted.predict(skeletons[0])
    with pytest.raises(InputError, match="3 inputs but 0 labels"):
        SkeletonClassifier().fit(*skeletons, X_validation=skeletons[0][:3])
    with pytest.raises(InputError, match="nearest that do have"):
        ClipClassifier("tsn", "bninception", ClipView(side=112), QUICK, device="cpu").fit(*clips)
    with pytest.raises(InputError, match="no system 'tsm'"):
        ClipClassifier("tsm").fit(*clips)
    with pytest.raises(InputError, match="no baseline"):
        make_baseline("gsmm")
    with pytest.raises(InputError, match="too large for two cores"):
        make_baseline("mvit-crop")


@pytest.mark.parametrize(
    "name", [name for name in BASELINES if name.removesuffix("-crop") not in FOUNDATIONS]
)
def test_presets_never_mirror_unasked(name):
    made = make_baseline(name, PAPER)
    members = [m for _, m in made.members] if isinstance(made, LateFusion) else [made]
    assert not any(m.view.flip for m in members)
    turned = make_baseline(name, PAPER, flip=True)
    members = [m for _, m in turned.members] if isinstance(turned, LateFusion) else [turned]
    assert all(m.view.flip for m in members)
