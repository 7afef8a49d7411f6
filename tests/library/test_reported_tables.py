"""Tables after public bug reports: each reads as its README says."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.shared import shared_path
from vpd.library.labels import read_labels
from vpd.library.layout import Layout
from vpd.library.names import VideoNames
from vpd.library.videos import VideoRow, Videos
from vpd.recognition.split import Place, read_split, write_split
from vpd.types import Segment, VideoInfo


@pytest.fixture
def videos(tmp_path):
    info = [
        VideoInfo(name, Path(f"/v/{name}.mp4"), "k", 64, 48, 0, Fraction(20), np.arange(319) / 20)
        for name in ("match_1", "match_2")
    ]
    return Videos(Layout(tmp_path), [VideoRow(i.video, str(i.path), "", 1, 1).scanned(i) for i in info])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("excel_de", [(1.236, 3.406, "Rückhand"), (3.914, 5.554, "Aufschlag")]),
        ("excel_de_cp1252", [(1.236, 3.406, "Rückhand")]),
        ("excel_unicode_utf16", [(1.236, 3.406, "Rückhand")]),
        ("sep_line", [(1.236, 3.406, "serve")]),
        ("header_case", [(1.2, 3.4, "serve")]),
    ],
)
def test_excel(videos, name, expected):
    labels = read_labels(shared_path(f"data/reports/excel_csv/{name}.csv"), videos)
    assert labels == [Segment("match_1", start, end, None, label) for start, end, label in expected]


def test_a_split_of_ids_with_dots_is_read_back(tmp_path):
    path = shared_path("data/reports/dotted_names/splits.csv")
    expected = {"final.2023": Place("final.2023", "train"), "final.2024": Place("final.2024", "test")}
    names = VideoNames([("final.2023", "/v/final.2023.mp4"), ("final.2024", "/v/final.2024.mp4")])
    assert read_split(path) == read_split(path, names) == expected
    write_split(tmp_path / "splits.csv", expected)
    assert (tmp_path / "splits.csv").read_text() == path.read_text()
