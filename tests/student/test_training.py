"""What a training learns from and how: orientations, objective, validation, best epoch, resuming."""

import csv
import math

import numpy as np
import pytest
import torch
from torch import nn

from tests.student.synthetic import stick_sources, tiny_settings
from vpd.device import make_accelerator
from vpd.settings.distill import NO_AUGMENTATION, AugmentSettings, HeadSettings
from vpd.student.corpus.batches import BatchReader
from vpd.student.corpus.corpus import Split, build_corpus, split_corpus
from vpd.student.corpus.inputs import InputSpec
from vpd.student.corpus.training_batch import TrainingBatch
from vpd.student.inference.readings import Readings
from vpd.student.network.pose_reading import PoseReadingStudent
from vpd.student.network.spec import HeadSpec, StudentSpec, student_spec
from vpd.student.network.student import Student
from vpd.student.training.checkpoint import FILE
from vpd.student.training.distill import make_student, run_training
from vpd.student.training.history import draw_history, write_history
from vpd.student.training.loop import PictureTraining, seed_of
from vpd.student.training.losses import distillation_loss, errors, normalised_targets
from vpd.student.training.on_readings import ReadingTraining
from vpd.student.training.schedule import TimeLimit, learning_rate_factor
from vpd.student.training.validate import Validation, read_validation, validate

FLIP = AugmentSettings(**{**NO_AUGMENTATION.model_dump(), "flip": True})
HEADS = (
    HeadSettings(teacher="joints2d"),
    HeadSettings(teacher="vipe", motion=(-1,), decoder=True, weight=3.0),
)
SIZES = {"joints2d": 26, "vipe": 64}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    sources = stick_sources(tmp_path_factory.mktemp("crops"), 5, 8, teachers=("joints2d", "vipe"))
    return build_corpus(sources, settings_of())


@pytest.fixture(scope="module")
def split(corpus):
    return split_corpus(corpus, 0.2, np.random.default_rng(0))


def settings_of(**changes):
    return tiny_settings(**{"heads": HEADS, "augment": FLIP, "batch": 16, "images": 64, **changes})


def on_pictures(corpus, split, **changes):
    settings = settings_of(**changes)
    student = make_student(settings, BatchReader(corpus, InputSpec()), split)
    return PictureTraining(corpus, split, settings, make_accelerator("cpu"), student)


def on_readings(corpus, split, **changes):
    """With readings made of noise: their rows are in another order than the frames."""
    settings = settings_of(**{"backbone": "movenet", "context_s": (-0.08, 0.04), **changes})
    student = make_student(settings, BatchReader(corpus, InputSpec()), split)
    rng = np.random.default_rng(0)
    count = len(corpus)
    made = rng.normal(size=(count + 7, 2, student.prepared_d)).astype(np.float16)
    context = rng.integers(0, len(made), (count, 3))
    readings = Readings(made, np.arange(count), context)
    training = ReadingTraining(corpus, split, settings, make_accelerator("cpu"), student, readings)
    return training, readings


def both_orientations(corpus, rows, flip):
    """Targets and weights of each head, of the orientation that was seen."""
    side = flip.numpy().astype(int)
    return [(head.values[rows, side], head.weights[rows, side]) for head in corpus.heads]


def assert_targets(batch, expected):
    for values, weights, (wanted, by) in zip(batch.values, batch.weights, expected, strict=True):
        np.testing.assert_array_equal(values, wanted)
        np.testing.assert_array_equal(weights, by)


def test_pictures_and_targets_have_one_orientation(corpus, split):
    training = on_pictures(corpus, split)
    student = training.student
    for start, batch in zip((16, 32), training.batches(16, 48), strict=True):
        rows, flip = training.rows(start), training.drawn(start).flip
        assert 0 < flip.sum() < 16
        plain = student.normalise(torch.from_numpy(training.reader.pictures(rows)).permute(0, 3, 1, 2))
        seen = torch.where(flip[:, None, None, None], student.mirror(plain), plain)
        torch.testing.assert_close(batch.inputs[0], seen, atol=1e-3, rtol=0)
        assert_targets(batch, both_orientations(corpus, rows, flip))
    assert not np.array_equal(corpus.heads[0].values[rows, 0], corpus.heads[0].values[rows, 1])


