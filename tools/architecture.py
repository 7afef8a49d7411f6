"""Draw the floors of the package and what imports what, from pyproject.toml and the sources.

python tools/architecture.py            # writes docs/images/architecture.svg
python tools/architecture.py --check    # exit code 1 where the drawing is not that of the sources
"""

from __future__ import annotations

import ast
import sys
import tomllib
from html import escape
from pathlib import Path

ROOT = Path(__file__).parents[1]
OUT = ROOT / "docs" / "images" / "architecture.svg"
WIDTH, ROW, LEFT = 1040, 30, 20
ABOUT_X, USES_X = 190, 640
MOST_ABOUT = 66
COLOURS = {
    "cli": "#f6d6c9", "web": "#f6d6c9", "api": "#f6d6c9",
    "paper": "#f7e7c4", "report": "#f7e7c4", "pipeline": "#f7e7c4", "verbs": "#f7e7c4",
    "student": "#d8e8d0", "suggestion": "#d8e8d0", "baselines": "#d8e8d0", "teachers": "#d8e8d0",
    "search": "#cfe5e5", "recognition": "#cfe5e5", "detection": "#cfe5e5",
}  # fmt: skip
GROUND = "#dde0ea"
LEGEND = (
    ("#f6d6c9", "what people call"),
    ("#f7e7c4", "what is done with a library"),
    ("#d8e8d0", "what learns features"),
    ("#cfe5e5", "what uses features"),
    (GROUND, "what all stand on"),
)


def floors(root: Path) -> list[list[str]]:
    """The packages of each floor, from the top, as the contract in pyproject.toml has them."""
    contracts = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    layers = contracts["tool"]["importlinter"]["contracts"][0]["layers"]
    named = [[name.strip(" ()") for name in layer.split("|")] for layer in layers]
    return [[n for n in floor if n != "__main__"] for floor in named if floor != ["__main__"]]


def _files(root: Path, name: str) -> list[Path]:
    folder = root / "src" / "vpd" / name
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


def about(root: Path, name: str) -> str:
    """The first sentence of the package."""
    folder = root / "src" / "vpd" / name
    file = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    sentence = text.split("\n\n")[0].replace("\n", " ").split(". ")[0].rstrip(".")
    return sentence if len(sentence) <= MOST_ABOUT else sentence[:MOST_ABOUT].rsplit(" ", 1)[0] + " ..."


def uses(root: Path, name: str, known: set[str]) -> list[str]:
    """The packages that ``name`` imports from."""
    found = set()
    for file in _files(root, name):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            modules = []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            elif isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            found |= {m.split(".")[1] for m in modules if m.startswith("vpd.")}
    return sorted((found & known) - {name, "errors", "types"})


def _text(x: float, y: float, text: str, style: str = "") -> str:
    return f'<text x="{x}" y="{y}" {style}>{escape(text)}</text>'


def drawing(root: Path) -> str:
    """The SVG."""
    rows = floors(root)
    known = {name for floor in rows for name in floor}
    count = sum(map(len, rows))
    height = 90 + count * ROW + len(rows) * 4 + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
        'font-size="13" fill="#222">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        _text(
            LEFT, 26, "A package imports only from packages below it.", 'font-size="15" font-weight="bold"'
        ),
        _text(USES_X, 76, "imports from (errors and types left out)", 'font-style="italic"'),
        _text(ABOUT_X, 76, "what it is for", 'font-style="italic"'),
    ]
    x = LEFT
    for colour, said in LEGEND:
        parts.append(f'<rect x="{x}" y="40" width="14" height="14" fill="{colour}" stroke="#999"/>')
        parts.append(_text(x + 20, 52, said))
        x += 50 + 7 * len(said)
    y = 84
    for floor in rows:
        for name in floor:
            fill = COLOURS.get(name, GROUND)
            parts.append(
                f'<rect x="{LEFT}" y="{y}" width="{WIDTH - 2 * LEFT}" height="{ROW - 2}" fill="{fill}"/>'
            )
            parts.append(_text(LEFT + 10, y + 19, name, 'font-weight="bold"'))
            parts.append(_text(ABOUT_X, y + 19, about(root, name), 'font-size="12"'))
            used = uses(root, name, known)
            said = ", ".join(used) if len(used) <= 7 else ", ".join(used[:6]) + f" and {len(used) - 6} more"
            parts.append(_text(USES_X, y + 19, said, 'font-size="11" fill="#555"'))
            y += ROW
        y += 4
    return "\n".join([*parts, "</svg>"]) + "\n"


def main() -> int:
    """Write or check; the exit code."""
    wanted = drawing(ROOT)
    if "--check" in sys.argv:
        same = OUT.is_file() and OUT.read_text(encoding="utf-8") == wanted
        print("" if same else f"{OUT} is not that of the sources. Run python tools/architecture.py.")
        return 0 if same else 1
    OUT.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
