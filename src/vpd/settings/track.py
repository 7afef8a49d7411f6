"""Settings of `track`."""

from vpd.settings.section import Section


class TrackSettings(Section):
    """Settings of the step `track`, in `[track]` of vpd.toml."""
