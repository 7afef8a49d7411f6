"""The errors a user of vpd can meet: each a sentence that says what is wrong, where, and what to do."""

from __future__ import annotations

from pathlib import Path


class VpdError(Exception):
    """Base of all errors that are reported to the user without a traceback.

    Examples
    --------
    >>> try:
    ...     raise InputError("the video match_9 is not in this library. `vpd status --videos` lists them.")
    ... except VpdError as error:
    ...     print(error)
    the video match_9 is not in this library. `vpd status --videos` lists them.
    """


class InputError(VpdError):
    """An argument, file or value given by the user cannot be used.

    Examples
    --------
    >>> issubclass(InputError, VpdError)
    True
    """


class VideoError(InputError):
    """A video cannot be read, or only in part."""


class RateMissingError(VideoError):
    """A file neither carries times nor states its rate, and nobody has said it."""


class SettingsError(InputError):
    """A setting is unknown, has the wrong type or lies outside its range."""


class TableError(InputError):
    """A table that a user wrote cannot be used: the error names the file, the line and the column.

    Parameters
    ----------
    path : of the file, or None where it need not be named again.
    why : a clause without a full stop.
    line : counted from 1; None where the whole file is meant.
    column : the column's name, or "".
    """

    def __init__(self, path: Path | None, why: str, line: int | None = None, column: str = "") -> None:
        self.path, self.why, self.line, self.column = path, why, line, column
        places = [] if path is None else [str(path)]
        places += [] if line is None else [f"line {line}"]
        places += [f"column {column}"] if column else []
        super().__init__(f"{', '.join(places)}: {why}." if places else f"{why}.")

    def without_path(self) -> str:
        """The sentence without the file's name."""
        return str(TableError(None, self.why, self.line, self.column)).rstrip(".")


class StaleError(InputError):
    """Somebody changed or removed a label between reading and changing it."""


class LabelError(InputError):
    """A label names an unknown video or an impossible span."""


class ArtefactError(VpdError):
    """A file of the library is damaged, missing or of another kind than expected."""


class DiskFullError(VpdError):
    """A file could not be written because its disk is full."""


class LockedError(VpdError):
    """Another process is writing the same file of the library."""


class CancelledError(VpdError):
    """The caller cancelled the request."""


class MismatchError(InputError):
    """Two things do not belong together, such as features of one pose estimator and a model of another."""
