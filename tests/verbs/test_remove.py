"""`vpd remove`: a video is taken out, and comes back with its labels, picks and artefacts as they were."""

import shutil
from dataclasses import replace

import pytest

from vpd.athletes.picks import Pick, add_picks, read_picks
from vpd.errors import InputError
from vpd.library.labels import read_labels
from vpd.library.layout import Layout
from vpd.library.videos import Videos
from vpd.pipeline.run import run
from vpd.verbs.labels import AddRequest, add_label, undo_labels
from vpd.verbs.remove import RemoveRequest, remove_video


@pytest.fixture
def copy(layout, tmp_path):
    shutil.copytree(layout.root, tmp_path / "lib")
    mine = Layout(tmp_path / "lib")
    lines = mine.labels.read_text().splitlines()
    remarks = [f"{line},{'remark' if i == 0 else f'seen {i}'}" for i, line in enumerate(lines)]
    mine.labels.write_text("\n".join(remarks) + "\n")
    add_picks(mine.picks, [(Pick("b1", 0.5, 20, 30), None)])
    return mine


def contents(layout):
    return {
        p.relative_to(layout.root): p.read_bytes()
        for p in layout.root.rglob("*")
        if p.is_file() and p.name.startswith("b1.")
    }


def test_a_removed_video_comes_back_with_all_that_belongs_to_it(copy):
    before, labels = contents(copy), sorted(copy.labels.read_text().splitlines())
    row = Videos.read(copy).rows["b1"]
    result = remove_video(copy, RemoveRequest("b1"))
    assert (result.video, result.labels, result.picks) == ("b1", 1, 1)
    assert "b1" not in Videos.read(copy).rows
    assert {s.video for s in read_labels(copy.labels, Videos.read(copy))} == {"a1", "a2", "b2"}
    assert not read_picks(copy.picks)
    report = run(copy, ["scan"])
    assert report.complete
    assert report.made == {}
    assert set(contents(copy)) == {("removed/b1" / path) for path in before}
    remove_video(copy, RemoveRequest("b1", back=True))
    assert Videos.read(copy).rows["b1"] == row
    assert contents(copy) == before
    assert sorted(copy.labels.read_text().splitlines()) == labels
    assert [pick.video for pick in read_picks(copy.picks)] == ["b1"]
    assert run(copy, ["track"]).complete
    assert not list((copy.root / "removed").iterdir())


def test_a_file_that_was_replaced_while_its_video_was_removed_is_noticed(copy):
    videos = Videos.read(copy)
    own = shutil.copy2(videos.file("b1"), copy.root / "own.mp4")
    videos.put(replace(videos.rows["b1"], path=str(own), relative="own.mp4"))
    videos.write()
    assert not videos.changed("b1")
    remove_video(copy, RemoveRequest("b1"))
    shutil.copyfile(videos.file("b2"), own)
    remove_video(copy, RemoveRequest("b1", back=True))
    assert Videos.read(copy).changed("b1")


@pytest.mark.parametrize("edited", [False, True])
def test_labels_that_an_undo_brought_back_do_not_come_twice(copy, edited):
    labels = len(copy.labels.read_text().splitlines())
    remove_video(copy, RemoveRequest("b1"))
    found = undo_labels(copy)
    assert (found.labels, found.wrong) == (labels - 2, 1)
    if edited:  # which gives each row an id
        add_label(copy, AddRequest("a1@0-0.5", "a"))
    remove_video(copy, RemoveRequest("b1", back=True))
    assert len(copy.labels.read_text().splitlines()) == labels + edited
    assert [s.label for s in read_labels(copy.labels, Videos.read(copy)) if s.video == "b1"] == ["b"]


def test_what_was_never_removed_does_not_come_back(copy):
    for name in ("nobody", "../lib", ""):
        with pytest.raises(InputError, match="no removed video"):
            remove_video(copy, RemoveRequest(name, back=True))
