"""The base of all settings: strict, frozen, documented."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from vpd.errors import SettingsError

OPERATIONAL: dict[str, Any] = {"operational": True}
"""``json_schema_extra`` of a setting that changes how fast or where a step works, but not what it makes."""


class Section(BaseModel):
    """A group of settings. An unknown key or a value of another type is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)

    def of_the_result(self) -> dict[str, Any]:
        """The settings that decide what a step makes, as plain values: all but those marked `OPERATIONAL`."""
        extras = {name: info.json_schema_extra for name, info in type(self).model_fields.items()}
        operational = {n for n, e in extras.items() if isinstance(e, dict) and e.get("operational")}
        return self.model_dump(mode="json", exclude=operational)

    def changed(self, **values: Any) -> Self:
        """A copy with other values. Raises SettingsError that names the setting and what is wrong with it."""
        try:
            return type(self).model_validate(self.model_dump() | values)
        except ValidationError as error:
            raise SettingsError(problems(error)) from error


def problems(error: ValidationError) -> str:
    """What is wrong with which setting, in one line."""
    return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
