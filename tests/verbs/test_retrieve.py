"""`vpd retrieve` takes the queries that the library names."""

import shutil

import pytest

from vpd.errors import LabelError
from vpd.library.layout import Layout
from vpd.verbs.retrieve import RetrieveRequest, retrieve


def test_the_queries_of_the_library_are_taken(layout, tmp_path):
    shutil.copytree(layout.root, tmp_path / "lib")
    library, asked = Layout(tmp_path / "lib"), RetrieveRequest(["joints2d"])
    assert retrieve(library, asked).figures["joints2d"].queries == 4
    library.queries.write_text("video\na1\nb2\n")
    found = retrieve(library, asked)
    assert found.figures["joints2d"].queries == 2
    assert found.figures["joints2d"].precision == {1: 1.0}
    assert "2 of 4 labelled actions are queries (queries.csv)." in map(str, found.notes)
    assert found.together["joints2d"].queries == 2
    library.queries.write_text("video\na1\nnowhere\n")
    assert "1 row of queries.csv names no labelled action" in " ".join(
        map(str, retrieve(library, asked).notes)
    )
    library.queries.write_text("video,start_s,end_s\na1,0.4,1.2\n")
    with pytest.raises(LabelError, match="start_s is not read: write a query into video, as VIDEO@START-END"):
        retrieve(library, asked)


def test_more_actions_than_a_graph_holds_are_ranked_by_distance_alone(layout, monkeypatch):
    whole = retrieve(layout, RetrieveRequest(["joints2d"]))
    assert list(whole.together) == ["joints2d"]
    monkeypatch.setattr("vpd.verbs.retrieve.MOST", 3)
    alone = retrieve(layout, RetrieveRequest(["joints2d"]))
    assert alone.together == {}
    assert alone.figures == whole.figures
    assert "joints2d: more than 3 actions are ranked by distance alone." in map(str, alone.notes)