def test_readings_and_targets_have_one_orientation(corpus, split):
    training, readings = on_readings(corpus, split)
    for start, batch in zip((0, 16), training.batches(0, 32), strict=True):
        rows, flip = training.rows(start), training.drawn(start).flip
        assert 0 < flip.sum() < 16
        found, known = batch.inputs
        wanted = np.stack(
            [readings.readings[readings.context[row], int(f)] for row, f in zip(rows, flip, strict=True)]
        )
        np.testing.assert_array_equal(found, wanted.astype(np.float32))
        with torch.no_grad():
            torch.testing.assert_close(known, training.student.teacher_features(found), atol=1e-3, rtol=1e-3)
        assert_targets(batch, both_orientations(corpus, rows, flip))


@pytest.mark.parametrize("kind", ["pictures", "readings"])
def test_validation_sees_fixed_frames_as_they_are(corpus, split, kind):
    if kind == "pictures":
        training = on_pictures(corpus, split)
    else:
        training, readings = on_readings(corpus, split)
    parts, batches = list(training.validation_parts()), list(training.held_out())
    np.testing.assert_array_equal(np.concatenate(parts), split.validation)
    for rows, batch in zip(parts, batches, strict=True):
        assert_targets(batch, both_orientations(corpus, rows, torch.zeros(len(rows))))
        features = training.features(batch)
        if kind == "pictures":
            plain = torch.from_numpy(training.reader.pictures(rows)).permute(0, 3, 1, 2)
            torch.testing.assert_close(batch.inputs[0], training.student.normalise(plain))
            expected = training.student.scaled(training.student.encoder(batch.inputs[0]))
        else:
            regular = readings.readings[readings.context[rows], 0].astype(np.float32)
            np.testing.assert_array_equal(batch.inputs[0], regular)
            training.student.eval()
            features, expected = training.features(batch), training.student.embed(batch.inputs[0])
        torch.testing.assert_close(features, expected, atol=1e-4, rtol=1e-4)


def test_frames_that_were_not_read_are_not_trained_on(corpus, split):
    settings = settings_of(backbone="movenet", context_s=())
    student = make_student(settings, BatchReader(corpus, InputSpec()), split)
    frames = np.sort(np.concatenate([split.training[::2], split.validation[::2]]))
    some = np.zeros((len(frames), 2, student.prepared_d), np.float16)
    readings = Readings(some, frames, np.arange(len(frames))[:, None])
    training = ReadingTraining(corpus, split, settings, make_accelerator("cpu"), student, readings)
    np.testing.assert_array_equal(training.split.training, split.training[::2])
    np.testing.assert_array_equal(training.validation_rows, split.validation[::2])


def test_errors_are_squares_and_hubers_grow_linearly():
    prediction, target = torch.tensor([[0.5, -3.0, 1.0]]), torch.tensor([[0.0, 0.0, 0.0]])
    assert errors(prediction, target, "squared").tolist() == [[0.25, 9.0, 1.0]]
    assert errors(prediction, target, "huber").tolist() == [[0.25, 5.0, 1.0]]


def test_the_loss_weighs_components_and_heads():
    predictions = [torch.tensor([[1.0, 2.0], [0.0, 4.0]]), torch.tensor([[1.0], [3.0]])]
    targets = [torch.zeros(2, 2), torch.ones(2, 1)]
    weights = [torch.tensor([[1.0, 0.0], [1.0, 0.5]]), torch.ones(2, 1)]
    # heads: (1 + 8) / 2 and (0 + 4) / 2
    assert distillation_loss(predictions, targets, weights, [2.0, 10.0], "squared") == 2 * 4.5 + 10 * 2


