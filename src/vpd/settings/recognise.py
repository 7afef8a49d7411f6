"""Settings of `recognise`, `evaluate` and `retrieve`."""

from pydantic import Field, PositiveInt

from vpd.settings.section import MOST_SEED, Section, SidesSetting


class RecogniseSettings(Section):
    """Settings of the step `recognise`, in `[recognise]` of vpd.toml."""

    features: str | None = None
    """Features used where the command line names none. Where this is not set, those of a student, else of the
    stronger teacher, as in `search` among segments. `auto` takes all, weighed by the examples.
    """

    recogniser: str = "together"
    """The recogniser (`vpd recognise --help` lists them). `auto` weighs neighbours and class averages by time
    warping, and two regressions, by their accuracy on examples left out. `together` is `auto` in which the
    clips that are to be named vote for one another as well.
    """

    sides: SidesSetting = "auto"
    """Whether an action by the other hand, or seen mirrored, is the same action. `same`: mirrored copies are
    more examples. `differ`: they are not used. `auto` decides from the examples. Or `same` or `differ` by
    class, as in `sides = { forehand = "same", left_hook = "differ" }`.
    """

    ks: tuple[PositiveInt, ...] = Field(default=(1, 2, 4, 8, 16), strict=False, min_length=1)
    """Numbers of examples a class that `evaluate` measures, besides all examples."""

    subsets: int = Field(default=10, ge=1, le=10_000)
    """Number of subsets for each k (paper: 5)."""

    seed: int = Field(default=0, ge=0, le=MOST_SEED)
    """Random seed of the split and the subsets, where none are given."""
