"""Settings of `detect`."""

from vpd.settings.section import Section


class DetectSettings(Section):
    """Settings of the step `detect`, in `[detect]` of vpd.toml."""