def test_a_step_goes_down_the_loss_of_its_batch_at_the_schedules_rate(corpus, split):
    training = on_pictures(corpus, split, schedule="cosine", loss="huber")
    batch = next(training.batches(0, 16))
    before = [p.detach().clone() for p in training.student.parameters()]
    with torch.no_grad():
        targets = normalised_targets(training.student, batch.values)
        expected = sum(
            h.weight * (w * errors(p, t, "huber")).sum(1).mean()
            for h, p, t, w in zip(HEADS, training.student(*batch.inputs), targets, batch.weights, strict=True)
        )
    assert training.step(batch, 0.5) == pytest.approx(float(expected), rel=1e-5)
    assert training.optimiser.param_groups[0]["lr"] == pytest.approx(0.5 * training.settings.learning_rate)
    assert training.step(batch, 0.5) < expected
    moved = max((p - q).abs().max() for p, q in zip(training.student.parameters(), before, strict=True))
    # AdamW's first steps are as long as the rate
    assert moved <= 2.1 * 0.5 * training.settings.learning_rate * 1.1


def test_targets_are_normalised_by_the_training_frames(corpus, split):
    student = on_pictures(corpus, split).student
    taught = [split.training[h.weights[split.training].all(axis=(1, 2))] for h in corpus.heads]
    assert len(taught[1]) < len(taught[0])
    every = [
        torch.from_numpy(h.values[rows].reshape(-1, h.values.shape[2]))
        for h, rows in zip(corpus.heads, taught, strict=True)
    ]
    for found in normalised_targets(student, every):
        torch.testing.assert_close(found.mean(0), torch.zeros(found.shape[1]), atol=1e-4, rtol=0)
        deviation = found.std(0, correction=0)
        # the figure's head does not move: some components are constant
        varies = deviation > 0.01
        assert varies.float().mean() > 0.5
        torch.testing.assert_close(deviation[varies], torch.ones(int(varies.sum())), atol=1e-3, rtol=0)
    plain = on_pictures(corpus, split, standardise=False).student
    torch.testing.assert_close(normalised_targets(plain, every)[0], every[0])


def test_schedules():
    assert [learning_rate_factor("constant", f) for f in (0, 0.3, 1)] == [1, 1, 1]
    found = [learning_rate_factor("cosine", f) for f in (0, 0.25, 0.5, 1)]
    assert found == pytest.approx([1, 0.5 + math.sqrt(0.5) / 2, 0.5, 0])


def test_time_limits():
    now = [100.0]
    limit = TimeLimit(2.0, lambda: now[0])
    never = TimeLimit(None, lambda: now[0])
    for second, share, reached in ((100, 1, False), (189, 0.75, False), (190, 0.75, True), (219, 1, False)):
        now[0] = second
        assert limit.reached(share) is reached
    now[0] = 220.0
    assert limit.reached()
    assert not never.reached()


class Constant(nn.Module):
    """An encoder that says the same of every crop."""

    def __init__(self, value):
        super().__init__()
        self.value = value

    def forward(self, inputs):
        return self.value.expand(len(inputs), -1)


def test_validation_is_the_mean_loss_and_the_explained_variance_of_pose_and_motion():
    spec = StudentSpec("tiny", 48, InputSpec(), (HeadSpec("joints2d", 2, 3, (-1,), True),))
    student = Student(spec)
    student.encoder = Constant(torch.zeros(1, 3))
    student.decoders[0] = nn.Linear(3, 4)
    nn.init.zeros_(student.decoders[0].weight)
    student.decoders[0].bias.data[:] = torch.tensor([0.0, 1.0, 0.5, 0.5])
    student.target_mean_0[:] = torch.tensor([1.0, 0.0, 0.0, 0.0])
    student.target_std_0[:] = 2.0
    # in the teacher's units it says 1, 2 of the pose and 1, 1 of its motion
    values = torch.tensor([[1.0, 4.0, 0.0, 2.0], [3.0, 2.0, 5.0, 2.0], [1.0, 0.0, 1.0, 5.0]])
    weights = torch.ones(3, 4)
    weights[1, 2:] = 0
    batches = [
        TrainingBatch((torch.zeros(len(part), 5, 8, 8),), [values[part]], [weights[part]])
        for part in (torch.tensor([0, 1]), torch.tensor([2]))
    ]
    settings = tiny_settings(heads=(HeadSettings(teacher="joints2d", motion=(-1,), decoder=True),))
    found = read_validation(validate(student, batches, settings, bfloat16=False), student)
    squares = ((values - torch.tensor([1.0, 2.0, 1.0, 1.0])).square() * weights).numpy()
    assert found.loss == pytest.approx(squares.sum() / 4 / 3)
    pose = values[:, :2].numpy()
    assert found.pose_r2 == pytest.approx(1 - squares[:, :2].sum() / ((pose - pose.mean(0)) ** 2).sum())
    motion = values[[0, 2], 2:].numpy()
    assert found.motion_r2 == pytest.approx(1 - squares[:, 2:].sum() / ((motion - motion.mean(0)) ** 2).sum())


