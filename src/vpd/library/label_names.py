"""The rule for names of labels: which texts are one name, and which are none.

Every reader and writer of labels, and every import, calls `label_name`.
"""

from __future__ import annotations

import unicodedata

from vpd.errors import InputError
from vpd.strings import Sentence

_NO_WIDTH = dict.fromkeys(
    (
        0xAD,
        0x61C,
        0x180E,
        0x200B,
        0x200E,
        0x200F,
        *range(0x202A, 0x202F),
        0x2060,
        *range(0x2066, 0x206A),
        0xFEFF,
    )
)
"""Soft hyphen, blanks and joins without width, marks of the writing direction: text that is copied from a
page or a document holds them. U+200C and U+200D are letters of Persian, of Indian scripts and of emoji, and
stay.
"""
_NONE = ("Cc", "Cs", "Zl", "Zp")
"""Unicode's categories of control characters, halves of pairs, line and paragraph ends."""
_NONCHARACTERS = "\ufffe\uffff"


def label_name(text: str) -> str:
    """The name that a text means. Texts that look the same mean the same.

    Blanks of every kind and length, such as no-break blanks (U+00A0), count as one ordinary blank; those at
    the ends, and characters without width, are left out. An accent that is written after its letter, as macOS
    does in names of files, joins it (Unicode's NFC). All else stays as it is written. Raises InputError for
    an empty name, and for a line break or control character, which it names.

    Examples
    --------
    >>> label_name(" second\\u00a0serve\\u200b")
    'second serve'
    """
    if not isinstance(text, str):
        raise InputError(f"the label {text!r} is no text")
    for letter in text:
        if unicodedata.category(letter) in _NONE or letter in _NONCHARACTERS:
            raise InputError(Sentence("error_label_letters", {"label": repr(text), "letter": _named(letter)}))
    name = " ".join(unicodedata.normalize("NFC", text.translate(_NO_WIDTH)).split())
    if not name:
        raise InputError(Sentence("error_label_empty"))
    return name


def other_letters(text: str) -> str:
    """The characters that `label_name` replaces or leaves out, in words; "" where it keeps the text."""
    other = dict.fromkeys(c for c in text if ord(c) in _NO_WIDTH or (c.isspace() and c != " "))
    if other or text == label_name(text):
        return ", ".join(map(_named, other))
    if unicodedata.normalize("NFC", text) != text:
        return "accents apart from their letters"
    return "blanks side by side or at the ends"


def _named(letter: str) -> str:
    return f"U+{ord(letter):04X} {unicodedata.name(letter, '')}".strip()
