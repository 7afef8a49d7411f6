"""Videos that are missing, replaced or set aside: named, and their features answer no search."""

import os
import shutil
from dataclasses import replace

import numpy as np
import pytest

from tests.cli.conftest import vpd  # noqa: F401
from tests.odd_files import link_to_endless_zeros, make_pipe
from tests.pipeline.made import FRAMES, made_library, make_video
from vpd.errors import InputError
from vpd.library.artefact import Recipe
from vpd.library.features import write_features
from vpd.library.videos import OK, Videos
from vpd.pipeline.register import add_videos
from vpd.pipeline.run import run
from vpd.pipeline.status import status
from vpd.report.search_page import write_search_page
from vpd.sequences import FeatureStore
from vpd.types import FeatureSequence
from vpd.verbs.search import SearchRequest, search


@pytest.fixture
def library(tmp_path):
    """Three videos with features that lie near each other, in a library beside them."""
    layout = made_library(tmp_path, ["a", "b", "c"])
    run(layout, ["teach"])
    rng = np.random.default_rng(0)
    frames = np.arange(FRAMES)
    for video in ("a", "b", "c"):
        values = rng.standard_normal((FRAMES, 2, 4))
        sequence = FeatureSequence(video, 0, frames, frames / 25, values, frames >= 0, np.ones(FRAMES))
        write_features(layout.features("joints2d", video), [sequence], 4, Recipe("teach", 1))
    return layout


def found(layout):
    result = search(layout, SearchRequest(["a@0-0.12"], uncut=True))
    return {hit.segment.video for hit in result.hits}, result


def video_file(layout, video):
    return layout.root.parent / "videos" / f"{video}.mp4"


def _delete(path):
    path.unlink()


def _make_a_folder(path):
    path.unlink()
    path.mkdir()


def _make_a_pipe(path):
    path.unlink()
    make_pipe(path)


def _link_to_endless_zeros(path):
    path.unlink()
    link_to_endless_zeros(path)


@pytest.mark.parametrize("lose", [_delete, _make_a_folder, _make_a_pipe, _link_to_endless_zeros])
def test_a_video_that_is_gone_is_named_and_answers_no_search(lose, library, vpd):  # noqa: F811
    assert found(library)[0] == {"b", "c"}
    lose(video_file(library, "b"))
    code, out, err = vpd("status", "-L", library.root)
    assert "b is missing" in err
    assert "Everything is up to date" not in out
    code, _, err = vpd("scan", "-L", library.root)
    assert code == 1
    assert "b is missing" in err
    videos, result = found(library)
    assert videos == {"c"}
    assert any(str(note).startswith("b is left out: it is missing") for note in result.notes)


def test_a_replaced_video_answers_only_after_it_is_made_anew(library):
    video = video_file(library, "b")
    make_video(video, seed=9)
    os.utime(video, (1, 1))
    videos, result = found(library)
    assert videos == {"c"}
    assert any("b is left out: it has changed" in str(note) for note in result.notes)
    assert "scan" in status(library).videos["b"]["due"]


def _copied(layout):
    """The videos as a copy of their disk without times has them."""
    for video in ("a", "b", "c"):
        os.utime(video_file(layout, video), (1, 1))


def test_videos_that_were_copied_without_times_answer_and_are_named(library, vpd):  # noqa: F811
    before = found(library)[1].rows()
    _copied(library)
    _, result = found(library)
    assert result.rows() == before
    assert [
        text
        for text in map(str, result.notes)
        if "3 videos have another time" in text and "`vpd scan`" in text
    ]
    assert status(library).steps["scan"].due == 3
    assert vpd("scan", "-L", library.root)[0] == 0
    assert found(library)[1].notes == ()
    assert status(library).steps["scan"].due == 0


