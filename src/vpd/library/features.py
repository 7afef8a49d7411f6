"""The feature file: one feature a frame of an athlete, as it is and mirrored."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from vpd.errors import ArtefactError
from vpd.library.artefact import Recipe, damaged, map_table, read_recipe, read_table, write_arrow
from vpd.library.columns import is_filled, values_of
from vpd.library.rows import by_athlete, joined
from vpd.types import MIRRORED, REGULAR, Array, FeatureSequence


def _column(values: Array, valid: Array) -> pa.Array:
    flat = pa.array(np.ascontiguousarray(values, np.float32).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(flat, values.shape[1], mask=pa.array(~valid))


WHOLE, REAL = ("frame", "athlete"), ("time_s", "score")
"""The columns of one number a row, whole ones and others."""
VALUES = ("regular", "mirrored")
"""The columns of features: of the athlete, and of the athlete mirrored."""
MOST_S = 1e7
"""No recording has a later time, or one that is further before its beginning: four months."""
CONTENT = "content"
"""Key in the notes of a feature file: the content key of the video that it was made from."""


def content_of(path: Path) -> str:
    """The content key of the video that a feature file was made from; "" where it is not noted."""
    return str(read_recipe(path)["notes"].get(CONTENT, ""))


def write_features(path: Path, sequences: list[FeatureSequence], d: int, recipe: Recipe) -> None:
    """Write the features of one video, athlete after athlete, completely or not at all.

    Features that are not finite are written as none.

    Parameters
    ----------
    path : Path
        The file: `Layout.features(name, video)`.
    sequences : list of FeatureSequence
        One an athlete; may be empty.
    d : int
        Size of a feature, needed where there are no sequences.
    recipe : Recipe
        What the features are made from: the step's name, its version, settings and keys of inputs.

    Raises
    ------
    DiskFullError
        Where the disk is full.

    Examples
    --------
    >>> from vpd.library.artefact import Recipe
    >>> sequences = read_features(library.layout.features("joints2d", "scene1_a"))
    >>> write_features(folder / "scene1_a.arrow", sequences, 26, Recipe("mine", version=1))
    >>> len(read_features(folder / "scene1_a.arrow")[0])
    319
    """

    values = joined([s.values for s in sequences], np.empty((0, 2, d), np.float32))
    valid = joined([s.valid for s in sequences], np.empty(0, np.bool_))
    valid = valid & np.isfinite(values).all(axis=(1, 2))
    athletes = [np.full(len(s), s.athlete, np.int32) for s in sequences]
    table = pa.table(
        {
            "frame": joined([s.frames for s in sequences], np.empty(0, np.int64)),
            "time_s": joined([s.times_s for s in sequences], np.empty(0, np.float64)),
            "athlete": joined(athletes, np.empty(0, np.int32)),
            "score": joined([s.scores for s in sequences], np.empty(0, np.float32)),
            "regular": _column(values[:, REGULAR], valid),
            "mirrored": _column(values[:, MIRRORED], valid),
        }
    )
    write_arrow(table.combine_chunks(), path, recipe)


def column_values(column: pa.ChunkedArray) -> Array:
    """The features (rows, d) of a column of a feature file that has rows, without a copy."""
    array = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    d = array.type.list_size
    flat: Array = values_of(array.values).reshape(-1, d)
    return flat[array.offset : array.offset + len(array)]


def _strange(path: Path, what: str) -> ArtefactError:
    return ArtefactError(f"{path} holds {what}. Delete it; `vpd run` makes it again.")


def must_have_columns(path: Path, table: pa.Table, *names: str) -> None:
    """Raise ArtefactError where a column is missing, or holds what it may not, as in files of others.

    Rows of `VALUES` may be without a value; their size is left open.
    """
    for name in names:
        if name not in table.column_names:
            raise ArtefactError(f"{path} is not a feature file: the column {name} is missing")
        found = table.schema.field(name).type
        if name in VALUES:
            right = pa.types.is_fixed_size_list(found) and found.value_type == pa.float32()
        else:
            of_kind = pa.types.is_integer if name in WHOLE else pa.types.is_floating
            right = of_kind(found) and not table[name].null_count
        if not right:
            raise _strange(path, f"{found} with {table[name].null_count} empty rows in the column {name}")


def must_be_in_order(path: Path, times_s: Array) -> None:
    """Raise ArtefactError where the times of an athlete are no times, or do not grow from row to row."""
    far = len(times_s) and not np.abs(times_s[[0, -1]]).max() < MOST_S
    if far or not (np.diff(times_s) > 0).all():
        raise _strange(path, "times that do not grow, or are none")


def other_size(path: Path, d: int, expected: int | None) -> ArtefactError:
    """The error for features of another size than those of other videos."""
    return _strange(path, f"features of size {d}, others have {expected}")


def must_be_finite(path: Path, values: Array, valid: Array) -> None:
    """Raise ArtefactError where a valid row (rows, d) of a file is not finite, as in files of others."""
    with np.errstate(all="ignore"):
        total = float(np.add.reduce(values, axis=None))  # quick; of finite numbers it is rarely infinite
    if not math.isfinite(total) and not np.isfinite(values[valid]).all():
        raise _strange(path, "features that are not finite")


def read_feature_matrix(path: Path) -> tuple[Array, Array]:
    """All rows of a feature file, memory-mapped: regular and mirrored, each (rows, d) float32."""
    table = read_table(path)
    must_have_columns(path, table, *VALUES)
    if not table.num_rows:
        d = table.schema.field("regular").type.list_size
        return np.empty((0, d), np.float32), np.empty((0, d), np.float32)
    return column_values(table["regular"]), column_values(table["mirrored"])


@dataclass(frozen=True, eq=False)
class MappedFeatures:
    """Rows of a feature file, memory-mapped: times (rows,) and features as they are (rows, d) float32."""

    times_s: Array
    regular: Array
    column: pa.ChunkedArray

    def valid(self, rows: slice) -> Array:
        """Which of some rows have a feature."""
        return is_filled(self.column.slice(rows.start, rows.stop - rows.start))


def map_features(path: Path) -> MappedFeatures:
    """The rows of a feature file, whose contents are not compared: see `vpd.library.artefact.map_table`."""
    table = map_table(path)
    must_have_columns(path, table, "time_s", "regular")
    try:
        regular = table["regular"]
        return MappedFeatures(values_of(table["time_s"]), column_values(regular), regular)
    except (KeyError, AttributeError, pa.ArrowException) as error:
        raise damaged(path, error) from error


def read_features(path: Path) -> list[FeatureSequence]:
    """The features of one video.

    Parameters
    ----------
    path : Path
        The file: `Layout.features(name, video)`.

    Returns
    -------
    list of FeatureSequence
        One an athlete, in the order of the file, memory-mapped.

    Raises
    ------
    ArtefactError
        Where the file is missing, damaged, or no feature file.

    Examples
    --------
    >>> (sequence,) = read_features(library.layout.features("joints2d", "scene1_a"))
    >>> sequence.values.shape
    (319, 2, 26)
    """
    table = read_table(path)
    must_have_columns(path, table, *WHOLE, *REAL, *VALUES)
    regular, mirrored = read_feature_matrix(path)
    columns = {name: values_of(table[name]) for name in ("frame", "time_s", "athlete", "score")}
    valid = is_filled(table["regular"])
    for values in (regular, mirrored):
        must_be_finite(path, values, valid)
    sequences = []
    for athlete, rows in by_athlete(columns["athlete"]):
        must_be_in_order(path, columns["time_s"][rows])
        if len(frames := columns["frame"][rows]) and frames.min() < 0:
            raise _strange(path, "negative numbers of frames")
        sequences.append(
            FeatureSequence(
                video=path.stem,
                athlete=athlete,
                frames=frames,
                times_s=columns["time_s"][rows],
                values=np.stack([regular[rows], mirrored[rows]], axis=1),
                valid=valid[rows],
                scores=columns["score"][rows],
            )
        )
    return sequences
