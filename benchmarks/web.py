"""The page of `vpd serve` in Chromium: latencies, bytes, the timeline with many labels, memory.

    python benchmarks/web.py                        # all parts; some minutes on free cores
    python benchmarks/web.py --parts step timeline  # some of them
    python benchmarks/web.py --hours 17 --parts search
    python benchmarks/web.py --videos 1000 --parts memory

The server is a process of its own, as `vpd serve` starts it. The library is made up: pictures with barcodes,
features that go through movements, `--hours` of random features for the search. Latencies are medians and
95th percentiles of what a person waits for, from the key to the picture or the answer; they depend on the
load, which is printed. Processor time of the page's thread is that of Chromium's own counters and depends
less on it.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.web.browser import chromium, new_page, open_video
from tests.web.made import RECIPE, constant, made_library, write_coded
from tools.picture import serving
from vpd.library.artefact import write_text
from vpd.library.features import write_features
from vpd.library.frames import read_times
from vpd.library.layout import Layout
from vpd.pipeline.register import add_videos
from vpd.pipeline.run import run
from vpd.types import FeatureSequence

HOUR_S = 3600
TIMELINE_HOURS, TIMELINE_LABELS = 4, 10_000
FEATURES_FPS = 25
D = 8
"""Numbers a feature of the made library; the search of 64 is benchmarks/uncut_search.py."""

Row = tuple[str, str, str]
Part = Callable[[argparse.Namespace, Path], Iterator[Row]]


def spread(values: list[float], unit: str = "ms") -> str:
    """Median and 95th percentile."""
    return f"{np.median(values):.0f}, {np.quantile(values, 0.95):.0f} {unit} ({len(values)})"


@contextmanager
def page_of(layout: Layout) -> Iterator[tuple[Any, str, Any]]:
    """A page of a server, its address, and the browser."""
    with serving(layout.root) as address, chromium() as browser, new_page(browser, address) as page:
        yield page, address, browser


def seconds(work: Callable[[], Any]) -> float:
    """How long ``work`` takes, in ms."""
    started = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - started)


def first_label(layout: Layout) -> float:
    """How long it takes from `vpd serve`, in ms, until two presses of a key have made a label."""

    def work() -> None:
        with page_of(layout) as (page, _, _):
            open_video(page, "v4")
            for _ in range(2):
                page.keyboard.press("Digit1")
                page.keyboard.press("Shift+ArrowRight")
            page.wait_for_selector("text=Labelled:")

    return seconds(work)


def ready(options: argparse.Namespace, folder: Path) -> Iterator[Row]:
    """How soon a fresh browser shows the page, and what it loads; and the first label."""
    layout = made_library(folder)
    yield (
        "first label, from `vpd serve` on",
        "<= 60 s",
        f"{first_label(layout):.0f} ms",
    )
    with serving(layout.root) as address, chromium() as browser:
        times, sizes = [], []
        for _ in range(options.rounds // 6 or 1):
            with new_page(browser, address) as page:
                answers: list[Any] = []
                page.on("response", lambda answer, answers=answers: answers.append(answer))
                times.append(
                    seconds(lambda page=page: (page.goto("/"), page.wait_for_selector("main .videos")))
                )
                page.wait_for_timeout(500)
                sizes.append(sum(len(a.body()) for a in answers if "/api/" not in a.url))
    yield "page ready, nothing cached", "<= 1500 ms", spread(times)
    yield "bytes of the page", "<= 250 kB", f"{max(sizes) / 1000:.0f} kB"


STEPS = """async ([kind, rounds]) => {
  const player = window.vpdPlayer, times = [];
  const draw = ((n) => () => (n = (n * 16807) % 2147483647) / 2147483647)(7);
  await player.show(10);
  for (let i = 0; i < rounds; i++) {
    const to = kind === "scrub" ? Math.floor(draw() * player.count) : 10 + ((i * 7) % (player.count - 20));
    if (kind !== "scrub") await player.show(to);
    const began = performance.now();
    if (kind === "scrub") await player.show(to); else await player.step(kind === "back" ? -1 : 1);
    if (player.state === "exact") times.push(performance.now() - began);
  }
  return times;
}"""


def step(options: argparse.Namespace, folder: Path) -> Iterator[Row]:
    """A frame on, a frame back, any frame, opening; on files as they are and on proxies."""
    layout = made_library(folder, videos=1)
    times = constant(900)
    add_videos(layout, [write_coded(folder / "more" / name, times) for name in ("plain.mp4", "other.avi")])
    run(layout, ["scan"])
    with page_of(layout) as (page, _, _):
        for video, how in (("plain", "as it is"), ("other", "proxy")):
            open_video(page, video)
            page.wait_for_function(
                "() => window.vpdPlayer.source.kind === 'direct' || window.vpdPlayer.piece === 0"
            )
            for kind, what in (("on", "a frame on"), ("back", "a frame back"), ("scrub", "any frame")):
                found = page.evaluate(STEPS, [kind, options.rounds])
                yield f"{what}, {how}", "p95 <= 100 ms", spread(found)
        opened = []
        for number in range(options.rounds // 6 or 1):
            page.goto("/#/library")
            page.wait_for_selector("main .videos")
            video = ("plain", "other")[number % 2]
            opened.append(seconds(lambda video=video: open_video(page, video)))
    yield "open a video, to its first exact frame", "p95 <= 1000 ms", spread(opened)


LABELS = """async (rounds) => {
  const { post } = await import("/static/api.js");
  const times = [];
  for (let i = 0; i < rounds; i++) {
    const start_s = (i % 50) / 10, began = performance.now();
    await post("/api/labels", { video: "v0", start_s, end_s: start_s + 0.5, label: "kick" });
    times.push(performance.now() - began);
  }
  return times;
}"""


def label(options: argparse.Namespace, folder: Path) -> Iterator[Row]:
    """A label, from the request to the answer that it is on the disk; and the first proposals after three."""
    layout = made_library(folder)
    with page_of(layout) as (page, _, _):
        page.goto("/#/library")
        page.wait_for_selector("main .videos")
        yield "a label is on the disk", "p95 <= 50 ms", spread(page.evaluate(LABELS, options.rounds))
        layout.labels.unlink()
        first = [f"v{i},0,1.0,2.0,{name}" for i, name in enumerate(("jump", "kick", "throw"))]
        write_text("\n".join(["video,athlete,start_s,end_s,label", *first]) + "\n", layout.labels)

        def ask() -> None:
            page.goto("/#/next")
            page.wait_for_selector(".grid .card")

        yield "proposals after the third label", "<= 2000 ms", f"{seconds(ask):.0f} ms, the first of a server"
        page.goto("/#/library")
        page.wait_for_selector("main .videos")
        yield "proposals, asked again", "<= 2000 ms", f"{seconds(ask):.0f} ms"


def hours_of_features(layout: Layout, folder: Path, hours: int) -> None:
    """Videos of an hour with random features, and few and small pictures."""
    rng = np.random.default_rng(0)
    files = [_long_video(folder / "long" / f"hour{i}.mp4", HOUR_S, tint=i) for i in range(hours)]
    add_videos(layout, files)
    run(layout, ["scan"])
    times_s = np.arange(HOUR_S * FEATURES_FPS) / FEATURES_FPS
    n = len(times_s)
    for i in range(hours):
        values = rng.normal(0, 1, (n, 2, D)).astype(np.float32)
        sequence = FeatureSequence(f"hour{i}", 0, np.arange(n), times_s, values, np.ones(n, bool), np.ones(n))
        write_features(layout.features("vipe-window", f"hour{i}"), [sequence], D, RECIPE)


def _long_video(path: Path, length_s: int, tint: int = 0) -> Path:
    """A picture every two seconds: an hour is written in a second."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=30, options={"preset": "ultrafast", "g": "1"})
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for number in range(length_s // 2 + 1):
            picture = av.VideoFrame.from_ndarray(
                np.full((32, 32, 3), (number + 40 * tint) % 250, np.uint8), format="rgb24"
            )
            picture.pts, picture.time_base = 2000 * number, Fraction(1, 1000)
            file.mux(stream.encode(picture))
        file.mux(stream.encode(None))
    return path


def search(options: argparse.Namespace, folder: Path) -> Iterator[Row]:
    """From the key S on a label to cards that play, in whole videos."""
    layout = made_library(folder)
    hours_of_features(layout, folder, options.hours)
    with page_of(layout) as (page, _, _):
        times = []
        for _ in range(max(3, options.rounds // 6)):
            open_video(page, "v0")
            page.locator(".labels .row").first.click()
            page.wait_for_selector("#chosen")

            def ask() -> None:
                page.keyboard.press("KeyS")
                page.wait_for_selector(".grid .card canvas")
                page.wait_for_function("() => document.querySelector('.grid .card canvas').width > 0")
                page.wait_for_function(
                    """() => { const c = document.querySelector('.grid .card canvas');
                    return c.getContext('2d').getImageData(0, 0, c.width, 1).data.some((v) => v > 0); }"""
                )

            times.append(seconds(ask))
    yield f"search of {options.hours} hours, key to playing cards, the first", "<= 20 s", f"{times[0]:.0f} ms"
    yield f"search of {options.hours} hours, warm", "p95 <= 1500 ms", spread(times[1:])


WHEEL = """async (frames) => {
  const canvas = document.querySelector(".timeline"), box = canvas.getBoundingClientRect(), gaps = [];
  const place = { clientX: box.left + box.width / 3, clientY: box.top + 30, bubbles: true, cancelable: true };
  const turn = (deltaY, shiftKey) =>
    canvas.dispatchEvent(new WheelEvent("wheel", { deltaY, shiftKey, ...place }));
  let last = await new Promise(requestAnimationFrame);
  for (let i = 0; i < frames; i++) {
    if (i % 4 === 3) turn(i % 8 === 3 ? 40 : -40, true); else turn(i % 60 < 30 ? -10 : 10, false);
    const now = await new Promise(requestAnimationFrame);
    gaps.push(now - last);
    last = now;
  }
  return gaps;
}"""


def timeline(options: argparse.Namespace, folder: Path) -> Iterator[Row]:
    """Zoom and pan of four hours with 10,000 labels: between pictures, and the thread's own time."""
    layout = made_library(folder, videos=1)
    add_videos(layout, [_long_video(folder / "four.mp4", TIMELINE_HOURS * HOUR_S)])
    run(layout, ["scan"])
    end_s = float(read_times(layout.frames("four"))[-1]) - 2
    rng = np.random.default_rng(0)
    starts = np.sort(rng.uniform(0, end_s - 2, TIMELINE_LABELS))
    names = rng.choice(["jump", "kick", "throw", "serve", "smash", "volley"], TIMELINE_LABELS)
    rows = [f"four,,{s:.3f},{s + 1.2:.3f},{name}" for s, name in zip(starts, names, strict=True)]
    write_text("\n".join(["video,athlete,start_s,end_s,label", *rows]) + "\n", layout.labels)
    frames = 5 * options.rounds
    with page_of(layout) as (page, _, _):
        open_video(page, "four")
        page.wait_for_function("(n) => document.querySelectorAll('.labels .row').length > 0", arg=1)
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})

        def spent() -> float:
            found = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
            return 1000 * float(found["TaskDuration"])

        before = spent()
        gaps = page.evaluate(WHEEL, frames)
        work = (spent() - before) / frames
        heap = page.evaluate("() => performance.memory.usedJSHeapSize") / 1e6
    late = sum(gap > 1000 / 30 for gap in gaps)
    what = f"timeline, {TIMELINE_LABELS} labels, {TIMELINE_HOURS} h"
    yield f"{what}: between pictures while zooming", "p95 <= 33 ms", spread(gaps)
    yield f"{what}: pictures later than 33 ms", "<= 5 %", f"{late} of {frames}"
    yield f"{what}: processor time of the page a picture", "<= 33 ms", f"{work:.1f} ms"
    yield f"{what}: heap of the page", "<= 500 MB", f"{heap:.0f} MB"


REQUESTS = """async (rounds) => {
  const get = (path) => fetch(path).then((answer) => answer.arrayBuffer());
  for (let i = 0; i < rounds; i++) {
    const one = `/api/videos/v${i % 6}`, other = `/api/videos/m${String(i % 1000).padStart(4, "0")}`;
    await Promise.all(["/api/library", "/api/labels", `${one}/times`, `${one}/lanes?bins=4000`,
      `${one}/people?start=0&end=8`, `${one}/crops?start=0&end=8`, `${one}/frames/${i % 240}.jpg?w=960`,
      `${other}/frames/${i % 30}.jpg?w=640`].map(get));
  }
}"""


def memory(options: argparse.Namespace, folder: Path) -> Iterator[Row]:
    """The server's memory with many videos, after a long day of requests."""
    layout = made_library(folder)
    plain = write_coded(folder / "small.mp4", constant(30), size=(320, 180))
    content = plain.read_bytes()
    many = folder / "many"
    many.mkdir()
    for number in range(options.videos):
        mark = f"{number:08d}".encode()  # in a box that players skip: another file, the same pictures
        (many / f"m{number:04d}.mp4").write_bytes(
            content + (8 + len(mark)).to_bytes(4, "big") + b"free" + mark
        )
    add_videos(layout, sorted(many.iterdir()))
    run(layout, ["scan"])
    with page_of(layout) as (page, _, _):
        page.goto("/#/library")
        page.wait_for_selector("main .videos")
        server = max(
            (p for p in psutil.process_iter(["cmdline"]) if str(layout.root) in (p.info["cmdline"] or [])),
            key=lambda p: p.memory_info().rss,
        )
        first = server.memory_info().rss / 1e6
        page.evaluate(REQUESTS, options.rounds)
        last = server.memory_info().rss / 1e6
        heap = page.evaluate("() => performance.memory.usedJSHeapSize") / 1e6
    what = f"{options.videos} videos"
    yield f"server, {what}: at the start", "<= 600 MB", f"{first:.0f} MB"
    yield f"server, {what}: after {8 * options.rounds} requests", "<= 600 MB", f"{last:.0f} MB"
    yield f"page, {what}: heap", "<= 500 MB", f"{heap:.0f} MB"


PARTS: dict[str, Part] = {
    "ready": ready, "step": step, "label": label, "search": search, "timeline": timeline, "memory": memory,
}  # fmt: skip


def main() -> None:
    """Print a table, a row a figure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--hours", type=int, default=17)
    parser.add_argument("--videos", type=int, default=1000)
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start")
    print("median, 95th percentile (count)\n")
    print("| what | wanted | found |\n|---|---|---|")
    for name in options.parts:
        with tempfile.TemporaryDirectory() as folder:
            for row in PARTS[name](options, Path(folder)):
                print(f"| {' | '.join(row)} |", flush=True)
    print(f"\nload {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
