"""Print all settings as TOML, each below its meaning."""

from __future__ import annotations

import json
import textwrap
from typing import Any

from vpd.settings.distill import DistillSettings
from vpd.settings.section import Section

WIDTH = 100


def _toml(value: Any) -> str:
    if isinstance(value, Section):
        pairs = (f"{name} = {_toml(v)}" for name, v in value if v is not None)
        return "{ " + ", ".join(pairs) + " }"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _lines(section: Section, name: str, trainer: bool | None = False) -> list[str]:
    """The lines of a section. ``trainer`` selects the settings with or without that mark; None selects
    all.
    """
    lines = [f"[{name}]"] if name else []
    marked = type(section).trainer_fields()
    nested: list[str] = []
    reference = section.reference()
    for key, info in type(section).model_fields.items():
        if trainer is not None and (key in marked) != trainer:
            continue
        value = getattr(section, key)
        if isinstance(value, Section):
            nested += ["", *_lines(value, f"{name}.{key}".lstrip("."), None if trainer else trainer)]
            continue
        meaning = " ".join((info.description or "").split())
        lines += [f"# {line}" for line in textwrap.wrap(meaning, WIDTH)]
        default, of_preset = info.get_default(call_default_factory=True), getattr(reference, key)
        changed = "" if value == of_preset else f"  # default: {_toml(of_preset)}"
        if of_preset != default and value == of_preset and key != "preset":
            changed = f"  # by the preset; without it: {_toml(default)}"
        # TOML has no null: what is not set is left out.
        lines.append(f"# {key} is not set" if value is None else f"{key} = {_toml(value)}{changed}")
    return lines + nested


def describe(settings: Section) -> str:
    """Every setting with its meaning and value, as TOML to paste into vpd.toml."""
    blocks = [_lines(getattr(settings, name), name) for name in type(settings).model_fields]
    return "\n\n".join("\n".join(block) for block in blocks)


def describe_trainer(settings: DistillSettings) -> str:
    """The settings of a student's training, as TOML to paste into their own file."""
    return "\n".join(_lines(settings, "", trainer=True))
