"""Links, anchors, pictures and included files of the documents exist; nothing is loaded from outside."""

import re
import shutil
import subprocess
import sys

import pytest

from tests.docs.pages import DOCS, FENCE, INLINE, ROOT, SNIPPET, pages

LINK = re.compile(r"(?<!\\)\[[^\]]*\]\((?P<target>[^)\s]+)\)")
HEADING = re.compile(r"^#+ (?P<text>.+)$", re.MULTILINE)


def slug(heading):
    """The anchor of a heading, as the site and code hosts make it."""
    plain = re.sub(r"[^\w\s-]", "", heading.replace("`", "").strip().lower())
    return re.sub(r"[\s]+", "-", plain)


def anchors(page):
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    return {slug(found["text"]) for found in HEADING.finditer(text)}


def test_slugs():
    assert slug("Differences from the paper's VIPE*") == "differences-from-the-papers-vipe"
    assert slug("`vipe-window`") == "vipe-window"


@pytest.mark.parametrize("page", pages(history=True), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    text = INLINE.sub("", FENCE.sub("", page.read_text(encoding="utf-8")))
    wrong = []
    for found in LINK.finditer(text):
        path, _, anchor = found["target"].partition("#")
        if path.startswith(("http://", "https://", "mailto:")):
            continue
        target = (page.parent / path).resolve() if path else page
        missing = not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target))
        outside = DOCS in page.parents and path and DOCS not in target.parents
        if missing or outside:
            wrong.append(found["target"])
    assert not wrong, f"{page} links to what is not there, or out of the site: {wrong}"


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_included_files_exist(page):
    for found in SNIPPET.finditer(page.read_text(encoding="utf-8")):
        assert (ROOT / found["path"]).is_file(), f"{page} includes {found['path']}"


def test_files_that_pages_name_exist():
    """A path of the repository in code, such as `docs/x.md` or `src/vpd/y.py`, is there."""
    named = re.compile(r"`((?:docs|src|tests|tools|benchmarks|examples)/[\w./-]+\.\w+)`")
    wrong = [
        f"{page.relative_to(ROOT)}: {path}"
        for page in pages()
        for path in named.findall(page.read_text(encoding="utf-8"))
        if not (ROOT / path).exists()
    ]
    assert not wrong


def test_the_site_loads_nothing_from_outside():
    settings = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert "font: false" in settings
    assert not re.search(r"https?://|extra_javascript|analytics", settings)
    styles = re.search(r"^extra_css: \[(.*)\]$", settings, re.MULTILINE)[1].split(", ")
    for style in styles:
        assert not re.search(r"https?:|//|@import", (DOCS / style).read_text(encoding="utf-8"))
    polyfill = re.search(r"polyfills: \[(\S*iframe-worker\S*)\]", settings)[1]
    assert (DOCS / polyfill).is_file()


@pytest.mark.slow
def test_the_site_builds_and_works_from_a_folder(tmp_path):
    """Built strictly; opened as a file it asks for nothing, fits a phone, and its search finds words."""
    pytest.importorskip("material")
    playwright = pytest.importorskip("playwright.sync_api")
    site = tmp_path / "site"
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(site)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    asked = []
    with playwright.sync_playwright() as start:
        browser = start.chromium.launch(executable_path=shutil.which("chromium"))
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.on("request", lambda request: asked.append(request.url))
        for file in sorted(site.rglob("*.html")):
            page.goto(file.as_uri())
            wide = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert wide <= 0, f"{file.name} is wider than a phone"
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto((site / "index.html").as_uri())
        page.fill("input[name=query]", "highlight reel")
        page.wait_for_selector(".md-search-result__item")
        browser.close()
    assert not [url for url in asked if not url.startswith(("file:", "data:", "blob:", "about:"))]


def test_every_page_is_in_the_navigation():
    """A page that no menu names fails the strict build."""
    settings = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    named = {str(page.relative_to(DOCS)) for page in pages() if DOCS in page.parents}
    shown = set(re.findall(r"[\w/-]+\.md", settings))
    assert named == shown
