"""Links, anchors, pictures and included files of the documents exist; nothing is loaded from outside."""

import re

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
    assert not re.search(r"https?://|extra_css|extra_javascript|analytics", settings)
