"""The documents as tests see them: pages, their prose, their code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
HISTORY = DOCS / "experiments"
"""Notes of what was tried: a record, whose words and links stay as they were."""
SNIPPET = re.compile(r'^--8<-- "(?P<path>[^"]+)"$', re.MULTILINE)
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w*)\n(?P<body>.*?)^(?P=indent)```$", re.DOTALL | re.MULTILINE
)
INDENTED = re.compile(r"(?:^(?: {4}|\t).*\n?(?:^\s*\n(?= {4}))*)+", re.MULTILINE)
CODE = "codespan"
"""Stands in sentences for a span of code."""
INLINE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class Block:
    """A block of code of a page: its language ("" where it is not said), text, and line."""

    page: Path
    line: int
    language: str
    text: str

    @property
    def place(self) -> str:
        """For test names."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages(history: bool = False) -> list[Path]:
    """README, what stands beside it, and the pages of the site; with ``history`` also the experiments."""
    beside = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")]
    site = [page for page in sorted(DOCS.rglob("*.md")) if history or HISTORY not in page.parents]
    return [*beside, *site]


def blocks(page: Path) -> Iterator[Block]:
    """The fenced and the indented blocks of a page, without included files, which have their own tests."""
    text = page.read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        if not SNIPPET.search(found["body"]):
            line = text.count("\n", 0, found.start()) + 2
            yield Block(page, line, found["language"], found["body"])
    rest = FENCE.sub(lambda m: "\n" * m[0].count("\n"), text)
    for found in INDENTED.finditer(rest):
        before = rest[: found.start()].rstrip("\n").rsplit("\n", 1)[-1]
        if re.match(r"\s*(?:[-*]|\d+\.) ", before):
            continue  # a list item goes on
        body = re.sub(r"^ {4}", "", found[0], flags=re.MULTILINE)
        yield Block(page, rest.count("\n", 0, found.start()) + 1, "", body)


def prose(text: str) -> str:
    """Markdown without code, tables, comments, headings' signs and links' targets."""
    text = FENCE.sub("\n", text)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r"^(?: {4}|\t).*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"^\s*\|.*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"^#.*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", text)
    text = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"^\s*(?:[-*]|\d+\.) ", "\n\n", text, flags=re.MULTILINE)
    return text.replace("**", "")


def sentences(text: str) -> list[str]:
    """The sentences of Markdown, code spans as one word each."""
    found = []
    for paragraph in re.split(r"\n\s*\n", INLINE.sub(CODE, prose(text))):
        flat = " ".join(paragraph.split())
        found += [s for s in re.split(r"(?<=[.!?])[)\"*]*\s+", flat) if re.search(r"[a-zA-Z]{2}", s)]
    return found


def words(sentence: str) -> list[str]:
    """The words of a sentence; numbers are none."""
    return re.findall(r"[A-Za-z][A-Za-z'’]*(?:-[A-Za-z]+)*", sentence)
