"""Settings of `teach`."""

from vpd.settings.section import Section


class TeachSettings(Section):
    """Settings of the step `teach`, in `[teach]` of vpd.toml."""
