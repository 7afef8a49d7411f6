"""Settings of `scan`."""

from pydantic import Field

from vpd.settings.section import Section


class ScanSettings(Section):
    """Settings of the step `scan`, in `[scan]` of vpd.toml."""

    fps: float = Field(default=0.0, ge=0, le=10_000)
    """Frames a second of files that neither carry times nor state their rate (bare H.264 or MJPEG streams of
    small cameras). 0 sets such files aside until you give their rate. It does not affect other files.
    """
