"""Which library a folder belongs to."""

import os

import pytest

from vpd.errors import InputError
from vpd.library.label_store import LabelStore
from vpd.library.layout import find_library
from vpd.library.opening import library_at
from vpd.pipeline.register import make_library


@pytest.mark.skipif(os.name != "posix", reason="no such rights on this system")
def test_a_library_in_a_folder_of_everyone_is_not_picked_up_from_below(tmp_path):
    (tmp_path / "vpd.toml").write_text("")
    below = tmp_path / "work" / "now"
    below.mkdir(parents=True)
    assert find_library(below).root == tmp_path
    tmp_path.chmod(0o1777)
    with pytest.raises(InputError, match="everyone may write into that folder"):
        find_library(below)
    assert find_library(tmp_path).root == tmp_path  # who names it means it


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such names")
def test_a_library_whose_path_is_no_text_is_refused(tmp_path):
    folder = tmp_path / os.fsdecode(b"\xff")
    with pytest.raises(InputError, match=r"is not valid UTF-8\. Rename"):
        make_library(folder)
    folder.mkdir()
    (folder / "vpd.toml").touch()
    with pytest.raises(InputError, match=r"is not valid UTF-8\. Rename"):
        find_library(folder)


@pytest.mark.parametrize("name", ["labels.csv", "athletes.csv", "classes.toml", "boxes", "few_shot.json"])
@pytest.mark.parametrize("target", ["elsewhere", "itself"])
def test_a_link_to_what_is_not_there_is_not_taken_for_nothing(tmp_path, name, target):
    """As where labels.csv is a link to a share that is not connected."""
    layout = make_library(tmp_path / "lib")
    path = layout.root / name
    path.symlink_to(name if target == "itself" else tmp_path / "share" / name)
    with pytest.raises(InputError, match=f"{name} is a link to .*not there"):
        library_at(layout.root)
    if target == "elsewhere":
        (tmp_path / "share").mkdir()
        (tmp_path / "share" / name).touch()
        library_at(layout.root)


def test_links_to_videos_that_were_not_fetched_do_not_close_the_library_beside_them(tmp_path):
    make_library(tmp_path)
    (tmp_path / "match.mp4").symlink_to(".git/annex/objects/xx/match.mp4")
    assert library_at(tmp_path).root == tmp_path


def test_labels_behind_a_link_are_not_replaced_by_a_change(tmp_path):
    layout = make_library(tmp_path / "lib")
    text = "video,start_s,end_s,label\n"
    (tmp_path / "mine.csv").write_text(text)
    layout.labels.symlink_to(tmp_path / "mine.csv")
    with pytest.raises(InputError, match="writes through no links"):
        LabelStore(layout).import_([], in_place_of_all=True)
    assert layout.labels.is_symlink()
    assert (tmp_path / "mine.csv").read_text() == text
