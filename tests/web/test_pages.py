"""The page in a real browser: exact frames, labels by keys alone, every screen, nothing from elsewhere."""

from __future__ import annotations

import json
import re

import cv2
import numpy as np
import pytest

from tests.web.browser import (
    EXACT,
    JOINED,
    NEEDS_BROWSER,
    kinds,
    kinds_library,
    new_page,
    open_video,
    serving,
    show,
)
from tests.web.made import CLASSES, RECIPE, constant, features_of, fill, people_of_shots, write_coded
from vpd.library.artefact import Recipe, read_notes
from vpd.library.features import write_features
from vpd.library.labels import read_labels
from vpd.library.layout import Layout
from vpd.library.tracks import read_tracks, write_tracks
from vpd.library.videos import Videos
from vpd.pipeline.register import add_videos, make_library
from vpd.pipeline.run import run
from vpd.report.search_page import write_search_page
from vpd.types import FeatureSequence
from vpd.verbs.search import SearchRequest, search
from vpd.verbs.suggest import SuggestRequest, suggest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = NEEDS_BROWSER
FRAMES = 150
KINDS = [*kinds(FRAMES), JOINED[0]]


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Layout:
    """The made library, and a video of every kind of file."""
    return kinds_library(tmp_path_factory.mktemp("page"), FRAMES)


@pytest.mark.parametrize("name", KINDS)
def test_the_frame_shown_is_the_frame_meant(page, library, name):
    video = Videos.read(library).id_of(name)
    open_video(page, video)
    frames = np.random.default_rng(len(name)).permutation(FRAMES)[:12].tolist()
    frames += [0, 1, 2, FRAMES - 1]
    assert [show(page, n) for n in frames] == frames


GUTTER = """async () => {
  const { laneTop } = await import('/static/timeline.js');
  const canvas = document.querySelector('canvas.timeline');
  const { data } = canvas.getContext('2d').getImageData(0, laneTop('labels')[0] + 1, canvas.width, 1);
  let x = 0;
  while (x < canvas.width && data[4 * x] === data[0]) x += 1;
  return [x, canvas.width, laneTop('labels')[0] + 10];
}"""


def test_the_timeline_begins_beside_the_names_of_its_lanes(page):
    open_video(page, "v0")
    page.wait_for_function("() => document.querySelectorAll('.labels .row').length === 2")
    gutter, width, y = page.evaluate(GUTTER)
    assert 40 < gutter < 100
    timeline, label = page.locator("canvas.timeline"), page.locator(".labels .row").first
    length_s = float(timeline.get_attribute("aria-valuemax"))
    timeline.click(position={"x": gutter + (width - gutter) * 1.5 / length_s, "y": y})
    page.wait_for_function("() => !document.querySelector('.time').textContent.startsWith('0:00')")
    shown = page.locator(".time").inner_text()
    assert 1.45 < float(shown.split()[0].removeprefix("0:")) < 1.55
    assert label.get_attribute("aria-pressed") == "true"
    timeline.click(position={"x": gutter / 2, "y": y})
    assert page.locator(".time").inner_text() == shown


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 900), (1280, 500)])
def test_the_picture_leaves_no_room_above_and_below_it(page, width, height):
    page.set_viewport_size({"width": width, "height": height})
    open_video(page, "v0")
    box = page.locator(".stage").bounding_box()
    assert box["width"] / box["height"] > 320 / 180 - 0.05
    assert box["width"] > 0.6 * width - 20
    assert box["height"] <= 0.6 * height + 1


def test_an_interval_is_labelled_by_two_keys_corrected_and_undone(page, library):
    before = library.labels.read_text()
    open_video(page, "v4")
    show(page, 30)
    page.keyboard.press("Digit2")  # the second class, kick
    page.wait_for_selector("text=kick since")
    show(page, 59)
    page.keyboard.press("Digit2")
    page.wait_for_selector("text=Labelled: kick")
    (label,) = [s for s in read_labels(library.labels, Videos.read(library)) if s.video == "v4"]
    assert (label.label, round(label.start_s, 3), round(label.end_s, 3)) == ("kick", 1.0, 2.0)
    page.keyboard.press("KeyE")  # the other edge, its end
    page.keyboard.press("Quote")
    page.wait_for_function("() => document.querySelector('aside').textContent.includes('0:02.033')")
    page.keyboard.press("KeyZ")
    page.wait_for_selector("text=Undone")
    page.keyboard.press("KeyZ")
    page.wait_for_function("() => !document.querySelector('.labels').textContent.includes('kick')")
    rows = [s for s in read_labels(library.labels, Videos.read(library)) if s.video == "v4"]
    assert rows == []
    assert before.splitlines()[1].startswith("v0,0,1.0,2.0,jump")