def test_a_copy_of_other_bytes_at_any_sampled_place_answers_nothing(library):
    path = video_file(library, "b")
    for place in (0, path.stat().st_size // 2, path.stat().st_size - 1):
        content = path.read_bytes()
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        assert found(library)[0] == {"c"}
        path.write_bytes(content)
        assert found(library)[0] == {"b", "c"}


def test_a_table_without_samples_knows_no_copies(library):
    table = Videos.read(library)
    for row in list(table.rows.values()):
        table.put(replace(row, sample=""))
    table.write()
    _copied(library)
    with pytest.raises(InputError, match="a has changed since it was scanned; `vpd run` looks at it again"):
        found(library)


def test_features_of_other_content_answer_no_search(library):
    run(library, ["teach"])  # its features say of which content they are
    shutil.rmtree(library.features("joints2d", "b").parent)
    run(library, ["teach"])
    make_video(video_file(library, "b"), seed=9)
    run(library, ["scan"])
    store = FeatureStore(library, "joints2d")
    assert store.videos() == ["a", "c"]
    assert "was replaced since" in str(store.left_out["b"])
    run(library, ["teach"])
    assert FeatureStore(library, "joints2d").videos() == ["a", "b", "c"]


def test_a_damaged_note_of_the_content_is_damage_and_no_replaced_video(library):
    run(library, ["teach"])
    path = library.features("joints2d", "b")
    key = Videos.read(library)["b"].key.encode()
    content = path.read_bytes()
    assert key in content
    path.write_bytes(content.replace(key, bytes([key[0] ^ 1]) + key[1:]))
    assert FeatureStore(library, "joints2d").left_out == {}
    result = search(library, SearchRequest(["a@0-0.12"], uncut=True, features="joints2d"))
    assert {hit.segment.video for hit in result.hits} == {"a", "c"}
    assert "b.arrow is damaged" in result.unanswered["b"]


def test_features_of_an_unknown_video_answer_no_search(library):
    shutil.copy(library.features("joints2d", "b"), library.features("joints2d", "ghost"))
    videos, result = found(library)
    assert videos == {"b", "c"}
    assert "ghost is left out: it is no video of this library" in map(str, result.notes)


def test_a_video_that_was_set_aside_answers_no_search_and_is_no_query(library):
    table = Videos.read(library)
    table.put(table["b"].set_aside("its middle is damaged"))
    table.write()
    assert found(library)[0] == {"c"}
    with pytest.raises(InputError, match="b is set aside: its middle is damaged"):
        search(library, SearchRequest(["b@0-0.12"], uncut=True))


def test_one_bad_hit_does_not_end_a_page(library, tmp_path):
    _, result = found(library)
    video_file(library, "c").unlink()
    page = write_search_page(tmp_path / "page", result, Videos.read(library).recording)
    assert "c.mp4 is gone" in page.read_text(encoding="utf-8")
    there = [hit for hit in result.hits if hit.segment.video != "c"]
    assert 0 < len(there) == len(list((page.parent / "clips").glob("0*.mp4"))) < len(result.hits)


def test_a_replaced_file_is_noticed_in_a_moved_library(library, tmp_path):
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    for name in ("lib", "videos"):
        shutil.move(tmp_path / name, moved / name)
    layout = type(library)(moved / "lib")
    assert run(layout, ["scan"]).made == {}
    make_video(moved / "videos" / "b.mp4", seed=9, frames=9)
    report = run(layout, ["scan"])
    assert report.made == {"scan": 1}
    assert Videos.read(layout)["b"].frames == 9


def test_a_file_that_comes_back_elsewhere_is_set_aside_no_more(library, tmp_path):
    table = Videos.read(library)
    table.put(table["b"].set_aside(f"{video_file(library, 'b')} is gone."))
    table.write()
    shutil.move(video_file(library, "b"), tmp_path / "b.mp4")
    assert [video for _, video in add_videos(library, [tmp_path / "b.mp4"]).moved] == ["b"]
    assert run(library, ["scan"]).complete
    assert Videos.read(library)["b"].status == OK


def test_a_folder_without_rights_stops_only_its_videos(library, vpd, monkeypatch):  # noqa: F811
    """As root has all rights, the system's answer is given here."""
    stat = os.stat

    def refuse(path, *rest, **options):
        if str(path).endswith("b.mp4"):
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, *rest, **options)

    monkeypatch.setattr(os, "stat", refuse)
    code, _, err = vpd("scan", "-L", library.root)
    assert code == 1
    assert "b is missing" in err
    assert "Unexpected" not in err
    assert found(library)[0] == {"c"}
