"""Write a table of results as CSV, JSON, Markdown, LaTeX and an HTML page."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from vpd.library.artefact import write_text
from vpd.library.csv_file import csv_text
from vpd.paper.result import Cell, Line, ResultTable

EMPTY = "-"


def number(value: float | None, signed: bool = False) -> str:
    """A figure with one decimal; "-" where there is none."""
    if value is None:
        return EMPTY
    return f"{value:+.1f}" if signed else f"{value:.1f}"


def groups(table: ResultTable) -> Iterator[tuple[str, list[Line]]]:
    """Lines by group, in the order of first occurrence."""
    by_group: dict[str, list[Line]] = {}
    for line in table.lines:
        by_group.setdefault(line.group, []).append(line)
    yield from by_group.items()


def to_csv(table: ResultTable) -> str:
    """CSV with one line for each cell."""
    names = (
        "table,group,system,title,sees,library,data,measure,train,test,ours,sd,low95,high95,paper,difference,"
        "as_published,reason,coverage"
    )
    rows = []
    for line in table.lines:
        for heading, cell in zip(table.headings, line.cells, strict=True):
            figures = (cell.ours, cell.sd, cell.low, cell.high, cell.paper, cell.difference)
            rows.append([
                table.name, line.group, line.name, line.title, line.sees,
                heading.library, heading.data, heading.measure, heading.train, heading.test,
                *("" if v is None else f"{v:.4f}" for v in figures),
                int(table.as_published), cell.reason, heading.coverage,
            ])  # fmt: skip
    return csv_text(names.split(","), rows)


def to_json(table: ResultTable) -> str:
    """The whole table as plain values."""
    return json.dumps(asdict(table), indent=1, ensure_ascii=False) + "\n"


def _cell(cell: Cell) -> str:
    spread = "" if cell.sd is None else f" ± {cell.sd:.1f}"
    paper = "" if cell.paper is None else f" ({number(cell.paper)}; {number(cell.difference, True)})"
    return f"{number(cell.ours)}{spread}{paper}"


def to_markdown(table: ResultTable) -> str:
    """A table with a row for each system; in brackets the paper's figure and the difference."""
    heads = [_cell_text(f"{h.library}, {h.measure}") for h in table.headings]
    out = [f"## {table.title}", "", f"| | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for group, lines in groups(table):
        if group:
            out.append(f"| *{_cell_text(group)}* |{' |' * len(heads)}")
        for line in lines:
            cells = []
            for column, cell in enumerate(line.cells):
                best = cell.ours is not None and line.group and cell.ours == table.best(column)
                cells.append(f"**{_cell(cell)}**" if best else _cell(cell))
            out.append(f"| {_cell_text(_title(line))} | {' | '.join(cells)} |")
    out.append("")
    if any(cell.paper is not None for line in table.lines for cell in line.cells):
        out += ["In brackets: the paper's figure; ours less the paper's.", ""]
    out += [f"- {note}" for note in _notes(table)]
    return "\n".join(out) + "\n"


def _cell_text(text: str) -> str:
    """A text that neither ends its cell nor is HTML in Markdown."""
    return " ".join(text.split()).replace("|", r"\|").replace("<", "&lt;")


def _title(line: Line) -> str:
    return f"+ {line.title}" if line.quoted else line.title


def _notes(table: ResultTable) -> list[str]:
    quoted = (
        ["+: quoted from prior work, not run by the authors."] if any(x.quoted for x in table.lines) else []
    )
    return [*table.notes, *quoted, *(f"Not measured, {rows}: {reason}" for rows, reason in table.reasons())]


LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "±": r"$\pm$",
}
"""Letters that LaTeX prints otherwise, or not at all."""


def _latex(text: str) -> str:
    return "".join(LATEX.get(c, f"\\{c}" if c in "&%$#_{}" else c) for c in " ".join(text.split()))


def _grey(cell: Cell) -> str:
    """The paper's figure and the difference, in grey; "" where the paper has none."""
    if cell.paper is None:
        return ""
    difference = "" if cell.difference is None else f" (${number(cell.difference, True)}$)"
    return rf" \textcolor{{gray}}{{{number(cell.paper)}{difference}}}"


