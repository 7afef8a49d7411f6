"""Make the pictures of the browser's screens for docs/web.md, on the synthetic sample.

    python -m tools.screens LIBRARY [SCREEN ...]     # that of `vpd demo`; writes docs/images/screen-*.webp

Needs playwright and Chromium. The library gets a reel in its results.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from urllib.parse import quote

import cv2
import numpy as np
from playwright.sync_api import Page, sync_playwright

from tools.picture import serving

OUT = Path(__file__).parents[1] / "docs" / "images"
SIZE = {"width": 1200, "height": 900}
QUERY = "scene4_a@0.88-2.56"
PAIR = [
    {"video": "scene4_a", "start_s": 0.88, "end_s": 2.56},
    {"video": "scene3_a", "start_s": 13.9, "end_s": 15.3},
]
QUALITY = 60
WAIT_MS = 120_000


def _drawn(page: Page, count: int) -> None:
    """Wait until so many pictures of crops are on the page."""
    page.wait_for_function(f"() => document.querySelectorAll('main canvas').length >= {count}")
    page.wait_for_timeout(1500)


def _library(page: Page) -> None:
    page.goto("/#/library")
    _drawn(page, 8)


def _export(page: Page) -> None:
    page.goto("/#/export")
    page.get_by_role("checkbox", name="kick", exact=True).check()
    page.get_by_role("button", name="Make a reel").click()
    page.wait_for_selector("video.reel")
    page.wait_for_timeout(1500)


def _watch(page: Page) -> None:
    page.goto("/#/watch/scene4_a?t=1.6")
    page.wait_for_function("() => window.vpdPlayer?.state === 'exact'")
    page.locator(".labels .row").first.click()  # the frames about its start
    page.wait_for_timeout(1500)


def _search(page: Page) -> None:
    page.goto(f"/#/search?q={quote(QUERY)}")
    _drawn(page, 6)


def _next(page: Page) -> None:
    """Proposals to verify: with the labels of three scenes, as if the others were not labelled."""
    page.goto("/#/next?mode=verify")
    _drawn(page, 6)


def _compare(page: Page) -> None:
    page.goto("/#/library")
    page.evaluate("(pair) => sessionStorage.setItem('vpd.pair', JSON.stringify(pair))", PAIR)
    page.goto("/#/compare")
    page.get_by_role("button", name="Compare").click()
    page.locator(".differences button").first.click()  # the moment of the first difference
    _drawn(page, 3)


def _athlete(page: Page) -> None:
    page.goto("/#/athlete/scene4_a")
    page.wait_for_timeout(3000)


SCREENS = {
    "library": _library,
    "export": _export,
    "watch": _watch,
    "search": _search,
    "next": _next,
    "compare": _compare,
    "athlete": _athlete,
}


@contextmanager
def half_labelled(library: Path) -> Iterator[None]:
    """Keep the labels of the first three scenes alone meanwhile."""
    file = library / "labels.csv"
    whole = file.read_bytes()
    head, *rows = whole.decode().splitlines()
    file.write_text(
        "\n".join([head, *(r for r in rows if r.startswith(("scene1", "scene2", "scene3")))]) + "\n"
    )
    yield
    file.write_bytes(whole)


def main() -> None:
    """Write a picture of every screen in SCREENS."""
    library = Path(sys.argv[1])
    with serving(library) as address, sync_playwright() as start:
        browser = start.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name in sys.argv[2:] or SCREENS:
            page = browser.new_context(viewport=SIZE, base_url=address).new_page()
            page.set_default_timeout(WAIT_MS)
            with half_labelled(library) if name == "next" else nullcontext():
                SCREENS[name](page)
            png = np.frombuffer(page.screenshot(), np.uint8)
            file = OUT / f"screen-{name}.webp"
            cv2.imwrite(str(file), cv2.imdecode(png, cv2.IMREAD_COLOR), [cv2.IMWRITE_WEBP_QUALITY, QUALITY])
            print(file, file.stat().st_size, "bytes")
        browser.close()


if __name__ == "__main__":
    main()
