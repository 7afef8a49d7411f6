"""The texts that people read on the page, one file a language, and sentences made of them."""

from vpd.strings.sentence import FOLDER, Sentence

__all__ = ["FOLDER", "Sentence"]
