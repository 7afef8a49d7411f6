"""Detect the encoding of a text file from its bytes."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from vpd.errors import InputError

BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks, longer ones first. The codecs read the mark and write it again."""
SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How files of spreadsheet programs begin."""
WESTERN = "cp1252"
RIVALS = ("cp1250", "cp1254")
"""Windows code pages of Latin letters that share many letters with the Western one."""
LETTERS = b"\xc0"
"""First byte of the accented letters in these. Before it, old Macs have theirs (mac_roman)."""


@dataclass(frozen=True)
class Decoded:
    """A text and the codec that writes it back."""

    text: str
    encoding: str


def decode(content: bytes, encoding: str | None = None) -> Decoded:
    """Decode ``content`` as UTF-8, UTF-16 or UTF-32 by its mark, else as UTF-8, else as Windows-1252.

    Windows-1252 is accepted only where each of its letters means the same in the Central European and the
    Turkish code page, and stands beside an ASCII letter. So the text cannot be in another Latin code page,
    nor in a Cyrillic, Greek or Asian one. Raises InputError, with the line, where the bytes do not decide.

    Parameters
    ----------
    encoding : a codec's name, where the user knows it.
    """
    if encoding is not None:
        return Decoded(_by_name(content, encoding), encoding)
    for mark, codec in BOMS:
        if content.startswith(mark):
            return Decoded(_by_name(content, codec), codec)
    if b"\x00" in content:
        return _without_mark(content)
    try:
        return Decoded(content.decode("utf-8"), "utf-8")
    except UnicodeDecodeError as error:
        _check_western(content, error.start)
        return Decoded(content.decode(WESTERN), WESTERN)


def _by_name(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except LookupError:
        raise InputError(f"there is no encoding {encoding!r}") from None
    except UnicodeError as error:
        raise InputError(f"it is not whole text in the encoding {encoding} ({error})") from error


def _without_mark(content: bytes) -> Decoded:
    """The UTF-16 codec of a text without a mark, by zeros at every other byte while its letters are mostly
    ASCII.
    """
    odd, even = content[1::2].count(0), content[::2].count(0)
    half = len(content) // 2
    if len(content) % 2 == 0 and max(odd, even) > 0.5 * half and min(odd, even) == 0:
        codec = "utf-16-le" if odd else "utf-16-be"
        return Decoded(_by_name(content, codec), codec)
    if content.startswith(SPREADSHEETS):
        raise InputError("it is a spreadsheet or an archive, no text. Save it as CSV (in Excel: CSV UTF-8)")
    line = _line(content, content.index(0))
    raise InputError(f"line {line}: there is a zero byte, so that it is no text or damaged")


def _line(content: bytes, place: int) -> int:
    return len(re.findall(rb"\r\n|\r|\n", content[:place])) + 1


def _check_western(content: bytes, first_wrong: int) -> None:
    for match in re.finditer(rb"[\x80-\xff]", content):
        place = match.start()
        beside = content[max(0, place - 1) : place] + content[place + 1 : place + 2]
        rivals = RIVALS if match[0] >= LETTERS else (*RIVALS, "mac_roman")
        readings = {codec: _letter(match[0], codec) for codec in (WESTERN, *rivals)}
        if len(set(readings.values())) > 1 or not readings[WESTERN].isalpha() or not _ascii_letter(beside):
            raise InputError(
                f"line {_line(content, place)}: the file is not UTF-8 (first wrong byte in line "
                f"{_line(content, first_wrong)}), and byte 0x{match[0].hex()} does not tell its encoding"
                f"{_choices(readings)}. Save it as UTF-8 (in Excel: CSV UTF-8)"
            )


def _letter(byte: bytes, codec: str) -> str:
    return byte.decode(codec, errors="replace")


def _ascii_letter(beside: bytes) -> bool:
    return any(byte < 128 and chr(byte).isalpha() for byte in beside)


def _choices(readings: dict[str, str]) -> str:
    letters = {letter: codec for codec, letter in reversed(readings.items()) if letter.isalpha()}
    if len(letters) < 2:
        return ""
    return " (" + " or ".join(f"{letter!r} in {codec}" for letter, codec in letters.items()) + ")"
