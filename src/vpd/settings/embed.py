"""Settings of `embed`."""

from typing import Literal

from pydantic import Field

from vpd.settings.section import OPERATIONAL, Section


class EmbedSettings(Section):
    """Settings of the step `embed`, in `[embed]` of vpd.toml."""

    engine: Literal["auto", "torch", "onnxruntime"] = "auto"
    """Runtime of the student: torch, or onnxruntime on its exported form. auto takes onnxruntime for the
    backbone movenet on a CPU, where it is twice as fast, and torch otherwise.
    """
    batch: int = Field(default=0, ge=0, json_schema_extra=OPERATIONAL)
    """Crops at a time; each is embedded as it is and mirrored. 0 chooses: 8 on a CPU, on a GPU as many as fit
    in a part of its memory."""
    device: str = Field(default="auto", json_schema_extra=OPERATIONAL)
    """auto takes a GPU where there is one (torch)."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """auto takes bfloat16 on GPUs and CPUs with matrix units for it (torch)."""
