"""Chromium for the page's tests and measurements: the server, the browser, and what a picture shows."""

from __future__ import annotations

import json
import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
import uvicorn

from tests.video.test_orientations import with_matrix
from tests.web.made import BITS, CELL, HEIGHT, WIDTH, constant, made_library, varying, write_coded
from vpd.library.layout import Layout
from vpd.pipeline.register import add_videos
from vpd.pipeline.run import run
from vpd.web.app import make_app

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NEEDS_BROWSER = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip
COVERAGE = "VPD_PAGE_COVERAGE"
"""Names a folder that takes what was run of the page's modules, a file a page, for tools/page_coverage.py."""

ONE = 1 << 16
"""1 in a display matrix."""


@dataclass(frozen=True)
class Kind:
    """A kind of file: its times, the encoder and its options, and how the stored picture is turned."""

    times_s: np.ndarray
    options: dict[str, str] = field(default_factory=dict)
    codec: str = "libx264"
    turn: Callable[[np.ndarray], np.ndarray] = np.asarray
    matrix: tuple[int, int, int, int] | None = None

    def write(self, path: Path) -> Path:
        """Write the file."""
        stored = self.turn(np.empty((HEIGHT, WIDTH)))
        size = (stored.shape[1], stored.shape[0])
        write_coded(path, self.times_s, self.codec, self.options, size=size, turn=self.turn)
        return path if self.matrix is None else with_matrix(path, path, self.matrix)


def kinds(frames: int) -> dict[str, Kind]:
    """Files that browsers show in different ways, by name."""
    even, long = constant(frames), {"g": str(frames), "keyint_min": str(frames), "sc_threshold": "0"}
    return {
        "even.mp4": Kind(even),
        "sixty.mp4": Kind(constant(frames, 60.0)),
        "ntsc.mp4": Kind(constant(frames, 30000 / 1001)),
        "vary.mp4": Kind(varying(frames)),
        "vary-b.mp4": Kind(varying(frames, 1), {"bf": "2", "preset": "medium"}),
        "long.mp4": Kind(even, long),
        "even.mkv": Kind(even, {"bf": "2"}),
        "even.avi": Kind(even),
        "even.ts": Kind(even),
        "hevc.mp4": Kind(even, {"x265-params": "log-level=none"}, "libx265"),
        "upended.mp4": Kind(even, turn=lambda rgb: np.rot90(rgb, 2), matrix=(-ONE, 0, 0, -ONE)),
        "turned.mp4": Kind(even, turn=np.rot90, matrix=(0, ONE, -ONE, 0)),
        "mirrored.mp4": Kind(even, turn=np.fliplr, matrix=(-ONE, 0, 0, ONE)),
    }


JOINED = ("GX011234.MP4", "GX021234.MP4")
"""Two chapters of one recording."""


def kinds_library(folder: Path, frames: int) -> Layout:
    """The made library, a video of every kind of file, and one of two chapters."""
    layout = made_library(folder)
    add_videos(layout, [kind.write(folder / "kinds" / name) for name, kind in kinds(frames).items()])
    half = frames // 2
    spans = [(0, half), (half, frames)]
    chapters = [
        write_coded(folder / "chapters" / name, constant(stop - first), first=first, tint=200)
        for name, (first, stop) in zip(JOINED, spans, strict=True)
    ]
    add_videos(layout, chapters, join=True)
    run(layout, ["scan"])
    return layout


READ = """([width, bits, cell]) => {
  const [video, image] = ['video', 'img'].map((name) => document.querySelector('.stage ' + name));
  const shown = image.hidden ? video : image;
  const canvas = document.createElement('canvas');
  canvas.width = shown.videoWidth || shown.naturalWidth;
  canvas.height = shown.videoHeight || shown.naturalHeight;
  canvas.getContext('2d').drawImage(shown, 0, 0, canvas.width, canvas.height);
  const scale = canvas.width / width;
  let number = 0;
  for (let bit = 0; bit < bits; bit++) {
    const [r, g, b] = canvas.getContext('2d').getImageData((bit + 0.5) * cell * scale, 20 * scale, 1, 1).data;
    if (r + g + b > 375) number += 2 ** bit;
  }
  return number;
}"""
EXACT = "() => window.vpdPlayer?.state === 'exact'"


def show(page: Any, frame: int) -> int:
    """Show a frame and read the number that the picture on the page carries."""
    page.evaluate("(n) => window.vpdPlayer.show(n)", frame)
    page.wait_for_function(EXACT)
    return int(page.evaluate(READ, [WIDTH, BITS, CELL]))


def open_video(page: Any, video: str) -> None:
    """Open a video on the screen *watch* and wait until its first frame is shown."""
    page.goto(f"/#/watch/{video}")
    page.wait_for_function(
        "(name) => window.vpdPlayer?.name === name && window.vpdPlayer.state === 'exact'", arg=video
    )


@contextmanager
def serving(layout: Layout) -> Iterator[str]:
    """The address under which a library is served, from a thread of this process."""
    sock = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(make_app(layout), log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, args=([sock],), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@contextmanager
def chromium() -> Iterator[Any]:
    """Debian's Chromium, without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        made = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield made
        made.close()


@contextmanager
def new_page(browser: Any, address: str, **options: Any) -> Iterator[Any]:
    """A new page in a context of its own; an error where it asked another host or had an error of its own."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=address, **options)
    page = context.new_page()
    page.set_default_timeout(60_000)
    elsewhere: list[str] = []
    errors: list[str] = []
    page.on(
        "request",
        lambda r: None if r.url.startswith((address, "blob:", "data:")) else elsewhere.append(r.url),
    )
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda m: errors.append(m.text) if "Content Security Policy" in m.text else None)
    folder = os.environ.get(COVERAGE)
    session = context.new_cdp_session(page) if folder else None
    if session:
        session.send("Profiler.enable")
        session.send("Profiler.startPreciseCoverage", {"callCount": True, "detailed": True})
    yield page
    if session:
        found = session.send("Profiler.takePreciseCoverage")["result"]
        Path(str(folder), f"{uuid4().hex}.json").write_text(json.dumps(found))
    context.close()
    assert elsewhere == []
    assert errors == []
