"""Each wild file is as ffprobe and ffmpeg have it, or refused where it is no recording."""

import shutil
import subprocess

import pytest

from tests.video.wild import WILD, make
from tests.video.wild_check import compare


@pytest.mark.slow
@pytest.mark.parametrize("wild", WILD, ids=lambda wild: wild.name[:40].encode("ascii", "replace").decode())
def test_wild_file(wild, tmp_path):
    if shutil.which("ffmpeg") is None or shutil.which("ffprobe") is None:
        pytest.skip("ffmpeg and ffprobe are not installed")
    try:
        path = make(wild, tmp_path)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"this ffmpeg does not make it: {error.stderr!r}"[:200])
    _, ours, wrong = compare(wild, path, tmp_path)
    assert not wrong, ours
