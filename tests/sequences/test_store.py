"""What a segment's features are: its window, and the rules of a published data set."""

from fractions import Fraction

import numpy as np
import pytest

from vpd.library.artefact import Recipe
from vpd.library.dataset import DatasetCard, Thinning, write_card
from vpd.library.features import write_features
from vpd.library.layout import Layout
from vpd.library.videos import VideoRow, Videos
from vpd.sequences import FeatureStore
from vpd.types import FeatureSequence, Segment


def library(tmp_path, fps=50, athletes=1):
    layout = Layout(tmp_path)
    frames = np.arange(100)
    sequences = [
        FeatureSequence(
            "v",
            a,
            frames,
            frames / fps,
            np.full((100, 2, 2), a, np.float32),
            np.ones(100, bool),
            np.ones(100),
        )
        for a in range(athletes)
    ]
    write_features(layout.features("f", "v"), sequences, 2, Recipe("test", 1))
    rate = Fraction(fps)
    file = tmp_path / "v.mp4"
    file.write_bytes(b"x")
    row = VideoRow(
        "v",
        str(file),
        "v.mp4",
        1,
        file.stat().st_mtime_ns,
        fps_numerator=rate.numerator,
        fps_denominator=rate.denominator,
    )
    Videos(layout, [row]).write()
    return layout


def test_the_window_is_what_is_seen(tmp_path):
    store = FeatureStore(library(tmp_path), "f")
    action = Segment("v", 0.4, 0.5, window_s=(0.19, 0.59))
    assert store.segment(action).frames.tolist() == list(range(10, 30))
    assert store.segment(Segment("v", 0.39, 0.49)).frames.tolist() == list(range(20, 25))


def test_frames_of_fast_videos_are_left_out_where_the_data_set_says_so(tmp_path):
    layout = library(tmp_path)
    write_card(layout.dataset, DatasetCard("fx", "FX35", thinning=Thinning(25.0)))
    assert FeatureStore(layout, "f").segment(Segment("v", 0, 0.2)).frames.tolist() == [0, 1, 2, 4, 6, 8][:6]


def test_several_people_are_averaged_where_the_data_set_says_so(tmp_path):
    layout = library(tmp_path, athletes=2)
    assert FeatureStore(layout, "f").segment(Segment("v", 0, 1)).values[0, 0, 0] == 0
    write_card(layout.dataset, DatasetCard("diving48", "Diving48", mean_people=True))
    assert FeatureStore(layout, "f").segment(Segment("v", 0, 1)).values[0, 0, 0] == pytest.approx(0.5)
    assert FeatureStore(layout, "f").segment(Segment("v", 0, 1, athlete=1)).values[0, 0, 0] == 1


def test_a_segment_does_not_keep_its_whole_video_in_memory(tmp_path):
    store = FeatureStore(library(tmp_path), "f")
    whole, found = store.sequences("v")[0], store.segment(Segment("v", 0.4, 0.5))
    for name in ("frames", "times_s", "values", "valid", "scores"):
        assert getattr(found, name).base is None
        assert not np.shares_memory(getattr(whole, name), getattr(found, name))
