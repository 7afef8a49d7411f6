"""Which frames are taught, with what targets, and who is held out."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.student.synthetic import stick_source, stick_sources, tiny_settings
from vpd.crops.masks import GivenMask, write_masks
from vpd.errors import InputError
from vpd.settings.distill import HeadSettings
from vpd.student.corpus.batches import BatchReader, colour_scale, evenly, sample
from vpd.student.corpus.corpus import MARGIN_S, build_corpus, split_corpus, target_scale
from vpd.student.corpus.inputs import InputSpec


def head(**values):
    return tiny_settings(
        heads=(HeadSettings(**{"teacher": "joints2d", "motion": (-1,), "decoder": True, **values}),)
    )


def test_motion_needs_the_pose_before(tmp_path):
    source = stick_source(tmp_path, n=20, missing=(7, 15))
    corpus = build_corpus([source], tiny_settings(min_score=0.1))
    assert corpus.frame.tolist() == [f for f in range(20) if f not in (0, 7, 8, 15, 16)]
    corpus = build_corpus([source], head(motion=()))
    assert corpus.frame.tolist() == [f for f in range(20) if f not in (7, 15)]


def test_targets_are_pose_and_differences_of_both_orientations(tmp_path):
    source = stick_source(tmp_path, n=20)
    corpus = build_corpus([source], head(motion=(-1, 3)))
    values = source.features["joints2d"][0].values
    for i, frame in enumerate(corpus.frame):
        weights = corpus.heads[0].weights[i, 0].reshape(3, 26)
        found = corpus.heads[0].values[i].reshape(2, 3, 26)
        np.testing.assert_array_equal(found[:, 0], values[frame])
        assert (weights[1] > 0).all() == (frame >= 1)
        assert (weights[2] > 0).all() == (frame + 3 < 20)
        if frame >= 1:
            np.testing.assert_array_equal(found[:, 1], values[frame] - values[frame - 1])
        if frame + 3 < 20:
            np.testing.assert_array_equal(found[:, 2], values[frame + 3] - values[frame])


def test_low_scores_are_left_out(tmp_path):
    source = stick_source(tmp_path, n=40)
    scores = source.features["joints2d"][0].scores
    level = float(np.median(scores))
    corpus = build_corpus([source], tiny_settings(min_score=level))
    assert corpus.frame.tolist() == [f for f in range(1, 40) if scores[f] >= np.float32(level)]
    with pytest.raises(InputError, match="min_score"):
        build_corpus([source], tiny_settings(min_score=1.0))


def test_a_missing_teacher_is_said(tmp_path):
    source = stick_source(tmp_path, n=5)
    with pytest.raises(InputError, match="vipe"):
        build_corpus([source], head(teacher="vipe", motion=()))


def test_videos_are_held_out_whole(tmp_path):
    corpus = build_corpus(stick_sources(tmp_path, 10, 8), tiny_settings())
    split = split_corpus(corpus, 0.2, np.random.default_rng(3))
    assert len(split.held_out) == 2
    outside = set(corpus.video[split.training])
    assert not outside & set(corpus.video[split.validation])
    assert len(split.training) + len(split.validation) == len(corpus)
    again = split_corpus(corpus, 0.2, np.random.default_rng(3))
    np.testing.assert_array_equal(again.validation, split.validation)
    named = split_corpus(corpus, 0.2, np.random.default_rng(3), ["v1", "v4", "unknown"])
    assert {corpus.videos[v] for v in corpus.video[named.validation]} == {"v1", "v4"}


def test_of_one_video_spans_are_held_out_with_a_margin(tmp_path):
    corpus = build_corpus([stick_source(tmp_path, n=400)], tiny_settings())
    split = split_corpus(corpus, 0.2, np.random.default_rng(0))
    held, kept = corpus.times_s[split.validation], corpus.times_s[split.training]
    assert 0.15 < len(held) / len(corpus) < 0.25
    assert np.abs(held[:, None] - kept).min() >= MARGIN_S
    with pytest.raises(InputError, match="too few"):
        split_corpus(
            build_corpus([stick_source(tmp_path, n=3)], tiny_settings()), 0.2, np.random.default_rng(0)
        )


def test_target_scale_knows_both_orientations(tmp_path):
    corpus = build_corpus([stick_source(tmp_path, n=30)], tiny_settings())
    rows = np.arange(5, 25)
    mean, std = target_scale(corpus.heads[0], rows)
    both = corpus.heads[0].values[rows].reshape(-1, 52)
    np.testing.assert_allclose(mean, both.mean(0), atol=1e-5)
    np.testing.assert_allclose(std, np.maximum(both.std(0), 1e-3), atol=1e-4)


def test_every_row_comes_once_a_pass_from_anywhere():
    rows = np.arange(100, 130)
    whole = sample(rows, 0, 90, seed=1)
    for start in range(0, 90, 30):
        assert sorted(whole[start : start + 30]) == rows.tolist()
    np.testing.assert_array_equal(sample(rows, 37, 20, seed=1), whole[37:57])
    assert (sample(rows, 0, 30, seed=2) != whole[:30]).any()
    assert (whole[:30] != whole[30:60]).any()


def test_evenly():
    assert evenly(np.arange(5), 9).tolist() == [0, 1, 2, 3, 4]
    assert evenly(np.arange(101), 3).tolist() == [0, 50, 100]


def test_batches_come_in_order_and_whole(tmp_path):
    corpus = build_corpus(stick_sources(tmp_path, 3, 12), tiny_settings())
    reader = BatchReader(corpus, InputSpec())
    wanted = [np.random.default_rng(i).permutation(len(corpus))[:7] for i in range(5)]
    for indices, batch in zip(wanted, reader.prefetch(wanted), strict=True):
        one_by_one = np.concatenate([reader.pictures(indices[i : i + 1]) for i in range(7)])
        np.testing.assert_array_equal(batch.raw, one_by_one)
        np.testing.assert_array_equal(batch.values[0], corpus.heads[0].values[indices])
    mean, std = colour_scale(reader, np.arange(len(corpus)), 0)
    pixels = reader.pictures(np.arange(len(corpus)))[..., :3].reshape(-1, 3).astype(float)
    np.testing.assert_allclose(mean, pixels.mean(0), rtol=1e-5)
    np.testing.assert_allclose(std, pixels.std(0), rtol=1e-5)


def test_only_frames_of_the_spans_serve(tmp_path):
    source = stick_source(tmp_path, n=20)
    whole = build_corpus([source], tiny_settings(min_score=0.1)).frame.tolist()
    spans = [(4 / 25, 7 / 25, None), (10 / 25, 12 / 25, 0), (15 / 25, 18 / 25, 3)]
    found = build_corpus([replace(source, spans=spans)], tiny_settings(min_score=0.1))
    assert found.frame.tolist() == [f for f in whole if f in (4, 5, 6, 10, 11)]


def test_given_masks_come_with_their_frames(tmp_path):
    sources = stick_sources(tmp_path, 2, 12)
    whole = cv2.imencode(".png", np.full((96, 96), 255, np.uint8))[1].tobytes()
    write_masks(tmp_path / "masks.arrow", [GivenMask(5, 0, 0, 0, whole)], "x")
    corpus = build_corpus([replace(sources[0], masks=tmp_path / "masks.arrow"), sources[1]], tiny_settings())
    masks, there = BatchReader(corpus, InputSpec()).read(np.arange(len(corpus))).masks
    assert there.tolist() == [(v, f) == (0, 5) for v, f in zip(corpus.video, corpus.frame, strict=True)]
    size = masks.shape[-1]
    assert (masks[there][0, size // 4 : -size // 4, size // 4 : -size // 4] == 255).all()
    assert not masks[~there].any()
    assert BatchReader(build_corpus(sources, tiny_settings()), InputSpec()).read(np.arange(3)).masks is None


def test_a_failure_of_a_reader_is_not_swallowed(tmp_path):
    corpus = build_corpus(stick_sources(tmp_path, 1, 12), tiny_settings())
    reader = BatchReader(corpus, InputSpec())
    with pytest.raises(IndexError):
        list(reader.prefetch([np.arange(3), np.array([10_000])]))
