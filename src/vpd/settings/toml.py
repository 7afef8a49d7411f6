"""Read and write vpd.toml."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from vpd.errors import SettingsError
from vpd.files import read_text
from vpd.settings import Section, Settings
from vpd.settings.old_names import old_values
from vpd.settings.section import problems
from vpd.settings.trainer import with_trainer
from vpd.settings.vipe import TrainerSettings

AnySettings = TypeVar("AnySettings", bound=Section)

HEADER = """# Settings of this vpd library. What is not set has its default; `vpd settings` prints them all
# with their meaning. An unknown key is an error. Changing a setting makes what depends on it out of date.
"""


def load_settings(path: Path) -> Settings:
    """The settings in ``path``. Raises SettingsError that names the key and the error."""
    values = _read(path)
    old = old_values(values)
    if old:
        raise SettingsError(f"{path}: {'; '.join(old)}.")
    distill = values.get("distill")
    if isinstance(distill, dict):
        trainer = _read(path.parent / str(distill["trainer"])) if distill.get("trainer") else {}
        values["distill"] = with_trainer(distill, path, trainer)
    return _validated(Settings, values, path)


def load_trainer_settings(path: Path) -> TrainerSettings:
    """The settings of `vpd vipe` in ``path``. Raises SettingsError as `load_settings` does."""
    return _validated(TrainerSettings, _read(path), path)


def _read(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(read_text(path))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:  # no TOML, no UTF-8, a number of thousands of digits
        raise SettingsError(f"{path} is not valid TOML: {error}") from error


def _validated(kind: type[AnySettings], values: dict[str, object], path: Path) -> AnySettings:
    try:
        # As JSON, whose arrays may be tuples also where types are strict.
        return kind.model_validate_json(json.dumps(values, default=str))
    except ValidationError as error:
        raise SettingsError(f"{path}: {problems(error)}") from error
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{path} holds what no setting can be: {error}") from error
