"""Folders are searched for what FFmpeg reads, whatever its name."""

import os

import numpy as np
import pytest

from vpd.errors import InputError
from vpd.video import find_videos, write_video


@pytest.fixture
def folder(tmp_path):
    write_video(np.zeros((2, 16, 16, 3), np.uint8), 10, tmp_path / "plain.mp4")
    content = (tmp_path / "plain.mp4").read_bytes()
    for name in (
        "sub/UPPER.MOV",
        "sub/no suffix",
        "sub/odd.suffix",
        ".hidden.mp4",
        ".cache/a.mp4",
        "lib/results/a.mp4",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    (tmp_path / "lib" / "vpd.toml").write_text("")
    (tmp_path / "damaged.mkv").write_bytes(b"nothing")
    (tmp_path / "notes.txt").write_text("serve, smash\n" * 50)
    (tmp_path / "labels.csv").write_text("video,label\n")
    return tmp_path


def test_folder(folder):
    found = [str(path.relative_to(folder)) for path in find_videos([folder])]
    assert found == ["damaged.mkv", "plain.mp4", "sub/UPPER.MOV", "sub/no suffix", "sub/odd.suffix"]


def test_named_files_are_taken_as_they_are_and_once(folder):
    named = [folder / "notes.txt", folder / "plain.mp4", folder / "plain.mp4"]
    assert find_videos(named) == named[:2]


def test_empty_folder_and_no_folder(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="there is no video in this folder"):
        find_videos([tmp_path / "empty"])
    with pytest.raises(InputError, match="does not exist"):
        find_videos([tmp_path / "absent"])


def test_folder_without_rights(folder, monkeypatch):
    """Simulated, since some users may read everything."""

    def denied(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", denied)
    with pytest.raises(InputError, match=r"cannot be read \(Permission denied\)"):
        find_videos([folder])
