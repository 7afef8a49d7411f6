"""Settings of `pose`."""

from pydantic import Field

from vpd.settings.section import OPERATIONAL, Section

Colour = tuple[float, float, float]


class PoseSettings(Section):
    """Settings of the step `pose`, in `[pose]` of vpd.toml."""

    estimator: str = "movenet_thunder"
    """Name of a shipped estimator, or path of a top-down ONNX network (HRNet, ViTPose, RTMPose, ...)."""
    second_pass_below: float = Field(default=0.8, ge=0, le=1)
    """A pose is estimated again, on the box of its joints, where the overlap (IoU) of that crop with the
    first one is below this. 1 repeats every pose, 0 none. 0.8 repeats every sixth pose on tennis, and brings
    half of the gain of repeating all (docs/experiments/pose.md).
    """
    turn_below: float = Field(default=0.5, ge=0, le=1)
    """A pose with a mean joint score below this is also searched in the picture turned by a quarter, a half
    and three quarters, for athletes upside down. This takes three more estimates. 0 turns it off.
    """
    batch: int = Field(default=0, ge=0, json_schema_extra=OPERATIONAL)
    """Crops in one call of the network. 0 chooses: 1 on a CPU, where more is slower; on a GPU as many as fit
    in a part of its memory, at most 64.
    """
    mean: Colour = (123.675, 116.28, 103.53)
    """Mean that is subtracted from R, G, B (0..255), for networks by path. ImageNet's, as in MMPose."""
    std: Colour = (58.395, 57.12, 57.375)
    """Standard deviation by which R, G, B are divided, for networks by path."""
