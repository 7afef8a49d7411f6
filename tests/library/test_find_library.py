"""Which library a folder belongs to."""

import os

import pytest

from vpd.errors import InputError
from vpd.library.layout import find_library
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
