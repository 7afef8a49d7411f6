"""The settings of a student's training. They stand in a file of their own, because few users change them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from vpd.errors import SettingsError
from vpd.settings.distill import DistillSettings


def with_trainer(
    values: Mapping[str, object], path: Path, trainer: Mapping[str, object]
) -> dict[str, object]:
    """``values`` of `[distill]` in ``path``, with those of its trainer's file.

    Raises SettingsError for a setting that stands in the wrong one of the two files.
    """
    own = DistillSettings.trainer_fields()
    misplaced = sorted(own & values.keys())
    if misplaced:
        raise SettingsError(
            f"{path}: distill.{misplaced[0]} belongs to the trainer. Write it into a file beside vpd.toml,"
            ' such as trainer.toml, and name that in [distill] as trainer = "trainer.toml".'
        )
    foreign = sorted(trainer.keys() - own)
    if foreign:
        raise SettingsError(
            f"{path.parent / str(values['trainer'])}: {foreign[0]} is no setting of the trainer. "
            "`vpd settings --trainer` prints all of them."
        )
    return {**values, **trainer}
