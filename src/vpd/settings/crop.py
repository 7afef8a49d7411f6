"""Settings of `crop`."""

from vpd.settings.section import Section


class CropSettings(Section):
    """Settings of the step `crop`, in `[crop]` of vpd.toml."""
