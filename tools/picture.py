"""Make the moving picture of README: a search by example on the page of `vpd serve`, on the synthetic sample.

    python tools/picture.py [LIBRARY]       # writes docs/images/search.webp, at most 1 MB

Needs playwright and Chromium. Without LIBRARY a library of the sample is made, with the sample's true poses.
"""

from __future__ import annotations

import runpy
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from urllib.error import URLError
from urllib.request import urlopen

import cv2
import numpy as np
from playwright.sync_api import sync_playwright

import vpd

ROOT = Path(__file__).parents[1]
OUT = ROOT / "docs" / "images" / "search.webp"
QUERY = "scene1_a@1.236-3.406"
SIZE = {"width": 960, "height": 880}
SHOWN = {"x": 0, "y": 0, "width": 960, "height": 800}
PICTURES, STEP_MS = 24, 125
MOST_BYTES = 1_000_000
WAIT_S = 300


def sample_library() -> vpd.Library:
    """Five videos of the sample with crops, which the page plays."""
    make = runpy.run_path(str(ROOT / "docs" / "examples" / "make_library.py"))["make_library"]
    library: vpd.Library = make(Path(mkdtemp()) / "sample")
    library.run(["crop"])
    return library


@contextmanager
def serving(library: Path) -> Iterator[str]:
    """`vpd serve` on a library; the address of its page."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "vpd", "serve", "-L", str(library)]
    server = subprocess.Popen([*command, "--port", str(port), "--no-open"])
    try:
        address = f"http://127.0.0.1:{port}"
        until = time.monotonic() + WAIT_S
        while True:
            try:
                urlopen(address).close()
                break
            except URLError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.5)
        yield address
    finally:
        server.terminate()
        server.wait()


def pictures(library: vpd.Library) -> list[np.ndarray]:
    """Pictures of the search page, one every STEP_MS of the page's time, BGR."""
    with serving(library.layout.root) as address, sync_playwright() as start:
        browser = start.chromium.launch(executable_path=shutil.which("chromium"))
        page = browser.new_page(viewport=SIZE)
        page.clock.install()  # the page's clock moves on a step a picture, however slow this machine is
        page.goto(f"{address}/#/search?q={QUERY}")
        for _ in range(WAIT_S):
            page.clock.run_for(1000)
            if page.locator("canvas").count() > 4:
                break
            time.sleep(1)
        page.clock.run_for(3000)
        found = []
        for _ in range(PICTURES):
            page.clock.run_for(STEP_MS)
            png = np.frombuffer(page.screenshot(clip=SHOWN), np.uint8)
            found.append(cv2.imdecode(png, cv2.IMREAD_COLOR))
        browser.close()
        return found


def write(frames: list[np.ndarray], out: Path) -> int:
    """Write an animated WebP of the best quality that fits MOST_BYTES; the number of bytes."""
    for quality in (80, 65, 50, 35, 20):
        moving = cv2.Animation()
        moving.frames, moving.durations = frames, [STEP_MS] * len(frames)
        cv2.imwriteanimation(str(out), moving, [cv2.IMWRITE_WEBP_QUALITY, quality])
        if out.stat().st_size <= MOST_BYTES:
            break
    return out.stat().st_size


if __name__ == "__main__":
    chosen = vpd.Library(sys.argv[1]) if len(sys.argv) > 1 else sample_library()
    print(OUT, write(pictures(chosen), OUT), "bytes")
