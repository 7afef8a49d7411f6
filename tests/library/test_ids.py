"""Ids of videos can be file names on every system, and never lead out of the library."""

from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vpd.errors import ArtefactError
from vpd.library.artefact import Recipe, write_parquet
from vpd.library.ids import MOST_BYTES, check_id, new_id
from vpd.library.layout import Layout
from vpd.library.videos import SCHEMA, VideoRow, Videos


@given(st.text(st.characters(exclude_characters="/\x00"), min_size=1).filter(lambda s: s not in (".", "..")))
def test_every_name_gives_a_fit_id(name):
    video = new_id(Path("/folder") / f"{name}.mp4", set())
    check_id(video, Path("table"))
    assert 0 < len(video.encode()) <= MOST_BYTES
    assert not set(video) & set('\\/:*?"<>|')
    assert video == video.strip()
    assert not video.endswith(".")


@pytest.mark.parametrize("name", ["con", "NUL.part", "com1", "Aux", "lpt9.x"])
def test_windows_devices_are_no_ids(name):
    assert new_id(Path(f"/f/{name}.mp4"), set()) == f"_{name}"


def test_long_names_stay_apart():
    long = "中" * 80
    first = new_id(Path(f"/f/{long}a.mp4"), set())
    second = new_id(Path(f"/f/{long}b.mp4"), {first.casefold()})
    assert first.casefold() != second.casefold()
    assert len(second.encode()) <= MOST_BYTES


@pytest.mark.parametrize(
    "video",
    ["../../victim/evil", "/tmp/absolute", "C:\\evil", "..", "", "a\x1b]52;c;x", "\u202egpj.exe", "x" * 300],
)
def test_a_table_made_by_others_cannot_lead_out_of_the_library(tmp_path, video):
    layout = Layout(tmp_path)
    rows = [asdict(VideoRow(name, "/v/a.mp4", "a.mp4", 1, 1)) for name in ("fit", video, "y" * 100)]
    write_parquet(pa.Table.from_pylist(rows, SCHEMA), layout.videos, Recipe("videos", 1))
    with pytest.raises(ArtefactError, match="names a video"):
        Videos.read(layout)
