"""Settings of `pose`."""

from vpd.settings.section import Section


class PoseSettings(Section):
    """Settings of the step `pose`, in `[pose]` of vpd.toml."""
