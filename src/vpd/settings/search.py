"""Settings of `search`."""

from vpd.settings.section import Section


class SearchSettings(Section):
    """Settings of the step `search`, in `[search]` of vpd.toml."""
