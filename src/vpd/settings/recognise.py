"""Settings of `recognise`."""

from vpd.settings.section import Section


class RecogniseSettings(Section):
    """Settings of the step `recognise`, in `[recognise]` of vpd.toml."""
