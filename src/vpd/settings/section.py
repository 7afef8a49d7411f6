"""The base of all settings: strict, frozen, documented."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A group of settings. An unknown key or a value of another type is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)
