"""The errors a user of vpd can meet: each a sentence that says what is wrong, where, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from vpd.strings import Said, Sentence


class VpdError(Exception):
    """Base of all errors that are reported to the user without a traceback.

    Its one argument is what it says: a `Sentence`, which the page shows in its reader's language, or a text
    in English.

    Examples
    --------
    >>> try:
    ...     raise InputError("the video match_9 is not in this library. `vpd status --videos` lists them.")
    ... except VpdError as error:
    ...     print(error)
    the video match_9 is not in this library. `vpd status --videos` lists them.
    """

    @property
    def said(self) -> Said:
        """What it says: a sentence where there is one, else the text."""
        only = self.args[0] if len(self.args) == 1 else None
        return only if isinstance(only, Sentence) else str(self)


class InputError(VpdError):
    """An argument, file or value given by the user cannot be used.

    Examples
    --------
    >>> issubclass(InputError, VpdError)
    True
    """


def unknown_name(what: str, name: str, known: Iterable[str], note: str = "") -> InputError:
    """The error that there is no ``what`` called ``name``; it lists those that there are.

    Parameters
    ----------
    what : str
        The kind of thing, such as "recogniser".
    name : str
        The user's word.
    known : iterable of str
        All names of this kind.
    note : str
        A further sentence, after a blank, such as the new name of a former one.

    Returns
    -------
    InputError
        To raise.

    Examples
    --------
    >>> str(unknown_name("teacher", "vip", ["joints2d", "vipe"]))
    "there is no teacher 'vip'; there are joints2d, vipe."
    """
    return InputError(f"there is no {what} {name!r}; there are {', '.join(known)}.{note}")


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
    why : a clause without a full stop, which may have a translation.
    line : counted from 1; None where the whole file is meant.
    column : the column's name, or "".
    """

    def __init__(self, path: Path | None, why: Said, line: int | None = None, column: str = "") -> None:
        self.path, self.why, self.line, self.column = path, why, line, column
        places = [] if path is None else [str(path)]
        places += [] if line is None else [f"line {line}"]
        places += [f"column {column}"] if column else []
        place = ", ".join(places)
        if place and isinstance(why, Sentence):
            super().__init__(Sentence("table_at", {"place": place, "why": why}))
        else:
            super().__init__(f"{place}: {why}." if place else f"{why}.")

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


class LibraryGoneError(VpdError):
    """The library that is worked in is not where it was: its disk was taken away, or it was moved."""


class LockedError(VpdError):
    """Another process is writing the same file of the library."""


class StoreError(VpdError):
    """An object store cannot be reached or used, also after several tries."""


class StoreChangedError(StoreError):
    """Something else lies in the object store than the writer had seen there."""


class CancelledError(VpdError):
    """The caller cancelled the request."""


class MismatchError(InputError):
    """Two things do not belong together, such as features of one pose estimator and a model of another."""
