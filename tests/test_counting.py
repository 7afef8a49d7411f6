"""Sentences count in words that agree: 1 video, 2 videos."""

import re
from pathlib import Path

import pytest

import vpd
from vpd.counting import counted

NOUNS = "videos|labels|segments|frames|files|actions|clips|rows|events|pages|picks|moments"
AGREES = re.compile(r"counted\(|of \{|> 1")
"""A count by `counted`, of a whole that is larger, or where there are several."""


@pytest.mark.parametrize(
    ("count", "words", "said"),
    [
        (1, ("video",), "1 video"),
        (0, ("video",), "0 videos"),
        (3000, ("row is", "rows are"), "3,000 rows are"),
        (1, ("row is", "rows are"), "1 row is"),
    ],
)
def test_a_count_agrees_with_its_word(count, words, said):
    assert counted(count, *words) == said


@pytest.mark.parametrize("folder", ["cli", "verbs"])
def test_no_sentence_of_a_command_says_1_videos(folder):
    for path in sorted((Path(vpd.__file__).parent / folder).glob("*.py")):
        for line in path.read_text(encoding="utf-8").splitlines():
            assert not re.search(rf"\}} ({NOUNS})\b", line) or AGREES.search(line), (path.name, line)
