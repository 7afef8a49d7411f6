"""The user's table of classes."""

from __future__ import annotations

import pytest

from vpd.errors import InputError
from vpd.library.classes import ActionClass, read_classes

GOOD = """
["Rückhand, kurz"]
lead_s = 0.5
lag_s = 1
help = "From the swing to the touch."

[serve]

[impact]
kind = "point"
"""


def test_classes_keep_the_order_of_the_file(tmp_path):
    path = tmp_path / "classes.toml"
    path.write_text(GOOD, encoding="utf-8")
    assert read_classes(path) == {
        "Rückhand, kurz": ActionClass(lead_s=0.5, lag_s=1.0, help="From the swing to the touch."),
        "serve": ActionClass(),
        "impact": ActionClass(kind="point"),
    }
    assert list(read_classes(path)) == ["Rückhand, kurz", "serve", "impact"]


def test_without_a_file_there_are_no_classes(tmp_path):
    assert read_classes(tmp_path / "classes.toml") == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[serve]\nlead = 1", "class 'serve': lead"),
        ("[serve]\nlead_s = -1", "class 'serve': lead_s"),
        ("[serve]\nlag_s = nan", "class 'serve'"),
        ("[serve]\nlag_s = inf", "class 'serve'"),
        ('[serve]\nkind = "moment"', "class 'serve': kind"),
        ('[serve]\nkind = "point"\nlag_s = 1', "a point has no lead_s"),
        ("serve = 1", "'serve' is no class"),
        ("[[serve]]", "'serve' is no class"),
        ('[" serve"]', "at the ends. Write 'serve'"),
        ('["second\u00a0serve"]', "U+00A0 NO-BREAK SPACE. Write 'second serve'"),
        ('[""]', "no name"),
        ("[serve\n", "is not valid TOML"),
        (b"[ser\xffve]", "is not valid TOML"),
    ],
)
def test_what_is_not_understood_is_an_error_that_names_the_place(tmp_path, text, words):
    path = tmp_path / "classes.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError) as raised:
        read_classes(path)
    assert words in str(raised.value)
    assert str(path) in str(raised.value)
