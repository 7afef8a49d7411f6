"""Read and write vpd.toml."""

from __future__ import annotations

from pathlib import Path

from vpd.errors import SettingsError
from vpd.settings import Settings
from vpd.settings.old_names import old_values
from vpd.settings.toml_file import read_toml, validated
from vpd.settings.trainer import with_trainer
from vpd.settings.vipe import TrainerSettings

HEADER = """# Settings of this vpd library. What is not set has its default; `vpd settings` prints them all
# with their meaning. An unknown key is an error. Changing a setting makes what depends on it out of date.
"""


def load_settings(path: Path) -> Settings:
    """The settings in ``path``. Raises SettingsError that names the key and the error."""
    values = read_toml(path)
    old = old_values(values)
    if old:
        raise SettingsError(f"{path}: {'; '.join(old)}.")
    distill = values.get("distill")
    if isinstance(distill, dict):
        trainer = read_toml(path.parent / str(distill["trainer"])) if distill.get("trainer") else {}
        values["distill"] = with_trainer(distill, path, trainer)
    return validated(Settings, values, str(path))


def load_trainer_settings(path: Path) -> TrainerSettings:
    """The settings of `vpd vipe` in ``path``. Raises SettingsError as `load_settings` does."""
    return validated(TrainerSettings, read_toml(path), str(path))
