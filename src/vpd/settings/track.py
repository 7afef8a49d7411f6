"""Settings of `track`."""

from typing import Annotated, Literal

from pydantic import Field

from vpd.settings.section import OPERATIONAL, Section


class TrackSettings(Section):
    """Settings of the step `track`, in `[track]` of vpd.toml."""

    athletes: Annotated[int, Field(ge=1)] | Literal["all"] = 1
    """How many people to follow in each shot, best ranked first, or "all". The athlete 0 of a video is the
    main person of each of its shots."""
    order: Literal["rank", "front"] = "rank"
    """How the people that are followed are numbered: by rank, or "front": the one nearest to the camera,
    whose feet are lowest in the picture, is 0, as for the two players of a tennis point."""
    detect_every_s: float = Field(default=1 / 6, ge=0)
    """Look for people after so many seconds (to the nearest frame; 0 for every frame), and at both ends of
    every shot; boxes between are interpolated."""
    batch: int = Field(default=0, ge=0, json_schema_extra=OPERATIONAL)
    """Pictures the detector works on at once. 0 chooses: 1 on a CPU, where more is slower, on a GPU as
    many as fit in a part of its memory, at most 64."""
    min_score: float = Field(default=0.1, ge=0, le=1)
    """Detections below are thrown away. ByteTrack needs the doubtful ones to keep blurred people."""
    high_score: float = Field(default=0.35, ge=0, le=1)
    """Detections from here on are assigned to tracks first (the detector's usual threshold)."""
    new_score: float = Field(default=0.4, ge=0, le=1)
    """Detections from here on begin a new track."""
    lost_s: float = Field(default=1.0, ge=0)
    """A person who is not seen for longer gets a new track."""
    max_gap_s: float = Field(default=0.5, ge=0)
    """Gaps of a track up to this length are filled by interpolation; longer ones stay without boxes."""
    cut_difference: float = Field(default=18.0, gt=0)
    """Mean difference of thumbnails (of 255) from which on a sudden change may be a cut, so that people are
    looked for on both sides of it. Which changes are cuts is found by a network, some frames later."""
