"""Read and write vpd.toml."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from pydantic import ValidationError

from vpd.errors import SettingsError
from vpd.settings import Settings
from vpd.settings.old_names import old_values
from vpd.settings.section import problems

HEADER = """# Settings of this vpd library. What is not set has its default; `vpd settings` prints them all
# with their meaning. An unknown key is an error. Changing a setting makes what depends on it out of date.
"""


def load_settings(path: Path) -> Settings:
    """The settings in ``path``. Raises SettingsError that names the key and what is wrong with it."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from error
    old = old_values(values)
    if old:
        raise SettingsError(f"{path}: {'; '.join(old)}.")
    try:
        # As JSON, whose arrays may be tuples also where types are strict.
        return Settings.model_validate_json(json.dumps(values, default=str))
    except ValidationError as error:
        raise SettingsError(f"{path}: {problems(error)}") from error