def to_latex(table: ResultTable) -> str:
    """A booktabs table: our figure, in grey the paper's and the difference (packages booktabs, xcolor)."""
    columns = "l" + "r" * len(table.headings)
    out = [
        r"% needs \usepackage{booktabs,xcolor}", r"\begin{table}", rf"\caption{{{_latex(table.title)}}}",
        rf"\begin{{tabular}}{{{columns}}}", r"\toprule",
    ]  # fmt: skip
    heads = [rf"\shortstack{{{_latex(h.library)}\\{_latex(h.measure)}}}" for h in table.headings]
    out.append(" & ".join(["", *heads]) + r" \\")
    for group, lines in groups(table):
        out.append(r"\midrule")
        if group:
            out.append(rf"\multicolumn{{{len(columns)}}}{{l}}{{\emph{{{_latex(group)}}}}} \\")
        best = [max((x.cells[i].ours or 0 for x in lines), default=0) for i in range(len(table.headings))]
        for line in lines:
            cells = []
            for i, cell in enumerate(line.cells):
                ours = number(cell.ours)
                if cell.ours is not None and group:
                    ours = rf"\underline{{{ours}}}" if cell.ours == best[i] and len(lines) > 1 else ours
                    ours = rf"\textbf{{{ours}}}" if cell.ours == table.best(i) else ours
                cells.append(ours + _grey(cell))
            out.append(" & ".join([_latex(_title(line)), *cells]) + r" \\")
    out += [r"\bottomrule", r"\end{tabular}"]
    out += [rf"\\ \footnotesize {_latex(note)}" for note in _notes(table)]
    return "\n".join([*out, r"\end{table}"]) + "\n"


STYLE = (
    "body{font:15px system-ui,sans-serif;margin:2em;max-width:90em}table{border-collapse:collapse}"
    "td,th{padding:.25em .7em;text-align:right;border-bottom:1px solid #ddd}td:first-child,th:first-child"
    "{text-align:left}.paper{color:#888}.group td{font-style:italic;border-bottom:1px solid #888}"
    ".best{font-weight:bold}.up{color:#176d2c}.down{color:#a02020}"
)


def _html_cell(table: ResultTable, line: Line, column: int, cell: Cell) -> str:
    best = cell.ours is not None and bool(line.group) and cell.ours == table.best(column)
    parts = [f'<span class="{"best" if best else ""}">{number(cell.ours)}</span>']
    if cell.sd is not None:
        parts.append(f"<small>± {cell.sd:.1f}</small>")
    if cell.paper is not None:
        parts.append(f'<span class="paper">{number(cell.paper)}</span>')
    if cell.difference is not None:
        side = "up" if cell.difference >= 0 else "down"
        parts.append(f'<small class="{side}">{number(cell.difference, True)}</small>')
    return f'<td title="{html.escape(cell.reason)}">{" ".join(parts)}</td>'


def to_html(table: ResultTable, figure: str = "") -> str:
    """A page without external files: our figures, the paper's in grey, the difference in colour."""
    heads = "".join(f"<th>{html.escape(h.library)}<br>{html.escape(h.measure)}</th>" for h in table.headings)
    rows = []
    for group, lines in groups(table):
        if group:
            rows.append(f'<tr class="group"><td>{html.escape(group)}</td></tr>')
        for line in lines:
            cells = "".join(_html_cell(table, line, i, cell) for i, cell in enumerate(line.cells))
            rows.append(f"<tr><td>{html.escape(_title(line))}</td>{cells}</tr>")
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in _notes(table))
    title = html.escape(table.title)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
        f"<h1>{title}</h1>{figure}<table><tr><th></th>{heads}</tr>{''.join(rows)}</table>"
        f"<p>Each cell: ours, <span class='paper'>the paper's</span>, the "
        f"difference.</p><ul>{notes}</ul></html>\n"
    )


def write_table(table: ResultTable, folder: Path, figure: str = "") -> list[Path]:
    """Write all five files into ``folder``, named after the table. Returns the paths."""
    name = table.name + ("-as-published" if table.as_published else "")
    texts = {
        "csv": to_csv(table),
        "json": to_json(table),
        "md": to_markdown(table),
        "tex": to_latex(table),
        "html": to_html(table, figure),
    }
    paths = [folder / f"{name}.{suffix}" for suffix in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        write_text(text, path)
    return paths