@pytest.mark.parametrize(
    ("losses", "best_of_mean", "best"),
    [
        ([5.0, 3.0, 4.0, 6.0], 1, 2),
        ([5.0, 3.0, 3.0, 6.0], 1, 3),
        ([9.0, 3.0, 4.0, 1.0, 6.0, 7.0], 2, 4),
        ([9.0, 1.0, 8.0, 5.0, 3.0, 4.0], 3, 6),
    ],
)
def test_the_best_epoch_is_kept(corpus, split, tmp_path, monkeypatch, losses, best_of_mean, best):
    training = on_pictures(corpus, split, images=16 * len(losses), epoch_images=16, best_of_mean=best_of_mean)
    after = []

    def scripted():
        after.append({name: value.clone() for name, value in training.student.state_dict().items()})
        return Validation(losses[len(after) - 1], 0.0, 0.0)

    monkeypatch.setattr(training, "validate", scripted)
    assert run_training(training, tmp_path, "key", None, TimeLimit(None)) == 16 * len(losses)
    for name, value in training.student.state_dict().items():
        assert torch.equal(value, after[best - 1][name]), name
    assert [epoch.images for epoch in training.epochs] == [16 * (i + 1) for i in range(len(losses))]
    assert [epoch.validation_loss for epoch in training.epochs] == losses


def test_the_training_loss_of_an_epoch_is_the_mean_of_its_steps(corpus, split, tmp_path, monkeypatch):
    training = on_pictures(corpus, split, images=96, epoch_images=48)
    losses = iter([1.0, 2.0, 6.0, 4.0, 0.0, 8.0])
    monkeypatch.setattr(training, "step", lambda batch, fraction: torch.tensor(next(losses)))
    told = []
    run_training(training, tmp_path, "key", lambda progress: told.append(progress.loss), TimeLimit(None))
    assert [epoch.training_loss for epoch in training.epochs] == [3.0, 4.0]
    assert told == [1.0, 1.5, 3.0, 4.0, 2.0, 4.0]


def test_the_rate_falls_over_the_whole_training(corpus, split, tmp_path):
    training = on_pictures(corpus, split, images=64, epoch_images=16, schedule="cosine")
    run_training(training, tmp_path, "key", None, TimeLimit(None))
    rate = training.settings.learning_rate
    wanted = [rate * learning_rate_factor("cosine", f) for f in (0, 0.25, 0.5, 0.75)]
    assert [epoch.learning_rate for epoch in training.epochs] == pytest.approx(wanted)


def test_a_stopped_training_on_readings_ends_the_same(corpus, split, tmp_path):
    """Dropout and flips are drawn anew as in the training that was never stopped."""
    whole, _ = on_readings(corpus, split, images=96, epoch_images=32)
    run_training(whole, tmp_path / "whole", "key", None, TimeLimit(None))

    class StopError(Exception):
        pass

    def stop(progress):
        if progress.images == 80:
            raise StopError

    (tmp_path / "part").mkdir()
    part, _ = on_readings(corpus, split, images=96, epoch_images=32)
    with pytest.raises(StopError):
        run_training(part, tmp_path / "part", "key", stop, TimeLimit(None))
    assert (tmp_path / "part" / FILE).is_file()
    again, _ = on_readings(corpus, split, images=96, epoch_images=32)
    seen = []
    run_training(again, tmp_path / "part", "key", lambda p: seen.append(p.images), TimeLimit(None))
    assert seen == [80, 96]
    for name, value in whole.student.state_dict().items():
        assert torch.equal(value, again.student.state_dict()[name]), name
    assert [e.validation_loss for e in whole.epochs] == [e.validation_loss for e in again.epochs]


