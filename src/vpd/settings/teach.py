"""Settings of `teach`."""

from pydantic import Field

from vpd.settings.section import Section


class TeachSettings(Section):
    """Settings of the step `teach`, in `[teach]` of vpd.toml."""

    teachers: tuple[str, ...] = Field(default=("joints2d", "vipe", "vipe-window"), strict=False, min_length=1)
    """Teachers whose weak pose features are made (joints2d, vipe, vipe-window); each has a folder of
    features."""
    invert: bool = False
    """Append the embedding of the pose upside down to the features of vipe (d = 128), as in the paper for
    diving."""
