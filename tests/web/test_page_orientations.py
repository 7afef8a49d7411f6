"""All eight orientations in a real browser: the number in a picture is read where it stands upright."""

from __future__ import annotations

import numpy as np
import pytest

from tests.web.browser import NEEDS_BROWSER, ONE, Kind, open_video, show
from tests.web.made import HEIGHT, WIDTH, constant
from vpd.library.layout import Layout
from vpd.library.videos import Videos
from vpd.pipeline.register import add_videos, make_library
from vpd.pipeline.run import run

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = NEEDS_BROWSER
FRAMES = 12

STORED = {
    (1, 0, 0, 1): np.asarray,
    (-1, 0, 0, 1): np.fliplr,
    (1, 0, 0, -1): np.flipud,
    (-1, 0, 0, -1): lambda rgb: np.rot90(rgb, 2),
    (0, 1, -1, 0): np.rot90,
    (0, -1, 1, 0): lambda rgb: np.rot90(rgb, -1),
    (0, 1, 1, 0): lambda rgb: np.swapaxes(rgb, 0, 1),
    (0, -1, -1, 0): lambda rgb: np.rot90(np.swapaxes(rgb, 0, 1), 2),
}
"""By the signs of a, b, c, d (ISO 14496-12), what must be stored for an upright picture to be shown."""
NAMES = ["".join("-0+"[v + 1] for v in signs) for signs in STORED]


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Layout:
    """A video of every orientation."""
    folder = tmp_path_factory.mktemp("orientations")
    layout = make_library(folder / "lib")
    files = []
    for name, (signs, turn) in zip(NAMES, STORED.items(), strict=True):
        a, b, c, d = (sign * ONE for sign in signs)
        # Each has its own times: files of the same content are the same video.
        times_s = constant(FRAMES, 25.0 + len(files))
        files.append(Kind(times_s, turn=turn, matrix=(a, b, c, d)).write(folder / "videos" / f"o{name}.mp4"))
    add_videos(layout, files)
    run(layout, ["scan"])
    return layout


@pytest.mark.parametrize("name", NAMES)
def test_it_is_shown_upright(page, library, name):
    row = Videos.read(library)[f"o{name}.mp4"]
    assert (row.width, row.height) == (WIDTH, HEIGHT)
    open_video(page, row.video)
    assert [show(page, n) for n in (5, FRAMES - 1, 1, 6)] == [5, FRAMES - 1, 1, 6]
