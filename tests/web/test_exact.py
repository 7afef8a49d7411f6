"""300 frames of every kind of file, in any order: each is the one that was meant."""

from __future__ import annotations

import numpy as np
import pytest

from tests.web.browser import JOINED, NEEDS_BROWSER, kinds, kinds_library, open_video, show
from vpd.library.layout import Layout
from vpd.library.videos import Videos

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = [*NEEDS_BROWSER, pytest.mark.slow]
FRAMES = 300


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Layout:
    """The made library, and a video of every kind of file."""
    return kinds_library(tmp_path_factory.mktemp("exact"), FRAMES)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", [*kinds(FRAMES), JOINED[0]])
def test_every_frame_shown_is_the_frame_meant(page, library, name):
    open_video(page, Videos.read(library).id_of(name))
    frames = np.random.default_rng(len(name)).permutation(FRAMES).tolist()
    wrong = {n: found for n in frames if (found := show(page, n)) != n}
    how = page.evaluate("() => window.vpdPlayer.source")
    print(f"{name}: {len(wrong)} wrong of {FRAMES}, {how['kind']} {how['why']}")
    assert wrong == {}
