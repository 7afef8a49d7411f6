"""Names of labels: what looks the same is the same, and what can be read can be changed."""

import unicodedata

import pytest

from tests.library.test_label_store import library
from vpd.errors import InputError
from vpd.library.label_check import check_labels
from vpd.library.label_names import label_name, other_letters
from vpd.library.label_store import Changes, LabelStore

BLANKS = "\u00a0\u1680\u2002\u2007\u2009\u202f\u205f\u3000"
NO_WIDTH = "\u00ad\u200b\u200e\u200f\u202a\u2060\u2066\ufeff"
KEPT = ["=lob, [x]", "تک\u200cدست", "🤸\u200d♀\ufe0f", "サーブ", "a.b@c#d%"]


@pytest.mark.parametrize("blank", BLANKS)
def test_every_blank_is_one_blank(blank):
    assert label_name(f"second{blank}serve") == label_name(f" second {blank} serve{blank}") == "second serve"
    assert other_letters(f"second{blank}serve").startswith(f"U+{ord(blank):04X} ")


@pytest.mark.parametrize("letter", NO_WIDTH)
def test_what_has_no_width_is_left_out(letter):
    assert label_name(f"{letter}ser{letter}ve") == "serve"
    assert other_letters(f"ser{letter}ve").startswith(f"U+{ord(letter):04X}")


@pytest.mark.parametrize("text", KEPT)
def test_all_else_stays(text):
    assert label_name(text) == text
    assert other_letters(text) == ""


@pytest.mark.parametrize("name", ["café", "Rückhand", "サーブ が", "å", "한국"])
def test_accents_in_two_spellings_are_one_name(name):
    apart = unicodedata.normalize("NFD", name)
    assert apart != name
    assert label_name(apart) == label_name(name) == name
    assert other_letters(apart) == "accents apart from their letters"


def test_blanks_side_by_side_are_said():
    assert other_letters("second  serve") == "blanks side by side or at the ends"


@pytest.mark.parametrize("letter", ["\n", "\t", "\0", "\x96", "\u2028", "\ud800", "\ufffe"])
def test_what_is_no_letter_is_refused_by_its_number(letter):
    with pytest.raises(InputError, match=rf"U\+{ord(letter):04X}"):
        label_name(f"a{letter}b")


@pytest.mark.parametrize("text", ["", " ", "\u200b", "\u00a0\ufeff"])
def test_what_shows_nothing_is_empty(text):
    with pytest.raises(InputError, match="empty"):
        label_name(text)


@pytest.mark.parametrize("letter", [*BLANKS, *NO_WIDTH, "\u200c", "\u200d", "\ue000"])
def test_a_label_that_can_be_read_can_be_moved_renamed_and_removed(tmp_path, letter):
    layout = library(tmp_path)
    before = f"video,start_s,end_s,label\none,1,2,a{letter}b\none,3,4,a{letter}b\n"
    layout.labels.write_text(before, encoding="utf-8")
    store = LabelStore(layout)
    first, second = store.read().labels
    assert first.segment.label == label_name(f"a{letter}b")
    assert layout.labels.read_text(encoding="utf-8") == before
    notes = [f for f in check_labels(store.read(), store.videos) if f.kind == "label spelt otherwise"]
    assert [f"U+{ord(letter):04X}" in note.text for note in notes] == [True] * (letter in BLANKS + NO_WIDTH)
    moved = store.edit(first.id, Changes(end_s=2.5))
    assert (moved.segment.label, moved.record.text("label")) == (first.segment.label,) * 2
    assert store.edit(first.id, Changes(label="c")).segment.label == "c"
    store.remove([second.id])
    assert [label.segment.label for label in store.read().labels] == ["c"]
