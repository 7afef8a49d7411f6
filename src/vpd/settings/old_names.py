"""Former names of settings, features, recognisers and options. Errors give the new ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

SETTINGS = {
    "movement": "`vpd vipe train-window --settings FILE` reads it, as [vipe_window], from a file of its own",
    "vipe": "`vpd vipe train --settings FILE` reads it from a file of its own",
    "vipe_window": "`vpd vipe train-window --settings FILE` reads it from a file of its own",
    "distill.weight_decay": "it was removed because it did not help; delete the line",
    "distill.pretrained_rate": "it was removed because it did not help; delete the line",
    "distill.heads.weighting": "it was removed because it did not help; delete the line",
    "search.mirror": 'it is called `sides` now: "same" in place of true, "differ" in place of false',
    "recognise.head": "it is called `recogniser` now",
    "recognise.draws": "it is called `subsets` now",
    "distill.minutes": "budgets are counts now, `images` and `read`; `time_limit_minutes` is an upper bound",
    "distill.workers": "the cores of the computer decide; delete the line",
    "embed.workers": "the cores of the computer decide; delete the line",
    "distill.contrast": "it was removed because it did not help; delete the line",
    "distill.ema": "it was removed because it did not help; delete the line",
    "distill.heads.consistency": "it was removed because it did not help; delete the line",
    "detect.decoding": "`paper = true` takes the paper's network, training and decoding",
    "detect.network": "`paper = true` takes the paper's network, training and decoding",
    "detect.rate_hz": "it is 25 for all now; delete the line",
    "detect.window_s": "it is 10 for all now; delete the line",
    "track.cut_difference": "it is 18 for all now, because a network finds the cuts; delete the line",
    "search.distance": "frames are compared by l2, as in the paper; delete the line",
    "search.gap_s": "it is 0.25 for all now; delete the line",
    "distill.heads.fill": "it was removed because it did not help; delete the line",
}
"""Replacements of former settings, by their path."""

FEATURES = {"movement": "vipe-window", "student": "vpd"}
"""New names of features and teachers."""

RECOGNISERS = {
    "nearest": "dtw-nn",
    "neighbours": "dtw-soft",
    "prototypes": "dtw-barycenter",
    "blend": "dtw-ensemble",
    "ensemble": "auto",
    "ensemble-bigru": "auto",
    "dtw-select": "auto",
    "dtw-bigru-select": "auto",
    "nearest-paper": "nns",
    "bigru-paper": "bigru",
}
"""New names of recognisers. (`bigru` is the paper's now; the former `bigru` is `bigru-short`.)"""

VALUES: dict[str, Mapping[str, str]] = {
    "teach.teachers": FEATURES,
    "distill.heads.teacher": FEATURES,
    "recognise.features": FEATURES,
    "recognise.recogniser": RECOGNISERS,
}
"""Former values and their new names, by the path of the setting."""

OPTIONS = {
    "evaluate": {"--head": "--recogniser", "--draws": "--subsets"},
    "recognise": {"--head": "--recogniser"},
    "vipe": {"train-movement": "train-window"},
}
"""Former options and their new names, by command."""


def now_called(name: str, names: Mapping[str, str]) -> str:
    """A sentence with the new name, after a blank; "" where the name is not an old one."""
    return f" {name!r} is called {names[name]!r} now." if name in names else ""


def old_values(values: Mapping[str, Any]) -> list[str]:
    """A clause for each setting in ``values`` (all of vpd.toml) that has an old name as its value.

    The name that a user gave to their own student is never an old name.
    """
    distill = values.get("distill")
    own = distill.get("name") if isinstance(distill, Mapping) else None
    return [
        f"{path}: {value!r} is called {VALUES[path][value]!r} now"
        for path, value in _leaves(values)
        if isinstance(value, str) and value != own and value in VALUES.get(path, {})
    ]


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value with its path. Positions in lists are not part of a path."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, path)
    else:
        yield path, value


def old_option(command: str, arguments: list[str]) -> str:
    """A sentence with the new name where an argument of ``command`` is an old option; "" where none is."""
    for argument in arguments:
        name = argument.partition("=")[0]
        if name in OPTIONS.get(command, {}):
            return f"{name} is called {OPTIONS[command][name]} now."
    return ""