def test_a_click_on_a_frame_of_the_strip_makes_it_the_edge(page, library):
    open_video(page, "v1")
    page.locator(".labels .row").first.click()
    strip = page.get_by_role("group", name="Frames about the start")
    strip.wait_for()
    assert strip.locator("button").count() == 13
    (before,) = [s for s in read_labels(library.labels, Videos.read(library)) if s.video == "v1"][:1]
    strip.get_by_role("button", name="The edge at frame 27,").click()
    page.wait_for_function("() => document.querySelector('.saving').textContent === 'Saved'")
    page.wait_for_function("() => document.querySelector('.frames [aria-pressed=true]').textContent === '27'")
    (after,) = [s for s in read_labels(library.labels, Videos.read(library)) if s.video == "v1"][:1]
    assert (before.start_s, round(after.start_s, 3)) == (1.0, 0.9)
    assert after.end_s == before.end_s
    page.keyboard.press("KeyZ")
    page.wait_for_selector("text=Undone")


def test_classes_after_the_tenth_have_letters_as_keys(page, library):
    names = [f"class{i:02}" for i in range(12)]
    library.classes.write_text("".join(f'[{name}]\nkind = "point"\n' for name in names))
    open_video(page, "v2")
    page.keyboard.press("KeyW")
    page.wait_for_selector("text=Labelled: class11")
    page.keyboard.press("KeyZ")
    page.wait_for_selector("text=Undone")
    library.classes.unlink()


def test_one_key_labels_a_point_or_an_interval_with_lead_and_lag(page, library):
    library.classes.write_text('[throw]\nlead_s = 0.5\nlag_s = 1.0\n[block]\nkind = "point"\n')
    open_video(page, "v5")
    show(page, 30)
    page.keyboard.press("Digit1")
    page.wait_for_selector("text=Labelled: throw")
    page.keyboard.press("Digit2")
    page.wait_for_selector("text=Labelled: block")
    rows = [s for s in read_labels(library.labels, Videos.read(library)) if s.video == "v5"]
    library.classes.unlink()
    spans = {s.label: (round(s.start_s, 3), round(s.end_s, 3)) for s in rows}
    assert spans == {"throw": (0.5, 2.0), "block": (1.0, 1.033)}


def test_search_by_example_finds_the_same_action_and_labels_it(page, library):
    page.goto("/#/search?q=v0@1-2")
    page.wait_for_selector(".grid .card")
    found = page.eval_on_selector_all(
        ".grid .card bdi:first-of-type", "cards => cards.map((c) => c.textContent)"
    )
    assert set(found[:3]) <= {"v0", "v3"}  # the videos of the same class
    page.locator(".grid .card .picture").first.click()
    page.locator("text=Label as >> input").fill("jump")
    page.get_by_role("button", name="Label 1 chosen").click()
    page.wait_for_selector("text=1 labelled jump")
    assert any("search" in line for line in library.labels.read_text().splitlines())


def test_the_results_on_a_written_page_keep_step_with_the_query(browser, library, tmp_path):
    result = search(library, SearchRequest(["v0@1-2"], uncut=False, top=3))
    written = write_search_page(tmp_path / "found", result, Videos.read(library).recording)
    page = browser.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(written.as_uri())
    page.get_by_role("button", name="Pause").click()
    page.get_by_label("Moment of the query").fill("0.5")
    # Of a query of a second, half of it; each result where the path says, within what it may drift.
    page.wait_for_function(
        """() => {
          const [query, ...found] = document.querySelectorAll("video");
          const rows = JSON.parse(document.getElementById("data").textContent).results;
          return Math.abs(query.currentTime - query.duration / 2) < 0.02 && rows.every(({ path }, i) => {
            const near = path.reduce((a, b) =>
              Math.abs(b[0] - query.currentTime) < Math.abs(a[0] - query.currentTime) ? b : a);
            return Math.abs(found[i].currentTime - near[1]) < 0.15;
          });
        }"""
    )
    assert page.evaluate("() => getComputedStyle(document.querySelector('.card.query')).borderColor") == (
        page.evaluate("() => getComputedStyle(document.querySelector('button.main')).backgroundColor")
    )
    page.close()
    assert errors == []


