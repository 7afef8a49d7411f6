"""Settings of `detect`."""

from typing import Literal

from pydantic import Field

from vpd.settings.section import MOST_SEED, Section, SidesSetting


class DetectSettings(Section):
    """Settings of the step `detect`, in `[detect]` of vpd.toml.

    How the defaults were chosen, on training videos alone, and what was not measured:
    docs/experiments/detection.md.
    """

    method: Literal["trained", "combined", "search"] = "trained"
    """`search` answers at once from the labelled examples. `trained` answers by networks, after search has.
    `combined` weighs both as is best on held-out labelled videos; it was no better on other videos.
    """
    epochs: int = Field(default=25, ge=1, le=1_000_000)
    """Passes over the labelled videos."""
    folds: int = Field(default=5, ge=2, le=20)
    """Networks in the ensemble, each trained without one part of the labelled videos (the paper's 5)."""
    class_agnostic: bool = False
    """Detect actions of any label as one class."""
    points_s: float = Field(default=0.0, ge=0, le=3600)
    """Above 0, actions are points, found within this many seconds. 0 finds intervals."""
    sides: SidesSetting = "same"
    """Whether mirrored actions are the same: see `[recognise]`. In uncut tennis `auto` finds as much by
    search; the networks were not compared."""
    paper: bool = False
    """Train and decode as the paper does (BiGRU, 5,000 windows an epoch, 200 epochs, fixed rule). This takes
    hours without a GPU.
    """
    seed: int = Field(default=0, ge=0, le=MOST_SEED)
    """Random seed: the same seed gives the same detections."""
