"""Rows that are made when somebody asks for them are those of the table."""

from dataclasses import dataclass

import pyarrow as pa
import pytest

from vpd.library.rows_by_id import AT_ONCE, FEW, RowsById, columns_of


@dataclass(frozen=True)
class Row:
    video: str
    status: str
    frames: int


@pytest.fixture
def made():
    """The rows that were made, as they are."""
    return []


@pytest.fixture
def rows(made):
    count = AT_ONCE + 5
    table = pa.table(
        {
            "video": [f"v{i}" for i in range(count)],
            "status": [("ok", "new")[i % 2] for i in range(count)],
            "frames": list(range(count)),
        }
    )

    def make(*values, **named):
        made.append(Row(*values, **named))
        return made[-1]

    return RowsById(table, make, frozenset({"video"}))


def test_one_row_is_made_where_one_is_asked_for(rows, made):
    assert rows["v7"] == Row("v7", "new", 7)
    assert rows["v7"] is made[0]
    assert "v8" in rows
    assert rows.get("x") is None
    assert list(columns_of(rows, "frames", "status"))[6:8] == [("v6", 6, "ok"), ("v7", 7, "new")]
    assert len(rows) == AT_ONCE + 5
    assert len(made) == 1


def test_all_rows_are_made_once_in_order(rows, made):
    first = rows["v1"]
    values = list(rows.values())
    assert [row.frames for row in values] == list(range(AT_ONCE + 5))
    assert values[1] is first
    assert list(rows.items()) == [(row.video, row) for row in values]
    assert len(made) == AT_ONCE + 6
    assert values[0].status is values[2].status


def test_all_rows_are_made_where_many_are_asked_for_one_by_one(rows, made):
    assert [rows[f"v{i}"].frames for i in range(FEW + 1)] == list(range(FEW + 1))
    assert len(made) == FEW + AT_ONCE + 5
    assert rows["v4097"].frames == 4097


def test_what_is_put_or_deleted_counts(rows):
    rows["v3"] = Row("v3", "set aside", -1)
    rows["new"] = Row("new", "new", 0)
    del rows["v4"]
    for _ in range(2):  # before and after all rows are made
        found = list(columns_of(rows, "frames"))
        assert found[2:5] == [("v2", 2), ("v3", -1), ("v5", 5)]
        assert found[-1] == ("new", 0)
        assert [row.frames for row in rows.values()] == [frames for _, frames in found]
    assert dict(columns_of(dict(rows), "frames")) == dict(columns_of(rows, "frames"))
