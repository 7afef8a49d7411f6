"""Settings of `search`."""

from typing import Literal

from pydantic import Field

from vpd.settings.section import MOST_COUNT, OPERATIONAL, Section, SidesSetting


class SearchSettings(Section):
    """Settings of the step `search`, in `[search]` of vpd.toml."""

    pattern: Literal["symmetricP2", "symmetricP1", "symmetricP05", "symmetric2", "symmetricP2_or_2"] = (
        "symmetricP2"
    )
    """Step pattern among labelled segments, by default the paper's. Uncut search uses its own, because there
    the query alone must set the scale.
    """
    sides: SidesSetting = "auto"
    """Whether mirrored actions are the same: see `[recognise]`. `auto` decides from the labelled segments
    that are searched; in uncut video it is `same`."""
    top: int = Field(default=20, ge=1, le=100_000)
    """Number of results."""
    overlap: float = Field(default=0.3, ge=0, lt=1)
    """Largest tIoU of two results of one athlete. Of two that overlap more, the worse is dropped."""
    exact_up_to: int = Field(default=5_000_000, ge=0, le=MOST_COUNT, json_schema_extra=OPERATIONAL)
    """Largest number of athletes' frames of which uncut search compares every one; of more, it compares
    those to which the index points (docs/search.md). 5,000,000 are 55 hours of one athlete at 25 frames/s. A
    video counts as 2,000 frames more, which is what opening its file takes."""
    device: Literal["auto", "cpu", "cuda"] = Field(default="auto", json_schema_extra=OPERATIONAL)
    """Where the index of uncut search is scanned. `auto` takes a GPU where there is one and the index is so
    large that it pays (docs/gpu.md). The results are the same."""
