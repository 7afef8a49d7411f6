"""Feature files of others that are whole, and hold what features cannot be: named, and the rest answers."""

import shutil

import numpy as np
import pyarrow as pa
import pytest

import vpd
from vpd.errors import VpdError
from vpd.library.artefact import Recipe, read_table, write_arrow
from vpd.library.features import read_features, write_features
from vpd.types import FeatureSequence
from vpd.verbs.search_index import index_videos

QUERY = "a1@0.4-1.2"


def _of_numbers(number):
    def change(values):
        values[len(values) // 3 : len(values) // 2] = number
        return values

    return change


KINDS = {
    "nan": (_of_numbers(np.nan), "not finite"),
    "inf": (_of_numbers(np.inf), "not finite"),
    "wider": (lambda values: np.hstack([values, values[:, :3]]), "size 9"),
    "narrower": (lambda values: values[:, :1], "size 1"),
}


@pytest.fixture(params=KINDS)
def strange(request, layout, tmp_path):
    """The library with such features of a2, sealed as vpd seals them, and what is said of them."""
    library = vpd.Library(shutil.copytree(layout.root, tmp_path / "lib"))
    change, why = KINDS[request.param]
    path = library.layout.features("vipe-window", "a2")
    table = read_table(path)
    for name in ("regular", "mirrored"):
        values = np.array(table[name].combine_chunks().flatten()).reshape(len(table), -1)
        values = change(values.copy())
        column = pa.FixedSizeListArray.from_arrays(
            pa.array(values.ravel().astype(np.float32)), values.shape[1]
        )
        table = table.set_column(table.column_names.index(name), name, column)
    write_arrow(table.combine_chunks(), path, Recipe("teach", 1))
    return library, why


def test_a_search_answers_without_them_and_names_them(strange):
    library, why = strange
    found = library.search(QUERY, uncut=True)
    assert {row["video"] for row in found.rows()} == {"b1", "b2", "new1", "new2"}
    assert why in found.unanswered["a2"]
    assert "a2.arrow" in found.unanswered["a2"]
    assert set(index_videos(library.layout, "vipe-window").unread) == {"a2"}


@pytest.mark.parametrize(
    "ask",
    [
        lambda library: library.search(QUERY, uncut=False),
        lambda library: library.recognise(features="vipe-window"),
        lambda library: library.compare(QUERY, "a2@0.4-1.2"),
        lambda library: library.suggest(5),
    ],
    ids=["search", "recognise", "compare", "suggest"],
)
def test_other_verbs_name_the_file(strange, ask):
    library, why = strange
    with pytest.raises(VpdError, match=rf"a2\.arrow holds .*{why}"):
        ask(library)


def test_features_that_are_not_finite_are_written_as_none(tmp_path):
    values = np.zeros((4, 2, 3), np.float32)
    values[1, 0, 2], values[2, 1, 0] = np.nan, np.inf
    frames, ones = np.arange(4), np.ones(4)
    sequence = FeatureSequence("a", 0, frames, frames / 25, values, ones > 0, ones)
    write_features(tmp_path / "a.arrow", [sequence], 3, Recipe("embed", 1))
    assert read_features(tmp_path / "a.arrow")[0].valid.tolist() == [True, False, False, True]


def _with(name, values, kind=None):
    return lambda t: t.set_column(t.column_names.index(name), name, pa.array(values(len(t)), kind))


FORGED = {
    **{
        f"no {name}": lambda t, name=name: t.drop_columns([name]) for name in ("time_s", "athlete", "regular")
    },
    "text for times": _with("time_s", lambda n: ["x"] * n),
    "text for athletes": _with("athlete", lambda n: ["x"] * n),
    "one time": _with("time_s", np.zeros),
    "times backwards": _with("time_s", lambda n: np.arange(n)[::-1] / 25),
    "no times": _with("time_s", lambda n: np.full(n, np.nan)),
    "empty times": _with("time_s", lambda n: [None] * n, pa.float64()),
    "times of years": _with("time_s", lambda n: np.arange(n) * 1e9),
    "lists of any size": _with("regular", lambda n: [[1.0, 2.0]] * n, pa.list_(pa.float32())),
    "double features": _with("regular", lambda n: [[1.0] * 6] * n, pa.list_(pa.float64(), 6)),
}


@pytest.mark.parametrize("kind", FORGED)
def test_a_forged_file_is_named_and_the_rest_answers(layout, tmp_path, kind):
    library = vpd.Library(shutil.copytree(layout.root, tmp_path / "lib"))
    path = library.layout.features("vipe-window", "a2")
    write_arrow(FORGED[kind](read_table(path)).combine_chunks(), path, Recipe("teach", 1))
    found = library.search(QUERY, uncut=True)
    assert {row["video"] for row in found.rows()} == {"b1", "b2", "new1", "new2"}
    assert "a2.arrow" in found.unanswered["a2"]
    with pytest.raises(VpdError, match=r"a2\.arrow"):
        library.recognise(features="vipe-window")
    with pytest.raises(VpdError, match=r"a2\.arrow"):
        read_features(path)


def test_frames_before_the_first_are_refused(layout, tmp_path):
    path = tmp_path / "a2.arrow"
    table = _with("frame", lambda n: -np.arange(n))(read_table(layout.features("vipe-window", "a2")))
    write_arrow(table.combine_chunks(), path, Recipe("teach", 1))
    with pytest.raises(VpdError, match=r"a2\.arrow holds negative"):
        read_features(path)
