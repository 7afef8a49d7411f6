"""Uncut search of a library: the same by shards, by the index and by every frame; what is silent is named."""

import os

import numpy as np
import pytest
import torch

from tests.search.test_uncut import smooth
from vpd.errors import ArtefactError
from vpd.library import verified
from vpd.library.artefact import Recipe
from vpd.library.features import write_features
from vpd.library.index_file import read_stamps
from vpd.library.layout import Layout
from vpd.search import likely, likely_on_device
from vpd.search.likely_on_device import likely_slots_on
from vpd.search.uncut import overlap
from vpd.sequences import FeatureStore
from vpd.settings.search import SearchSettings
from vpd.types import FeatureSequence, Segment
from vpd.verbs import search_index, uncut
from vpd.verbs.search_index import index_large, index_videos
from vpd.verbs.uncut import scan_apart, search_videos

FPS, D = 25.0, 20
EXACT, BY_INDEX = SearchSettings(top=6), SearchSettings(top=6, exact_up_to=0)


def write(layout, video, seed, action=None, frames=500):
    rng = np.random.default_rng(seed)
    values = np.stack([smooth(rng, frames, D), smooth(rng, frames, D)], axis=1)
    if action is not None:
        values[100 : 100 + len(action)] = action + 0.1 * rng.standard_normal(action.shape)
    at, ones = np.arange(frames), np.ones(frames)
    two = [FeatureSequence(video, athlete, at, at / FPS, values, ones > 0, ones) for athlete in (0, 1)]
    write_features(layout.features("mine", video), two[: 1 + seed % 2], D, Recipe("mine", 1))


@pytest.fixture
def action():
    rng = np.random.default_rng(99)
    return np.stack([smooth(rng, 30, D), smooth(rng, 30, D)], axis=1)


@pytest.fixture
def layout(tmp_path, action):
    """Eight videos of twenty seconds, each with the action once; two athletes in every second."""
    layout = Layout(tmp_path)
    for seed in range(8):
        write(layout, f"v{seed}", seed, action)
    return layout


def searched(layout, settings=EXACT, scatter=uncut.scan_here):
    store = FeatureStore(layout, "mine")
    known = [Segment("v0", 4.0, 5.2, 0)]
    answer = search_videos(store, [store.segment(known[0])], known, settings, scatter=scatter)
    return answer, [(hit.segment, round(hit.distance, 6)) for hit in answer.hits]


def parts(layout):
    return sorted(layout.index("mine").glob("*-of-*.arrow"))


def test_the_index_leads_to_what_every_frame_gives(layout):
    answer, found = searched(layout, BY_INDEX)
    assert not answer.exact
    exact, expected = searched(layout)
    assert exact.exact
    assert found == expected
    assert {segment.video for segment, _ in found} <= {f"v{i}" for i in range(8)} - {"v0"}


def test_a_gpu_leads_to_the_same(layout, monkeypatch):
    _, expected = searched(layout, BY_INDEX)
    used = []

    def on_gpu(*args):
        used.append(args[0])
        return likely_slots_on(*args)

    monkeypatch.setattr(likely, "GPU_CELLS", 0)
    monkeypatch.setattr(likely, "gpu_of_torch", lambda: torch.device("cpu"))
    monkeypatch.setattr(likely_on_device, "likely_slots_on", on_gpu)
    assert searched(layout, BY_INDEX)[1] == expected
    assert used
    assert searched(layout, SearchSettings(top=6, exact_up_to=0, device="cpu"))[1] == expected
    assert len(used) == 1


def far(tasks):
    yield from reversed([scan_apart(task) for task in tasks])


