"""Settings of `embed`."""

from vpd.settings.section import Section


class EmbedSettings(Section):
    """Settings of the step `embed`, in `[embed]` of vpd.toml."""