def test_what_to_label_next_is_asked_and_answered(page, library):
    page.goto("/#/next")
    page.wait_for_selector(".grid .card")
    page.keyboard.press("Digit1")
    page.keyboard.press("KeyX")
    with page.expect_request("**/api/answers") as sent:
        page.keyboard.press("Enter")
    page.wait_for_function("() => !document.querySelector('.grid strong')")
    named, rejected = sent.value.post_data_json["answers"]
    assert rejected["proposed"] == rejected["label"]  # what was proposed; the accuracy is measured by it
    assert named["label"]
    assert "proposed" in named
    answers = (library.root / "answers.csv").read_text().splitlines()
    assert len(answers) == 3


def test_proposals_are_verified_by_one_key_but_for_the_wrong_ones(page, library):
    """The first is another class, the second is none, the others are accepted at once."""
    files = [library.labels, library.root / "answers.csv"]
    kept = {file: file.read_bytes() for file in files if file.exists()}
    for file in files:
        file.unlink(missing_ok=True)
    rows = [f"v{i},0,{s}.0,{s + 1}.0,{CLASSES[i % 3]}" for i in range(3) for s in (1, 3, 5)]
    library.labels.write_text("\n".join(["video,athlete,start_s,end_s,label", *rows]) + "\n")
    page.goto("/#/next?mode=verify")
    page.wait_for_selector("main section h2")
    count = page.locator(".grid .card").count()
    assert count >= 4
    first = page.locator(".grid .card").first
    first.locator(".picture").click()
    page.wait_for_selector("text=another class")
    page.keyboard.press("KeyN")
    page.keyboard.press("KeyX")
    with page.expect_response("**/api/answers") as kept_answers:
        page.keyboard.press("Enter")
    answers = kept_answers.value.request.post_data_json["answers"]
    verdicts = [answer["verdict"] for answer in answers]
    assert verdicts == ["other", "rejected", *["accepted"] * (count - 2)]
    wrong = answers[0]
    result = suggest(library, SuggestRequest(100, "name"))
    place = (wrong["video"], round(wrong["start_s"], 3))
    asked = {(q.segment.video, round(q.segment.start_s, 3)): q.label for q in result.items}
    assert place in asked, (place, asked)
    assert asked[place] != wrong["proposed"]
    for file in files:
        file.unlink()
        if file in kept:
            file.write_bytes(kept[file])


def test_two_executions_are_compared_in_step(page):
    page.goto("/#/compare")
    page.get_by_label("First").first.fill("v0@1-2")
    page.get_by_label("Second").first.fill("v3@1-2")
    page.get_by_role("button", name="Compare", exact=True).click()
    page.wait_for_selector(".curve canvas")
    assert "times as fast" in page.text_content("main")
    page.get_by_label("Further execution").fill("v0@3-4")
    page.get_by_role("button", name="Add").click()
    page.wait_for_selector("text=3 executions over each other")
    assert page.locator("section .card canvas").count() == 4  # the mean, and each execution
    page.get_by_role("button", name="Leave out v0@3-4").click()
    page.wait_for_selector("text=3 executions over each other", state="detached")
    page.get_by_role("button", name="Save as video").click()
    page.wait_for_selector("text=compare.mp4")


def test_what_is_seen_for_a_part_is_said_in_the_language_of_the_page(page, library):
    file, times_s = library.features("vipe-window", "v4"), constant(240)
    kept = file.read_bytes()
    seen = times_s >= 1.6
    part = FeatureSequence(
        "v4", 0, np.arange(240), times_s, features_of(times_s, 1, 4), seen, seen.astype(float)
    )
    write_features(file, [part], 8, RECIPE)
    page.goto("/?lang=de#/compare")
    page.get_by_label("Erste").first.fill("v0@1-2")
    page.get_by_label("Zweite").first.fill("v4@1-2")
    page.get_by_role("button", name="Vergleichen", exact=True).click()
    told = page.get_by_text("v4@1-2: der Athlet ist für 0.40 von 1.00 s zu sehen, von 1.60 bis 2.00 s.")
    told.wait_for()
    page.get_by_label("Weitere Ausführung").fill("v0@3-4")
    page.get_by_role("button", name="Hinzufügen").click()
    page.wait_for_selector("text=3 Ausführungen übereinander")
    assert told.count() == 2  # of both, and of all three
    file.write_bytes(kept)


