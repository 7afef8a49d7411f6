"""Shared parts of all pages: one style, one frame, and functions that escape users' text.

Every function escapes text that is not `Markup`. So a label such as ``<b>`` is shown as written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from vpd.library.artefact import write_text

HERE = Path(__file__).parent
LOOK = HERE / "look"
"""What these pages and the web page have in common; the web page serves it as /look."""
STYLE = (LOOK / "look.css").read_text(encoding="utf-8") + (HERE / "page.css").read_text(encoding="utf-8")
WARPING = Markup((LOOK / "warping.js").read_text(encoding="utf-8"))
"""The script that brings two executions in step. It is a module and stands in a page's own."""
_PLACE = re.compile(r"\{\{(\w+)\}\}")


def join(parts: Iterable[str]) -> Markup:
    """Concatenate the parts. Those that are not `Markup` are escaped."""
    return Markup("").join(parts)


def url(path: str) -> str:
    """The address of a file relative to the page. ``#``, ``?`` and ``%`` are quoted, because names may
    contain them.
    """
    return quote(path)


def fragment(name: str, **values: object) -> Markup:
    """The file ``name`` of this folder with ``{{value}}`` replaced. Replaced values are not scanned again."""
    text = (HERE / name).read_text(encoding="utf-8")
    # A function, because a pattern's replacement would read backslashes.
    return Markup(_PLACE.sub(lambda place: Markup.escape(values[place[1]]), text))


def write_page(path: Path, title: str, body: Markup) -> Path:
    """Write a complete page with its style, which loads nothing from elsewhere. Returns its path."""
    page = Markup(
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<title>{}</title>\n<style>\n{}</style>\n{}\n</html>\n"
    ).format(title, Markup(STYLE), body)
    write_text(page, path)
    return path


def table(header: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "text") -> Markup:
    """A table. ``kind`` "text" aligns all cells left, "" all but the first right."""
    lines = [join(Markup("<th>{}</th>").format(cell) for cell in header)]
    lines += [join(Markup("<td>{}</td>").format(cell) for cell in row) for row in rows]
    return Markup('<table class="{}">{}</table>').format(
        kind, join(Markup("<tr>{}</tr>\n").format(line) for line in lines)
    )


def bars(values: Mapping[str, tuple[float, str]], most: float) -> Markup:
    """Horizontal bars: for each name a value in 0..``most``, and its text."""
    row = Markup('<div>{}</div><div class="level"><i style="width:{:.1f}%"></i><span>{}</span></div>')
    shown = (row.format(name, 100 * value / most, text) for name, (value, text) in values.items())
    return Markup('<div class="bars">{}</div>').format(join(shown))


def picture(file: str, alt: str) -> Markup:
    """An image file."""
    return Markup('<img src="{}" alt="{}">').format(url(file), alt)


def clip(file: str, poster_s: float = 0.0) -> Markup:
    """A video file that plays on request. Before that it shows the frame at ``poster_s`` seconds."""
    moment = f"#t={poster_s:g}" if poster_s else ""
    return Markup('<video src="{}{}" controls muted loop preload="metadata"></video>').format(
        url(file), Markup(moment)
    )


def loop(file: str) -> Markup:
    """A video file that starts at once, repeats, and has no sound."""
    return Markup('<video src="{}" muted autoplay loop playsinline></video>').format(url(file))


def card(shown: Markup, title: str, lines: Sequence[str] = (), kind: str = "") -> Markup:
    """A picture or video with its caption. ``kind`` "query", "same" or "other" selects the colour of its
    frame.
    """
    caption = join(Markup("<small>{}</small>").format(line) for line in lines)
    return Markup('<figure class="card {}">{}<figcaption><b>{}</b>{}</figcaption></figure>').format(
        kind, shown, title, caption
    )


def script_data(value: Any) -> Markup:
    """``value`` as JSON for a script element. "<" is escaped, because it could end the element."""
    return Markup(json.dumps(value).replace("<", "\\u003c"))
