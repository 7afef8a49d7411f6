"""A library in which one may not write, and folders that one may not look into."""

import os
import shutil

import pytest

import vpd
from tests.cli import attacks
from vpd.library.layout import Layout
from vpd.library.user_files import UserFiles
from vpd.library.videos import Videos
from vpd.pipeline.check import check_library

NOBODY = 65534
pytestmark = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="root alone becomes another user"
)


@pytest.fixture
def mine(layout, tmp_path):
    """A copy of the library that other users may read."""
    base = next(folder for folder in tmp_path.parents if folder.name.startswith("pytest-of-"))
    for place in (tmp_path, layout.root):
        for folder in (place, *place.parents):
            if folder.is_relative_to(base):
                folder.chmod(0o755)
    return Layout(shutil.copytree(layout.root, tmp_path / "lib"))


def as_nobody(work):
    """Do the work as a user without rights, in a fork; it returns what is wrong, or nothing."""

    def there():
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        print(work() or "", end="")

    ended = attacks.forked(there)
    assert ended.code == 0, ended.text
    return ended.text


def test_verbs_answer_where_nothing_can_be_written(mine):
    library = vpd.Library(mine.root)
    library.recognise()  # what is imported late, is imported by this process
    library.suggest(2)
    shutil.rmtree(mine.root / "cache", ignore_errors=True)

    def ask():
        assert library.search("a1@0.4-1.2").hits
        assert library.recognise().answers
        assert library.suggest(2).items

    assert as_nobody(ask) == ""
    assert not (mine.root / "cache").exists()


@pytest.mark.parametrize(
    ("name", "ask"),
    [
        ("boxes", lambda layout: UserFiles(layout, Videos.read(layout).names)),
        ("poses", lambda layout: check_library(layout, deep=True)),
        ("features", lambda layout: check_library(layout)),
    ],
)
def test_a_folder_that_may_not_be_looked_into_is_not_taken_for_empty(mine, name, ask):
    ask(mine)
    (mine.root / name).chmod(0)

    def refused():
        try:
            ask(mine)
        except PermissionError as error:
            return error.filename
        return "nothing was said"

    assert as_nobody(refused) == str(mine.root / name)
    (mine.root / name).chmod(0o755)
