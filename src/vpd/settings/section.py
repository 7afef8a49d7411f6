"""The base class of all settings: strict, frozen, documented."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from vpd.errors import SettingsError
from vpd.settings.old_names import SETTINGS

OPERATIONAL: dict[str, Any] = {"operational": True}
"""``json_schema_extra`` of a setting that changes the speed or the place of a step, but not its result."""

TRAINER: dict[str, Any] = {"trainer": True}
"""``json_schema_extra`` of a setting of the training of networks. It stands in a file of its own, not in
vpd.toml (`vpd.settings.trainer`).
"""

MOST_SEED = 2**63 - 1
"""The largest random seed that numpy and torch both take."""
MOST_COUNT = 10**15
"""Largest number of images or frames in a setting: more than anybody has, and within 64 bits."""

SidesSetting = Literal["auto", "same", "differ"] | dict[str, Literal["same", "differ"]]
"""Whether mirrored actions are the same: of all classes, or by class."""


class Section(BaseModel):
    """A group of settings. An unknown key or a value of another type is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)

    def reference(self) -> Self:
        """The settings against which changes are shown: the defaults."""
        return type(self)()

    def of_the_result(self) -> dict[str, Any]:
        """The settings that decide a step's result, as plain values: all except those marked
        `OPERATIONAL`.
        """
        extras = {name: info.json_schema_extra for name, info in type(self).model_fields.items()}
        operational = {n for n, e in extras.items() if isinstance(e, dict) and e.get("operational")}
        return self.model_dump(mode="json", exclude=operational)

    @classmethod
    def trainer_fields(cls) -> set[str]:
        """The names of the settings that are marked `TRAINER`."""
        extras = {name: info.json_schema_extra for name, info in cls.model_fields.items()}
        return {name for name, extra in extras.items() if isinstance(extra, dict) and extra.get("trainer")}

    def changed(self, **values: Any) -> Self:
        """A copy with other values. Raises SettingsError that names the setting and the error."""
        try:
            return type(self).model_validate(self.model_dump(exclude_unset=True) | values)
        except ValidationError as error:
            raise SettingsError(problems(error)) from error


def problems(error: ValidationError) -> str:
    """The errors of settings in one line, with the new names of former ones."""
    return "; ".join(_problem(e) for e in error.errors())


def _problem(error: Mapping[str, Any]) -> str:
    place = ".".join(map(str, error["loc"]))
    path = ".".join(part for part in error["loc"] if isinstance(part, str))
    if error["type"] == "extra_forbidden":
        return f"{place}: " + SETTINGS.get(path, "there is no such setting; `vpd settings` prints all")
    return f"{place}: {error['msg']}"
