"""The user's table of classes, ``classes.toml``: their names, their order, and how each is labelled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from vpd.errors import InputError, SettingsError
from vpd.library.label_names import label_name, other_letters
from vpd.settings.section import Section
from vpd.settings.toml_file import read_toml, validated


class ActionClass(Section):
    """How actions of one class are labelled in the browser."""

    kind: Literal["interval", "point"] = "interval"
    """An interval has a start and an end. A point is one frame, labelled by one key."""
    lead_s: float = Field(0.0, ge=0, le=600)
    """With a lead or a lag, one key labels an interval. It starts this many seconds before the moment,"""
    lag_s: float = Field(0.0, ge=0, le=600)
    """and ends this many seconds after it."""
    help: str = Field("", max_length=400)
    """What counts as an action of this class. The browser shows it beside the class."""

    @model_validator(mode="after")
    def _a_point_has_no_length(self) -> ActionClass:
        if self.kind == "point" and (self.lead_s or self.lag_s):
            raise ValueError('a point has no lead_s and no lag_s; take kind = "interval"')
        return self


def read_classes(path: Path) -> dict[str, ActionClass]:
    """The classes in ``path`` by name, in the order of the file; none where there is no file.

    Raises SettingsError that names the file, the class and the error.
    """
    if not path.exists():
        return {}
    tables = read_toml(path)
    return {name: _class(name, table, path) for name, table in tables.items()}


def _class(name: str, table: object, path: Path) -> ActionClass:
    try:
        meant = label_name(name)
    except InputError as error:
        raise SettingsError(f"{path}: the class {name!r} has no name: {error}.") from error
    if name != meant:
        raise SettingsError(f"{path}: the class {name!r} holds {other_letters(name)}. Write {meant!r}.")
    if not isinstance(table, dict):
        raise SettingsError(
            f"{path}: {name!r} is no class. Write a table for each class: [{json.dumps(name)}]."
        )
    return validated(ActionClass, table, f"{path}, class {name!r}")
