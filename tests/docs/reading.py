"""How easily a text reads: Flesch's formula, with syllables counted by groups of vowels."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tests.docs.pages import CODE, words


@dataclass(frozen=True)
class Reading:
    """Flesch reading ease (about 0..100, higher is easier), and mean words a sentence."""

    ease: float
    mean_words: float


def syllables(word: str) -> int:
    """Syllables of an English word: groups of vowels, without a silent e."""
    word = word.lower()
    count = len(re.findall(r"[aeiouy]+", word))
    if (
        re.search(r"[^aeiouyl]e$", word)
        or re.search(r"[^aeiouytd]ed$", word)
        or re.search(r"[^aeiouysxzhgc]es$", word)
    ):
        count -= 1
    return max(1, count)


def reading(sentences: Sequence[str]) -> Reading:
    """Of these sentences together (Flesch 1948: 206.835 - 1.015 words/sentences - 84.6 syllables/words)."""
    found = [w for s in sentences for w in words(s)]
    mean_words = len(found) / len(sentences)
    plain = [w for w in found if w != CODE]
    mean_syllables = sum(map(syllables, plain)) / len(plain)
    return Reading(206.835 - 1.015 * mean_words - 84.6 * mean_syllables, mean_words)
