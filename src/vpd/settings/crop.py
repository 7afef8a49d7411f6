"""Settings of `crop`."""

from typing import Literal

from pydantic import Field

from vpd.settings.section import Section


class CropSettings(Section):
    """Settings of the step `crop`, in `[crop]` of vpd.toml."""

    size: int = Field(default=128, ge=32, le=512)
    """Side of a crop in pixels (paper: 128)."""
    padding: float = Field(default=0.175, ge=0, le=1)
    """Margin at every edge, as a fraction of the square's side. 0.175 makes the square 1.35 times the box,
    like the square of the pose estimator, and equals the paper's 10 % and 25 px for an athlete of broadcast
    size.
    """
    jpeg_quality: int = Field(default=90, ge=50, le=100)
    """JPEG quality of the stored crops, 1..100. 90 takes about 5 kB a crop."""
    flow: Literal["dis", "raft_small", "raft_large", "none"] = "dis"
    """Optical flow. DIS (OpenCV) takes milliseconds a crop on one core. RAFT (torchvision) needs a GPU and
    downloads its weights at first use. `none` is for students that take no flow.
    """
    subtract_median: bool = False
    """Subtract each crop's median flow, which is mostly the motion of the camera."""
