"""The documents, help and settings follow docs/style.md and docs/glossary.md."""

import ast
import re

import pytest

from tests.docs.pages import DOCS, FENCE, ROOT, pages, sentences, words
from tests.docs.reading import reading, syllables

EASY = [ROOT / "README.md", *sorted((DOCS / "coach").glob("*.md"))]
LEAST_EASE, MOST_MEAN_WORDS, MOST_WORDS = 50, 20, 40
DIALECT = {
    "goes on": "continues",
    "go on": "continue",
    "taken up": "continued",
    "told apart": "distinguished",
    "anew": "again",
    "anyhow": "in any case",
    "whoever": "who",
    "save for": "except",
    "hang on": "depend on",
    "thrice": "three times",
    "simply": "leave it out",
    "obviously": "leave it out",
    "utilise": "use",
    "utilize": "use",
    "leverage": "use",
}
"""Words of riddles and of brochures, and what to write instead."""


def glossary():
    """The words that the glossary refuses, with the term that stands for them."""
    rows = re.findall(
        r"^\| ([^|]+) \| [^|]+ \| ([^|]+) \|$",
        (DOCS / "glossary.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    return {
        word.strip(): term
        for term, words in rows
        for word in words.split(",")
        if word.strip() not in ("", "not")
    }


REFUSED = {**DIALECT, **glossary()}
PATTERN = re.compile(rf"\b(?:{'|'.join(map(re.escape, REFUSED))})\b", re.IGNORECASE)


def refused(text):
    return [f"{word!r}: write {REFUSED[word.lower()]!r}" for word in PATTERN.findall(text)]


def strings(path):
    """Docstrings, help texts and messages of a module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]


def test_the_glossary_refuses_words():
    assert {"workspace", "descriptor"} <= set(glossary())
    assert refused("The run goes on.") == ["'goes on': write 'continues'"]


CARDS = sorted((ROOT / "src" / "vpd" / "models").glob("*.md"))


@pytest.mark.parametrize("page", [*pages(), *CARDS], ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_use_the_words_of_the_glossary(page):
    if page.name in ("glossary.md", "style.md"):
        pytest.skip("quotes the words that are refused")
    assert not refused(page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("folder", ["cli", "settings", "verbs"])
def test_help_settings_and_messages_use_the_words_of_the_glossary(folder):
    found = [
        f"{path.name}: {problem}"
        for path in sorted((ROOT / "src" / "vpd" / folder).glob("*.py"))
        for text in strings(path)
        for problem in refused(text)
    ]
    assert not found


def docstrings(path):
    """Docstrings of a module, its classes and functions, and the texts below its constants."""
    alone = (
        n.value for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Expr)
    )
    return [n.value for n in alone if isinstance(n, ast.Constant) and isinstance(n.value, str)]


FOREIGN = {"annotation", "workspace"}
"""Terms of other programs' files, and a name in the code of the page."""


@pytest.mark.parametrize(
    "folder", sorted(p.name for p in (ROOT / "src" / "vpd").iterdir() if (p / "__init__.py").is_file())
)
def test_docstrings_use_the_words_of_the_glossary(folder):
    found = [
        f"{path.name}: {word!r}: write {REFUSED[word.lower()]!r}"
        for path in sorted((ROOT / "src" / "vpd" / folder).rglob("*.py"))
        for text in docstrings(path)
        for word in PATTERN.findall(text)
        if word.lower() not in FOREIGN
    ]
    assert not found


@pytest.mark.parametrize("page", EASY, ids=lambda page: page.name)
def test_readme_and_the_pages_of_coaches_read_easily(page):
    found = sentences(page.read_text(encoding="utf-8"))
    score = reading(found)
    assert score.ease >= LEAST_EASE
    assert score.mean_words <= MOST_MEAN_WORDS
    long = [s for s in found if len(words(s)) > MOST_WORDS]
    assert not long


def test_syllables():
    counts = {
        "time": 1,
        "table": 2,
        "label": 2,
        "estimated": 4,
        "recognise": 3,
        "the": 1,
        "boxes": 2,
    }
    assert {word: syllables(word) for word in counts} == counts


def test_sentences_leave_out_code_and_tables():
    text = "# A title\n\nOne `two three` four. Five (six) seven!\n\n| a | b |\n\n    vpd run\n\n- An item\n"
    assert sentences(text) == ["One codespan four.", "Five (six) seven!", "An item"]


def test_the_drawing_shows_every_package():
    shown = (DOCS / "images" / "architecture.svg").read_text(encoding="utf-8")
    layers = re.search(
        r"layers = \[(.*?)\]", (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.DOTALL
    )[1]
    for name in re.findall(r"\w+", layers):
        assert name == "__main__" or f">{name}<" in shown, f"{name}: run python tools/architecture.py"


@pytest.mark.parametrize("page", pages(history=True), ids=lambda page: str(page.relative_to(ROOT)))
def test_lists_and_tables_stand_apart(page):
    """A list or a table right below a sentence is shown as part of it."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    glued = re.findall(r"^(?![ |#<]|- |\* |\d+\. ).+\n(?:\||- |\d+\. ).*$", text, re.MULTILINE)
    assert not glued
