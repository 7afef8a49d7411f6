"""Every screen is worked by the keyboard alone: Tab reaches every control, Enter uses it."""

from __future__ import annotations

import re

import pytest

from tests.web.browser import NEEDS_BROWSER
from tests.web.made import made_library
from vpd.library.layout import Layout

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = NEEDS_BROWSER


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Layout:
    """The made library."""
    return made_library(tmp_path_factory.mktemp("keyboard"))


def tab_to(page, role: str, name: str | re.Pattern, number: int = 0) -> None:
    """Press Tab until a control has the focus, from the top of the page."""
    page.evaluate("() => document.activeElement.blur()")
    wanted = page.get_by_role(role, name=name).nth(number)
    wanted.wait_for()
    for _ in range(250):
        page.keyboard.press("Tab")
        if wanted.evaluate("(element) => element === document.activeElement"):
            return
    raise AssertionError(f"{name} cannot be reached by Tab")


def test_every_screen_is_worked_by_the_keyboard_alone(page, library):
    page.set_default_timeout(60_000)  # it searches and measures
    page.goto("/#/library")
    tab_to(page, "link", "v1")
    page.keyboard.press("Enter")
    page.wait_for_function("() => window.vpdPlayer?.name === 'v1' && window.vpdPlayer.state === 'exact'")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => window.vpdPlayer.frame === 1")
    tab_to(page, "link", "Search")
    page.keyboard.press("Enter")
    tab_to(page, "combobox", "Query")
    page.keyboard.type("v1@1-2")
    page.keyboard.press("Enter")
    tab_to(page, "button", re.compile("^Result 1:"))
    page.keyboard.press("Enter")
    tab_to(page, "button", "Compare chosen")
    page.keyboard.press("Enter")
    page.wait_for_selector(".curve canvas")
    page.keyboard.press("ArrowRight")
    tab_to(page, "link", "Athlete")
    page.keyboard.press("Enter")
    tab_to(page, "link", "v2")
    page.keyboard.press("Enter")
    tab_to(page, "button", re.compile("^This is the athlete"), 1)
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Kept.")
    assert "v2" in library.picks.read_text()
    tab_to(page, "link", "Next")
    page.keyboard.press("Enter")
    tab_to(page, "button", "Verify")
    page.keyboard.press("Enter")
    page.wait_for_function("() => !document.querySelector('main .waiting')")
    tab_to(page, "link", "Measure")
    page.keyboard.press("Enter")
    tab_to(page, "button", "Measure")
    page.keyboard.press("Enter")
    page.wait_for_selector(
        "svg.plot, main .problem[role=alert]"
    )  # a curve, or that labels are missing for it
    tab_to(page, "link", "Export")
    page.keyboard.press("Enter")
    tab_to(page, "button", "Write the file")
    page.keyboard.press("Enter")
    page.wait_for_selector("main ul.plain a[download]")
