"""Read TOML that a user wrote, and check it against a section of settings."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from vpd.errors import SettingsError
from vpd.files import read_text
from vpd.settings.section import Section, problems

MOST_DEEP = 16
"""Settings are four levels deep at most."""
AnySection = TypeVar("AnySection", bound=Section)


def read_toml(path: Path) -> dict[str, object]:
    """The tables and values in a UTF-8 file, with or without a byte order mark. Raises SettingsError."""
    try:
        found = tomllib.loads(read_text(path, "utf-8-sig"))
        _refuse_depth(found)
        return found
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({error.strerror}).") from error
    except (ValueError, RecursionError) as error:  # no TOML, no UTF-8, a number of thousands of digits
        raise SettingsError(f"{path} is not valid TOML: {error}.") from error


def _refuse_depth(values: dict[str, object]) -> None:
    """Raise ValueError where tables and arrays lie in each other more than `MOST_DEEP` times."""
    level: list[object] = [values]
    for _ in range(MOST_DEEP):
        within = [v.values() if isinstance(v, dict) else v for v in level if isinstance(v, (dict, list))]
        level = [value for values in within for value in values]
    if level:
        raise ValueError("it is nested too deeply")


def validated(kind: type[AnySection], values: object, where: str) -> AnySection:
    """The values as a section. Raises SettingsError that names ``where``, the key and the error."""
    try:
        # As JSON, whose arrays may be tuples also where types are strict.
        return kind.model_validate_json(json.dumps(values, default=str))
    except ValidationError as error:
        raise SettingsError(f"{where}: {problems(error)}.") from error
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{where} holds what no setting can be: {error}.") from error
