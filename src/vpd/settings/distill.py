"""Settings of `distill`."""

from vpd.settings.section import Section


class DistillSettings(Section):
    """Settings of the step `distill`, in `[distill]` of vpd.toml."""
