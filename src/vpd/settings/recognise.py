"""Settings of `recognise`, `evaluate` and `retrieve`."""

from pydantic import Field

from vpd.settings.section import Section, SidesSetting


class RecogniseSettings(Section):
    """Settings of the step `recognise`, in `[recognise]` of vpd.toml."""

    features: str | None = None
    """Features used where none are named on the command line; where this is not set, a student's, else the
    stronger teacher's, as in `search` among segments. `auto` takes all, weighed by the examples."""

    recogniser: str = "auto"
    """The recogniser (`vpd recognise --help` lists them). `auto` weighs neighbours and class averages by time
    warping and a linear one by what they say of examples left out."""

    sides: SidesSetting = "auto"
    """Whether an action done by the other hand, or seen mirrored, is the same action. `same`: mirrored copies
    are more examples. `differ`: they are not used. `auto` decides from the examples. Or one of `same` and
    `differ` for each class, as in `sides = { forehand = "same", left_hook = "differ" }`."""

    ks: tuple[int, ...] = Field(default=(1, 2, 4, 8, 16), strict=False, min_length=1)
    """Numbers of examples a class that `evaluate` tries, besides all examples."""

    subsets: int = Field(default=10, ge=1)
    """Subsets for each k. The paper has five."""

    seed: int = Field(default=0, ge=0)
    """Random seed of the split and the subsets, where none are given."""
