"""Two pages that edit the same labels at the same time lose no edit, and show every conflict."""

from __future__ import annotations

import pytest

from tests.web.browser import NEEDS_BROWSER, new_page
from tests.web.made import made_library
from vpd.library.label_store import LabelStore
from vpd.library.layout import Layout

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = NEEDS_BROWSER

EDIT = """async ([edits, tab]) => {
  const store = await import("/static/store.js");
  const api = await import("/static/api.js");
  const draw = ((n) => () => (n = (n * 16807) % 2147483647) / 2147483647)(1000 + tab);
  const done = [];
  let conflicts = 0, silent = 0, known = (await api.get("/api/labels")).labels;
  for (let i = 0; i < edits; i++) {
    if (draw() < 0.3) known = (await api.get("/api/labels")).labels;  // else it may be out of date
    const start_s = Math.round(draw() * 6e5) / 1e5;
    const place = Math.floor(draw() * known.length), label = known[place];
    const kind = known.length < 4 ? 0 : draw();
    try {
      if (kind < 0.25) {
        const fresh = { video: "v0", athlete: null, start_s, end_s: start_s + 1, label: "t" + tab };
        const made = (await store.addLabel(fresh)).label;
        done.push({ id: made.id, before: null, after: made.version });
        known.push(made);
      } else if (kind < 0.4) {
        await store.removeLabel(label);
        done.push({ id: label.id, before: label.version, after: null });
        known.splice(place, 1);
      } else {
        const made = (await store.editLabel(label, { start_s, end_s: start_s + 1 })).label;
        done.push({ id: label.id, before: label.version, after: made.version });
        known[place] = made;
      }
    } catch (error) {
      conflicts += 1;
      if (!document.getElementById("said").textContent) silent += 1;
      known = (await api.get("/api/labels")).labels;
    }
  }
  window.finished = { done, conflicts, silent };
}"""


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Layout:
    """A library that is edited."""
    return made_library(tmp_path_factory.mktemp("tabs"), videos=3, frames=210)


@pytest.mark.parametrize("edits", [20, pytest.param(500, marks=pytest.mark.slow)])
def test_two_tabs_lose_no_edit_and_show_every_conflict(browser, address, library, edits):
    first = {label.id: label.version for label in LabelStore(library).read().labels}
    with new_page(browser, address) as one, new_page(browser, address) as two:
        for tab, page in enumerate([one, two], start=1):
            page.goto("/#/library")
            page.wait_for_selector("main h1")
            page.evaluate(f"(given) => {{ ({EDIT})(given); }}", [edits, tab])
        found = []
        for page in (one, two):
            page.wait_for_function("() => window.finished", timeout=600_000)
            found.append(page.evaluate("() => window.finished"))
    assert [f["silent"] for f in found] == [0, 0]
    assert sum(len(f["done"]) + f["conflicts"] for f in found) == 2 * edits
    done = [edit for f in found for edit in f["done"]]
    assert all(f["done"] for f in found)
    last = {label.id: label.version for label in LabelStore(library).read().labels}
    assert _replayed(first, done) == last


def _replayed(labels: dict[str, str], done: list[dict]) -> dict[str, str]:
    """The labels after all edits that were acknowledged: each must build on the state that another left."""
    now = dict(labels)
    waiting = list(done)
    while waiting:
        edit = next((e for e in waiting if now.get(e["id"]) == e["before"]), None)
        assert edit is not None, f"lost: {len(waiting)} edits build on a state that nobody left"
        waiting.remove(edit)
        if edit["after"] is None:
            del now[edit["id"]]
        else:
            now[edit["id"]] = edit["after"]
    return now
