"""Text of users on the terminal."""

import io

from rich.console import Console

from vpd.report.terminal import PlainTable, length_text, visible


def test_control_characters_are_written_out():
    said = visible("a\x1b]52;c;ZXZpbA==\x07b\x9b31m \u202eevil\u2069 c\r")
    assert said == "a\\x1b]52;c;ZXZpbA==\\x07b\\x9b31m \\u202eevil\\u2069 c\\r"
    assert visible("Schlag [flat] 打 #1 %41 {{x}}\n\té") == "Schlag [flat] 打 #1 %41 {{x}}\n\té"


def test_tables_hold_no_escape_of_a_cell():
    out = io.StringIO()
    table = PlainTable("label")
    table.add_column("library [one]")
    table.add_row("\x1b[2Jforehand [flat]", "")
    Console(file=out, force_terminal=True, color_system=None).print(table)
    assert "\\x1b[2Jforehand [flat]" in out.getvalue()
    assert "library [one]" in out.getvalue()
    assert "\x1b[2J" not in out.getvalue()


def test_lengths_of_video_are_told_in_the_unit_that_suits():
    told = [length_text(seconds) for seconds in (0, 21.4, 119, 120, 7199, 7200, 3.6e6)]
    assert told == ["0 s", "21 s", "119 s", "2.0 minutes", "120.0 minutes", "2.0 hours", "1,000.0 hours"]


def test_a_name_wider_than_its_column_is_printed_whole():
    table = PlainTable("name", "about")
    table.add_row("a_long_name_" * 6, "one two three")
    console = Console(width=40)
    with console.capture() as printed:
        console.print(table)
    cells = [line.split("\u2502")[1].strip() for line in printed.get().splitlines() if "\u2502" in line]
    assert "".join(cells) == "a_long_name_" * 6
