"""Columns as arrays: what Arrow's own conversion gives, without pandas."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from vpd.library.columns import is_filled, values_of

COLUMNS = {
    "int32": pa.array([3, 1, 2, 5], pa.int32()),
    "float64": pa.array([0.5, -1.0, 2.0, np.nan]),
    "float16": pa.array(np.array([0.5, 1.0, 2.0, 4.0], np.float16)),
    "bool": pa.array([True, False, True, True] * 5),
    "with gaps": pa.array([1, None, 3, 4]),
    "bool with gaps": pa.array([True, None, False, True]),
    "text": pa.array(["a", "b", "c", "d"]),
    "times": pa.array([1, 2, 3, 4], pa.timestamp("ms")),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_values_are_those_of_arrow(name: str) -> None:
    column = COLUMNS[name]
    whole = pa.chunked_array([column])
    for piece in (column, column[1:3], column[:0], column[3:]):
        expected = piece.to_numpy(zero_copy_only=False)
        np.testing.assert_array_equal(values_of(piece), expected)
        assert values_of(piece).dtype == expected.dtype
    for chunked in (whole, whole.slice(1, 2), pa.chunked_array([column[:1], column[2:]]), whole.slice(4)):
        np.testing.assert_array_equal(values_of(chunked), chunked.to_numpy())
    assert len(values_of(pa.chunked_array([], column.type))) == 0


@pytest.mark.parametrize("name", [*COLUMNS, "lists"])
def test_what_has_a_value_is_what_arrow_says(name: str) -> None:
    column = COLUMNS.get(name, pa.array([[1.0], None, [2.0], None], pa.list_(pa.float32(), 1)))
    for piece in (column, column[1:3], column[:0], pa.chunked_array([column[:1], column[2:]])):
        assert is_filled(piece).tolist() == piece.is_valid().to_pylist()
        assert is_filled(piece).dtype == np.bool_


def test_neither_pandas_nor_functions_of_arrow_are_imported(tmp_path) -> None:
    path = tmp_path / "table.arrow"
    table = pa.table({"number": [1, 2], "there": [True, False]})
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as out:
        out.write_table(table)
    code = (
        "import sys, pyarrow as pa; from vpd.library.columns import is_filled, values_of; "
        f"table = pa.ipc.open_file(pa.memory_map({str(path)!r})).read_all(); "
        "print([values_of(column).tolist() for column in table.columns], is_filled(table['there']).tolist(), "
        "[name for name in ('pandas', 'pyarrow.compute') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[[1, 2], [True, False]] [True, True] []"