@pytest.mark.parametrize("videos", [1, 3, 100])
def test_the_result_does_not_depend_on_the_shards(layout, videos, monkeypatch):
    _, expected = searched(layout)
    monkeypatch.setattr(uncut, "SHARD_VIDEOS", videos)
    assert searched(layout, scatter=far)[1] == expected
    stamps = read_stamps(layout.features("mine", "x").parent, [f"v{i}" for i in range(8)])
    assert len(uncut.shards(stamps)) == -(-8 // videos)


def test_too_few_peaks_are_asked_for_again(layout, monkeypatch):
    _, expected = searched(layout)
    monkeypatch.setattr(uncut, "SPARE", 1)
    monkeypatch.setattr(uncut, "SHARD_VIDEOS", 1)
    _, found = searched(layout)
    assert found == expected
    spans = [segment for segment, _ in found]
    assert all(overlap(a, b) <= EXACT.overlap for i, a in enumerate(spans) for b in spans[:i])


@pytest.mark.slow
def test_worker_processes_give_the_same(layout, monkeypatch):
    monkeypatch.setattr(uncut, "SHARD_VIDEOS", 2)
    assert searched(layout, scatter=uncut.in_processes(2))[1] == searched(layout)[1]


def test_a_new_video_is_read_alone_and_its_part_alone_is_written(layout, action, monkeypatch):
    monkeypatch.setattr(search_index, "MOST_VIDEOS", 3)
    index_videos(layout, "mine")
    before = {path: path.stat().st_mtime_ns for path in parts(layout)}
    assert len(before) == 4
    write(layout, "fresh", 11, action)
    read = []
    real = search_index.read_streams
    monkeypatch.setattr(search_index, "read_streams", lambda *of: read.append(of[2]) or real(*of))
    index_videos(layout, "mine")
    assert read == ["fresh"]
    changed = [path for path in parts(layout) if before.get(path) != path.stat().st_mtime_ns]
    assert [path.name for path in changed] == [f"{search_index.part_number('fresh', 4):05}-of-00004.arrow"]
    more = BY_INDEX.changed(top=16)
    assert "fresh" in {segment.video for segment, _ in searched(layout, more)[1]}


def test_more_parts_are_made_of_the_old_ones(layout, monkeypatch):
    index_videos(layout, "mine")
    _, expected = searched(layout, BY_INDEX)
    monkeypatch.setattr(search_index, "MOST_VIDEOS", 2)
    monkeypatch.setattr(search_index, "read_streams", None)
    assert searched(layout, BY_INDEX)[1] == expected
    assert len(parts(layout)) == 4


def test_a_changed_and_a_removed_video_are_seen(layout, action):
    searched(layout, BY_INDEX)
    write(layout, "v3", 3)
    layout.features("mine", "v5").unlink()
    found = {segment.video for segment, distance in searched(layout, BY_INDEX)[1] if distance < 2}
    assert found == {"v1", "v2", "v4", "v6", "v7"}


def damage(path, keep_times=False):
    state, content = path.stat(), bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)
    if keep_times:
        os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
        verified.forget()  # a file whose times stay is compared once


@pytest.mark.parametrize("settings", [EXACT, BY_INDEX])
@pytest.mark.parametrize("keep_times", [False, True])
def test_damaged_features_are_named_and_the_others_answer(layout, settings, keep_times):
    searched(layout, BY_INDEX)
    damage(layout.features("mine", "v4"), keep_times)
    answer, found = searched(layout, settings)
    assert list(answer.unanswered) == ["v4"]
    assert "v4.arrow is damaged" in answer.unanswered["v4"]
    assert "v4" not in {segment.video for segment, _ in found}
    assert len(found) == 6


def test_where_no_video_answers_it_is_an_error(layout, action):
    store = FeatureStore(layout, "mine")
    query = store.segment(Segment("v0", 4.0, 5.2, 0))
    damage(layout.features("mine", "v1"))
    with pytest.raises(ArtefactError, match="no video could be searched"):
        search_videos(store, [query], [], EXACT, videos=["v1"])


def test_damaged_parts_and_axes_are_made_again(layout):
    _, expected = searched(layout, BY_INDEX)
    for path in (*parts(layout), layout.index("mine") / "axes.arrow"):
        damage(path)
        assert searched(layout, BY_INDEX)[1] == expected
        damage(path, keep_times=True)
        assert searched(layout, BY_INDEX)[1] == expected


def test_where_no_index_can_be_written_every_frame_is_compared(layout):
    (layout.root / "index").write_text("in the way")
    answer, found = searched(layout, BY_INDEX)
    assert answer.exact
    assert found == searched(layout)[1]


def test_only_large_libraries_get_an_index(layout):
    layout.settings.write_text("[search]\nexact_up_to = 100000\n")
    index_large(layout)
    assert parts(layout) == []
    layout.settings.write_text("[search]\nexact_up_to = 1000\n")
    index_large(layout)
    assert len(parts(layout)) == 1