def test_the_decoded_part_gets_its_size_of_held_out_frames(corpus, split):
    training = on_pictures(corpus, split, decoded_size=0.4)
    training.scale_decoded_parts()
    with torch.no_grad():
        features = torch.cat([training.features(batch) for batch in training.held_out()])
    spread = [part.var(0).sum().sqrt() for part in torch.split(features, [26, 64], 1)]
    assert float(spread[1] / spread[0]) == pytest.approx(0.4, rel=1e-4)


def test_processes_share_batches_and_validation(corpus, split):
    """Of two processes each has half of every batch, with what was drawn for it in the whole batch."""
    whole = on_pictures(corpus, split)
    halves = []
    for rank in (0, 1):
        training = on_pictures(corpus, split)
        training.rank, training.processes, training.share = rank, 2, 8
        training.mine = slice(rank * 8, (rank + 1) * 8)
        halves.append(training)
    for start in (0, 16):
        rows = [half.rows(start) for half in halves]
        np.testing.assert_array_equal(np.concatenate(rows), whole.rows(start))
        flips = [half.drawn(start).flip for half in halves]
        torch.testing.assert_close(torch.cat(flips), whole.drawn(start).flip)
    held = [np.concatenate(list(half.validation_parts())) for half in halves]
    assert sorted(np.concatenate(held)) == sorted(split.validation)


def test_seeds_reach_weights_draws_and_order(corpus, split):
    assert len({seed_of(0, 1), seed_of(1, 0), seed_of(0, 2), seed_of(0, 1, 1)}) == 4
    a, same, other = (on_pictures(corpus, split, seed=seed) for seed in (3, 3, 4))
    for x, y, z in zip(*(t.student.parameters() for t in (a, same, other)), strict=True):
        assert torch.equal(x, y)
        assert x.numel() == 1 or not x.any() or (x == 1).all() or not torch.equal(x, z)
    np.testing.assert_array_equal(a.rows(16), same.rows(16))
    assert not np.array_equal(a.rows(16), other.rows(16))
    assert torch.equal(a.drawn(16).flip, same.drawn(16).flip)
    flips = [[t.drawn(start).flip.tolist() for start in (0, 16, 32)] for t in (a, other)]
    assert flips[0] != flips[1]
    assert flips[0][0] != flips[0][1]


def test_a_made_student_is_of_the_kind_that_the_settings_ask_for(corpus, split):
    reader = BatchReader(corpus, InputSpec())
    assert isinstance(make_student(settings_of(), reader, split), Student)
    student = make_student(settings_of(backbone="movenet", context_s=()), reader, split)
    assert isinstance(student, PoseReadingStudent)
    # MoveNet's own colours, and the target scale of the corpus
    torch.testing.assert_close(student.channel_mean[:3], torch.full((3,), 127.5))
    assert not torch.equal(student.target_std_0, torch.ones(26))
    assert student_spec(settings_of(), 48, SIZES).inputs.context_s == ()


def test_history_has_a_row_an_epoch(corpus, split, tmp_path):
    training = on_pictures(corpus, split, images=32, epoch_images=16)
    run_training(training, tmp_path, "key", None, TimeLimit(None))
    write_history(training.epochs, tmp_path / "history.csv")
    draw_history(training.epochs, tmp_path / "curve.png")
    with (tmp_path / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["epoch"], row["images"]) for row in rows] == [("1", "16"), ("2", "32")]
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
    assert Split(np.arange(1), np.arange(1), [("v", 1, 2)]).to_json() == [
        {"video": "v", "start_frame": 1, "stop_frame": 2}
    ]