def test_a_person_is_chosen_as_the_athlete(page, library):
    page.goto("/#/athlete/v5")
    page.wait_for_selector(".card .picture")
    page.locator(".card .picture").nth(1).click()
    page.wait_for_selector("text=Kept.")
    assert "v5" in library.picks.read_text()


@pytest.fixture
def shots_of_v4(library):
    """Replaces the notes on the shots of v4 for one test."""
    file = library.tracks("v4")
    kept, tracks, (shot,) = file.read_bytes(), read_tracks(file), read_notes(file)["shots"]

    def write(*changed: dict) -> None:
        notes = {"shots": [{**shot, **change} for change in changed], "picks_missed": []}
        write_tracks(file, tracks, Recipe("track", 1, notes=notes))

    write.people = shot["people"]
    yield write
    file.write_bytes(kept)


def test_a_choice_of_the_user_is_named_among_the_people(page, shots_of_v4):
    first, other = shots_of_v4.people
    shots_of_v4({"people": [{**first, "chosen_by": "pick"}, other]})
    page.goto("/#/athlete/v4")
    page.wait_for_selector("text=your choice")


def test_the_doubtful_shots_are_gone_through_by_a_key(page, shots_of_v4):
    first, other = shots_of_v4.people
    scores = (0.45, 0.1, 0.49)  # of the other person; the first has 0.5
    shots_of_v4(
        *(
            {"start_s": 2 * i, "end_s": 2 * i + 2, "people": [first, {**other, "score": score}]}
            for i, score in enumerate(scores)
        )
    )
    page.goto("/#/athlete/v4")
    page.wait_for_selector("#shot-2")
    for shot in (2, 0, 2):
        page.keyboard.press("KeyN")
        page.wait_for_function("(id) => document.activeElement.id === id", arg=f"shot-{shot}")


def test_the_same_athlete_is_taken_over_in_the_following_shots(page, library):
    kept = library.tracks("v3").read_bytes()
    people_of_shots(library, "v3", 4)
    page.goto("/#/athlete/v3")
    page.locator("section", has=page.locator("#shot-0")).locator(".card .picture").first.click()
    page.get_by_role("button", name="The same in the following shots").click()
    page.wait_for_selector("text=3 of 3 following shots")
    assert page.locator("[data-proposed=true]").count() == 3
    page.get_by_role("button", name="Not the same").nth(1).click()
    page.get_by_role("button", name="Keep 2 proposals").wait_for()
    page.locator("main").focus()
    page.keyboard.press("Enter")
    page.wait_for_function(
        """() => [...document.querySelectorAll(".card")]
          .filter((card) => card.textContent.includes("your choice")).length === 3"""
    )
    rows = [line for line in library.picks.read_text().splitlines() if line.startswith("v3,")]
    assert len(rows) == 3
    library.tracks("v3").write_bytes(kept)


def test_a_click_in_the_picture_says_who_the_athlete_is(page, library):
    open_video(page, "v4")
    show(page, 60)
    stage = page.locator(".stage")
    box = stage.bounding_box()
    scale = min(box["width"] / 320, box["height"] / 180)
    at = {"x": box["width"] / 2 + (230 - 160) * scale, "y": box["height"] / 2 + (95 - 90) * scale}
    stage.click(position=at)  # means nothing yet
    page.keyboard.press("Shift+KeyA")
    page.wait_for_selector("text=Click on the athlete")
    stage.click(position=at)
    page.wait_for_selector("text=Kept.")
    (row,) = [line.split(",") for line in library.picks.read_text().splitlines() if line.startswith("v4,")]
    header = library.picks.read_text().splitlines()[0].split(",")
    pick = dict(zip(header, row, strict=True))
    assert float(pick["time_s"]) == pytest.approx(2.0)
    assert (float(pick["x"]), float(pick["y"])) == pytest.approx((230, 95), abs=1)


