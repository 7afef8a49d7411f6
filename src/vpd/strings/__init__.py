"""The texts that people read on the page, one file a language, and sentences made of them."""

from vpd.strings.sentence import FOLDER, Said, Sentence, to_page

__all__ = ["FOLDER", "Said", "Sentence", "to_page"]
