"""The way of a new user: from a folder of videos to a reel, in the browser and by the keyboard alone."""

from __future__ import annotations

import json

import av
import pytest

import vpd
from tests.web.browser import NEEDS_BROWSER, open_video
from vpd.cli.demo_folder import SAMPLE
from vpd.library.answers import read_answers
from vpd.library.labels import read_labels
from vpd.library.layout import Layout
from vpd.library.videos import Videos

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600), *NEEDS_BROWSER]
VIDEOS = ("scene1_a", "scene3_a", "scene4_a")
QUICK = '[distill]\nimages = 1500\nepoch_images = 1500\n[detect]\nmethod = "search"\n'
"""The smallest student, and no networks for detection: the way is tested, not the accuracy."""
LONG_MS = 3_000_000


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Layout:
    """What `vpd new` makes of a folder of videos."""
    folder = tmp_path_factory.mktemp("way")
    made = vpd.Library.new(folder / "lib", [SAMPLE / "videos" / f"{name}.mp4" for name in VIDEOS])
    made.layout.settings.write_text(QUICK)
    return made.layout


def press(page, name: str, role: str = "button") -> None:
    """Reach a control by the keyboard and press it."""
    page.get_by_role(role, name=name).first.focus()
    page.keyboard.press("Enter")


def go_to(page, time: str) -> None:
    """Go to a time by G."""
    page.keyboard.press("KeyG")
    page.keyboard.press("Control+A")
    page.keyboard.type(time)
    page.keyboard.press("Enter")
    page.wait_for_function("() => window.vpdPlayer.state === 'exact'")


def label(page, name: str, start: str, end: str) -> None:
    """Label an action of a new class by its start and its end."""
    for time in (start, end):
        go_to(page, time)
        page.get_by_label("New class").focus()
        page.keyboard.type(name)
        page.keyboard.press("Enter")
        page.locator("main").focus()
    page.wait_for_selector(f"text=Labelled: {name}")


def test_from_a_folder_of_videos_to_a_reel(page, library):
    page.goto("/#/library")
    page.wait_for_selector(f"text={len(VIDEOS)} videos")
    press(page, "Make what is to do")
    page.wait_for_selector("main progress")
    page.wait_for_selector("main progress", state="detached", timeout=LONG_MS)
    assert page.locator("main .problem").count() == 0
    assert page.locator("text=To do:").count() == 0

    open_video(page, "scene1_a")
    label(page, "cartwheel", "1.236", "3.406")
    label(page, "kick", "9.283", "10.924")
    page.keyboard.press("KeyV")  # all that is shown is reviewed
    page.wait_for_selector("text=Marked as reviewed")
    page.keyboard.press("Comma")  # the label before the playhead: the kick
    page.wait_for_selector("#chosen")
    page.keyboard.press("KeyS")
    page.wait_for_selector(".grid .card", timeout=LONG_MS)
    page.locator(".grid .card .picture").first.focus()
    page.keyboard.press("Enter")
    page.get_by_label("Label as").focus()
    page.keyboard.type("kick")
    press(page, "Label 1 chosen")
    page.wait_for_selector("text=1 labelled kick")

    open_video(page, "scene4_a")
    press(page, "Learn and detect")
    page.wait_for_selector("text=Proposals here:", timeout=LONG_MS)
    page.locator("main").focus()
    page.keyboard.press("KeyN")
    page.wait_for_selector("#chosen")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Accepted:")
    page.keyboard.press("KeyN")
    page.keyboard.press("KeyX")
    page.wait_for_selector("text=Rejected:")

    page.goto("/#/next")
    page.wait_for_selector(".grid .card", timeout=LONG_MS)
    page.keyboard.press("Digit2")
    page.keyboard.press("Enter")
    page.wait_for_function("() => !document.querySelector('.grid strong')", timeout=LONG_MS)

    page.goto("/#/export")
    page.get_by_role("checkbox", name="kick").focus()
    page.keyboard.press("Space")
    press(page, "Make a reel")
    page.wait_for_selector("video.reel", timeout=LONG_MS)

    labels = read_labels(library.labels, Videos.read(library))
    kicks = sum(s.label == "kick" for s in labels)
    assert {"cartwheel", "kick", "reviewed"} <= {s.label for s in labels}
    answers = read_answers(library)
    assert {a.verdict for a in answers} >= {"accepted", "rejected"}
    named = answers[-1]  # on Next, where the guess may have been right
    assert (named.label, named.verdict) == ("kick", "accepted" if named.proposed == "kick" else "corrected")
    (reel,) = library.results.glob("export-*/reel.mp4")
    with av.open(str(reel)) as file:
        assert sum(1 for _ in file.decode(video=0)) >= 10 * kicks
    print(json.dumps({"labels": len(labels), "kicks": kicks}))