def test_the_results_of_one_athlete_alone_can_be_shown(page, library):
    file, times_s = library.features("vipe-window", "v3"), constant(240)
    kept = file.read_bytes()
    both = [
        FeatureSequence(
            "v3", athlete, np.arange(240), times_s, features_of(times_s, 0, 20 + athlete),
            np.ones(240, bool), np.ones(240),
        )
        for athlete in (0, 1)
    ]  # fmt: skip
    write_features(file, both, 8, RECIPE)
    page.goto("/#/search?q=v0%401-2")
    page.wait_for_selector("text=nearest in whole videos, by vipe-window")
    cards = page.locator(".grid .card")
    count = cards.count()
    page.get_by_label("Athlete").select_option("1")
    page.wait_for_function("(all) => document.querySelectorAll('.grid .card').length < all", arg=count)
    assert 0 < cards.count() < count
    file.write_bytes(kept)


def test_videos_are_added_by_their_path(page, tmp_path):
    write_coded(tmp_path / "added.mp4", constant(30), tint=150)
    page.goto("/#/library")
    field = page.get_by_label("Add a video file or a folder")
    for path, told in (("added.mp4", "Write the whole path"), (str(tmp_path), "1 video added")):
        field.fill(path)
        field.press("Enter")
        page.wait_for_selector(f"text={told}")
    page.get_by_role("heading", name="added", exact=True).wait_for()


def test_rows_of_labels_that_cannot_be_read_are_named(page, library):
    before = library.labels.read_text()
    reviewed = "v3,,0,4,reviewed\nv3,,2,4,reviewed\n"  # the last two seconds twice
    library.labels.write_text(before + reviewed + "nowhere,,0,1,kick\n")
    page.goto("/#/library")
    page.reload()
    assert (
        "no video 'nowhere'" in page.wait_for_selector("p.problem:has-text('labels.csv, line')").inner_text()
    )
    share = round(100 * 4 / Videos.read(library).rows["v3"].duration_s)
    card = page.locator("li.video", has=page.locator("h2", has_text=re.compile("^v3$")))
    assert f"{share} %" in card.inner_text()
    library.labels.write_text(before)


def test_an_empty_library_says_what_to_do_on_every_screen(browser, tmp_path):
    make_library(tmp_path / "empty")
    with serving(Layout(tmp_path / "empty")) as address, new_page(browser, address) as page:
        for screen in ("library", "watch", "athlete"):
            page.goto(f"/#/{screen}")
            page.wait_for_selector("text=There is no video yet.")
        page.goto("/#/next")
        page.get_by_role("link", name="Or here: make what is to do.").click()
        page.get_by_label("Add a video file or a folder").wait_for()


def test_a_reel_is_made_and_offered(page):
    page.goto("/#/export")
    page.get_by_role("button", name="Make a reel").click()
    page.wait_for_selector("video.reel")


SCREENS = ["library", "watch/v0", "search", "next", "compare", "athlete/v0", "measure", "export"]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark at 200 %"])
@pytest.mark.parametrize("screen", SCREENS)
def test_every_screen_is_accessible(page, screen, dark):
    """Twice as large, the page has half of the pixels for its layout."""
    if dark:
        page.set_viewport_size({"width": 640, "height": 450})
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
    page.goto(f"/#/{screen}")
    page.wait_for_selector("main h1")
    page.wait_for_function("() => !document.querySelector('main .waiting')")
    found = axe.Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    assert [(v["id"], v["nodes"][0]["html"]) for v in found.response["violations"]] == []
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth + 1")


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_cards_stand_still_for_who_wants_no_motion(page, motion):
    page.emulate_media(reduced_motion=motion)
    page.goto("/#/search?q=v0@0.1-1")
    page.wait_for_selector("figure.card canvas[data-drawn]")
    moved = page.evaluate(
        """async () => {
          const card = document.querySelector("figure.card canvas");
          const before = card.toDataURL();
          await new Promise((resolve) => setTimeout(resolve, 400));
          return card.toDataURL() !== before;
        }"""
    )
    assert moved == (motion == "no-preference")


