"""Settings of `vipe`."""

from vpd.settings.section import Section


class VipeSettings(Section):
    """Settings of the step `vipe`, in `[vipe]` of vpd.toml."""
