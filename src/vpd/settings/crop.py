"""Settings of `crop`."""

from typing import Literal

from pydantic import Field

from vpd.settings.section import Section


class CropSettings(Section):
    """Settings of the step `crop`, in `[crop]` of vpd.toml."""

    size: int = Field(default=128, ge=32, le=512)
    """Side of a crop in pixels (paper: 128)."""
    padding: float = Field(default=0.175, ge=0, le=1)
    """Added at every edge, as a fraction of the square's side. 0.175 makes the square 1.35 times the box, as
    the pose estimator sees it, and is what 10 % and 25 px are for an athlete of broadcast size."""
    jpeg_quality: int = Field(default=90, ge=50, le=100)
    """Quality of the stored colours: 90 takes about 5 kB a crop."""
    flow: Literal["dis", "raft_small", "raft_large", "none"] = "dis"
    """Optical flow: DIS (OpenCV) takes milliseconds a crop on one core; RAFT (torchvision) wants a GPU and
    fetches its weights when first used; none for students that take no flow."""
    subtract_median: bool = False
    """Subtract each crop's median flow, which is mostly the camera's motion."""
