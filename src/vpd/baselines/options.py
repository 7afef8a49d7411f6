"""What a user chooses of the baselines."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BaselineOptions:
    """How baselines are made and trained.

    Attributes
    ----------
    preset : "laptop", "paper", or "frozen", which needs weights.
    weights : "" random, "torchvision", a file, or hub:OWNER/NAME/FILE.
    mirror : whether training mirrors examples; only for classes that do not differ by side.
    """

    preset: str = "laptop"
    weights: str = ""
    mirror: bool = False
