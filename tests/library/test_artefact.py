"""Artefacts are written whole, know what made them, and say so when damaged."""

import numpy as np
import pyarrow as pa
import pytest

from vpd.errors import ArtefactError
from vpd.library.artefact import Recipe, is_current, read_recipe, read_table, write_arrow, write_parquet
from vpd.library.features import read_features, write_features
from vpd.types import FeatureSequence

WRITERS = [(write_parquet, "a.parquet"), (write_arrow, "a.arrow")]


@pytest.mark.parametrize(("write", "name"), WRITERS)
def test_round_trip_and_key(tmp_path, write, name):
    recipe = Recipe("pose", 1, {"a": 1}, {"video": "k"}, {"note": "x"})
    path = tmp_path / "deep" / name
    write(pa.table({"x": [1, 2]}), path, recipe)
    assert read_table(path)["x"].to_pylist() == [1, 2]
    assert read_recipe(path)["key"] == recipe.key
    assert is_current(path, recipe)
    assert is_current(path, Recipe("pose", 1, {"a": 1}, {"video": "k"}, {"note": "other"}))
    for other in (
        Recipe("pose", 2, {"a": 1}, {"video": "k"}),
        Recipe("pose", 1, {"a": 2}, {"video": "k"}),
        Recipe("pose", 1, {"a": 1}, {"video": "l"}),
    ):
        assert not is_current(path, other)
    assert [p.name for p in path.parent.iterdir()] == [name]


@pytest.mark.parametrize(("write", "name"), WRITERS)
def test_damage_is_said(tmp_path, write, name):
    path = tmp_path / name
    recipe = Recipe("pose", 1)
    write(pa.table({"x": list(range(1000))}), path, recipe)
    path.write_bytes(path.read_bytes()[:-20])
    assert not is_current(path, recipe)
    with pytest.raises(ArtefactError, match=r"damaged.*vpd run"):
        read_table(path)


def test_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.parquet"
    write_parquet(pa.table({"x": [1]}), path, Recipe("s", 1))
    before = path.read_bytes()
    with pytest.raises(TypeError):
        write_parquet(pa.table({"x": [2]}), path, Recipe("s", 1, {"bad": object}))
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_features_round_trip(tmp_path):
    rng = np.random.default_rng(0)
    sequences = [
        FeatureSequence(
            video="v",
            athlete=athlete,
            frames=np.arange(n) + 3,
            times_s=(np.arange(n) + 3) / 25,
            values=rng.normal(size=(n, 2, 5)),
            valid=rng.random(n) < 0.7,
            scores=rng.random(n),
        )
        for athlete, n in ((0, 7), (2, 1))
    ]
    path = tmp_path / "v.arrow"
    write_features(path, sequences, 5, Recipe("embed", 1))
    back = read_features(path)
    assert [s.athlete for s in back] == [0, 2]
    for wrote, read in zip(sequences, back, strict=True):
        assert read.video == "v"
        np.testing.assert_array_equal(read.valid, wrote.valid)
        np.testing.assert_array_equal(read.frames, wrote.frames)
        np.testing.assert_array_equal(read.times_s, wrote.times_s)
        np.testing.assert_array_equal(read.values[wrote.valid], wrote.values[wrote.valid])
        assert np.isfinite(read.values).all()


def test_no_features_round_trip(tmp_path):
    path = tmp_path / "v.arrow"
    write_features(path, [], 5, Recipe("embed", 1))
    assert read_features(path) == []