def opened(page, screen: str, dark: bool) -> np.ndarray:
    """A picture of a screen that stands still, (H, W) of its brightness in 0..1."""
    page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
    page.goto("about:blank")
    page.goto(f"/#/{screen}")
    page.wait_for_selector("main h1")
    page.wait_for_function("() => !document.querySelector('main .waiting')")
    if screen.startswith("watch"):
        page.wait_for_function(EXACT)
    page.wait_for_function(
        """() => [...document.querySelectorAll("canvas.clip")].every((clip) =>
          clip.dataset.drawn || clip.getBoundingClientRect().top > innerHeight)"""
    )
    page.wait_for_timeout(300)
    png = np.frombuffer(page.screenshot(), np.uint8)
    return cv2.imdecode(png, cv2.IMREAD_GRAYSCALE).astype(float) / 255


def inked(picture: np.ndarray) -> np.ndarray:
    """Whether something is drawn in each cell of 20 x 20 pixels: text, an edge, a picture."""
    cells = picture[: picture.shape[0] // 20 * 20, : picture.shape[1] // 20 * 20]
    cells = cells.reshape(cells.shape[0] // 20, 20, -1, 20)
    return np.ptp(cells.swapaxes(1, 2).reshape(cells.shape[0], -1, 400), axis=2) > 0.15


@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_shows_the_same_in_light_and_dark(page, screen):
    light, dark = opened(page, screen, False), opened(page, screen, True)
    assert light.shape == dark.shape
    assert np.median(light) > 0.8 > 0.3 > np.median(dark)
    same = (inked(light) == inked(dark)).mean()
    assert same > 0.97, f"{100 * (1 - same):.1f} % of the places show something in one of both alone"


@pytest.mark.parametrize("language", ["de", "pseudo"])
def test_every_screen_has_room_in_other_languages_on_a_phone(page, language):
    page.set_viewport_size({"width": 390, "height": 800})
    for screen in SCREENS:
        page.goto(f"/?lang={language}#/{screen}")
        page.wait_for_selector("main h1")
        wide = page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wide <= 1, screen


ERRORS_SHOWN = [
    ("search?q=nonsense", "not a query", "ist keine Anfrage"),
    ("search?q=nobody@0-1", "There is no video", "gibt es kein Video"),
    ("search?q=v0@70-71", "The span ends", "Der Abschnitt endet"),
]
"""Screens that show an error of the server, and words of it in English and German."""


@pytest.mark.parametrize(("screen", "english", "german"), ERRORS_SHOWN)
def test_an_error_of_the_server_is_in_the_language_of_the_page(page, screen, english, german):
    def shown(language):
        page.goto(f"/?lang={language}#/{screen}")
        return page.locator(".problem").first.inner_text()

    assert english in shown("en")
    assert german in shown("de")
    pseudo = shown("pseudo")
    assert english not in pseudo
    assert re.search("áá|éé|íí|óó|úú", pseudo)


def test_another_query_of_the_address_is_searched(page):
    for query in ("v0@70-71", "v0@80-81"):
        page.goto(f"/#/search?q={query}")
        page.get_by_text(f"ends at {query[-2:]} s").wait_for()


def test_what_the_server_says_in_english_alone_is_introduced(page):
    page.goto("/?lang=de#/library")
    page.wait_for_selector("main h1")
    said = page.evaluate("async () => (await import('/static/i18n.js')).told({ text: 'boo' })")
    assert said == "Der Server meldet: boo"
    refused = page.evaluate(
        """async () => (await import('/static/api.js')).post('/api/next', { n: 0 })
             .then(() => '', (error) => error.message)"""
    )
    assert refused.startswith("Der Server meldet: body.n: ")


def test_all_keys_can_be_switched_off_and_changed(page):
    open_video(page, "v0")
    page.keyboard.press("Shift+Slash")
    page.get_by_label("Single keys work").uncheck()
    page.get_by_role("button", name="Change the key for: Next frame").click()
    page.keyboard.press("KeyY")
    page.get_by_role("button", name="Close").click()
    page.wait_for_selector("dialog.help", state="detached")
    page.keyboard.press("KeyY")
    assert page.evaluate("() => window.vpdPlayer.frame") == 0
    page.keyboard.press("Shift+Slash")
    assert page.locator("dialog.help").count() == 0  # switched off too; the button still opens it
    page.get_by_role("button", name="Keys").first.click()
    page.get_by_label("Single keys work").check()
    page.get_by_role("button", name="Close").click()
    page.wait_for_selector("dialog.help", state="detached")
    page.keyboard.press("KeyY")
    page.wait_for_function("() => window.vpdPlayer.frame === 1")


def test_after_a_click_by_the_mouse_keys_mean_the_screen(page):
    open_video(page, "v0")
    overlays = page.get_by_role("button", name="Overlays")
    overlays.click()
    page.keyboard.press("Space")
    page.wait_for_function("() => window.vpdPlayer.playing")
    assert overlays.get_attribute("aria-pressed") == "false"


def test_a_key_pressed_at_once_is_taken_and_keys_mean_the_open_dialog(page):
    open_video(page, "v0")
    page.get_by_role("button", name="Keys").first.click()
    page.evaluate(
        """async () => {
          const press = (code) => document.activeElement.dispatchEvent(
            new KeyboardEvent("keydown", { code, bubbles: true, cancelable: true }));
          document.querySelector('[aria-label="Change the key for: Next frame"]').click();
          await Promise.resolve();  // the page has drawn, the screen has not
          press("KeyY");
        }"""
    )
    assert json.loads(page.evaluate("() => localStorage.getItem('vpd.keys')")) == {"next_frame": ["KeyY"]}
    page.keyboard.press("KeyY")
    assert page.evaluate("() => window.vpdPlayer.frame") == 0
    page.get_by_role("button", name="Close").click()
    page.wait_for_selector("dialog.help", state="detached")
    page.keyboard.press("KeyY")
    page.wait_for_function("() => window.vpdPlayer.frame === 1")


def test_keys_that_follow_each_other_at_once_are_all_heard(page, library):
    open_video(page, "v3")
    names = page.locator(
        ".classes .class bdi"
    ).all_inner_texts()  # other tests may have labelled more classes
    key = f"Digit{1 + names.index('jump')}"
    page.keyboard.press(key)
    page.wait_for_selector("text=jump since")
    show(page, 29)
    page.keyboard.press(key)
    page.wait_for_selector("text=Labelled: jump")
    page.keyboard.press("KeyE")
    for _ in range(3):
        page.keyboard.press("Quote")  # the next before the last is saved
    page.wait_for_function("() => document.querySelector('.saving').textContent === 'Saved'")
    labels = read_labels(library.labels, Videos.read(library))
    (label,) = [s for s in labels if s.video == "v3" and s.start_s == 0]
    assert round(label.end_s, 3) == round(33 / 30, 3)
    assert page.locator(".said.error").count() == 0


def test_hostile_names_are_shown_as_text(page, library, tmp_path):
    hostile = "<img src=x onerror=alert(1)>{{7*7}}[b]"
    video = write_coded(tmp_path / "evil <b>x<_b>.mp4", constant(60))
    add_videos(library, [video])
    run(library, ["scan"])
    (name,) = [v for v in Videos.read(library).rows if v.startswith("evil")]
    fill(library, name, 0, 9)
    page.goto("/#/library")
    page.wait_for_selector("text=evil")
    open_video(page, name)
    page.get_by_label("New class").fill(hostile)
    page.get_by_role("button", name="Begin").click()
    show(page, 20)
    page.get_by_label("New class").fill(hostile)
    page.get_by_role("button", name="Begin").click()
    page.wait_for_selector(".labels .row")
    assert hostile in page.text_content(".labels")
    assert page.locator("main img[src=x]").count() == 0
    labels = json.dumps([s.label for s in read_labels(library.labels, Videos.read(library))])
    assert json.dumps(hostile)[1:-1] in labels


def test_the_page_is_small(address, browser):
    context = browser.new_context(base_url=address)
    page = context.new_page()
    answers = []
    page.on("response", lambda response: answers.append(response))
    page.goto("/")
    page.wait_for_selector("main h1")
    # Bodies are read after the events: within one the browser would wait for us, and we for it.
    own = [
        r
        for r in answers
        if "/static/" in r.url or "/strings/" in r.url or "/look/" in r.url or r.url.endswith("/")
    ]
    size = sum(len(r.body()) for r in own)
    context.close()
    assert 20_000 < size <= 250_000
