"""Settings of `track`."""

from typing import Annotated, Literal

from pydantic import Field

from vpd.settings.section import OPERATIONAL, Section


class TrackSettings(Section):
    """Settings of the step `track`, in `[track]` of vpd.toml."""

    athletes: Annotated[int, Field(ge=1, le=1000)] | Literal["all"] = 1
    """Number of people to follow in each shot, best ranked first, or "all". The athlete 0 of a video is the
    main person of each of its shots.
    """
    order: Literal["rank", "front"] = "rank"
    """The numbers of the people followed: by rank, or "front": the one nearest to the camera, whose feet are
    lowest in the picture, is 0, as for the two players of a tennis point.
    """
    detect_every_s: float = Field(default=1 / 6, ge=0, le=3600)
    """Seconds between two detections of people (to the nearest frame; 0 for every frame). They are also
    detected at both ends of every shot. Boxes between are interpolated.
    """
    batch: int = Field(default=0, ge=0, json_schema_extra=OPERATIONAL)
    """Pictures in one call of the detector. 0 chooses: 1 on a CPU, where more is slower; on a GPU as many as
    fit in a part of its memory, at most 64.
    """
    min_score: float = Field(default=0.1, ge=0, le=1)
    """Least score of a detection. ByteTrack needs the doubtful ones to keep blurred people."""
    high_score: float = Field(default=0.35, ge=0, le=1)
    """Least score of detections that are assigned to tracks first (the detector's usual threshold)."""
    new_score: float = Field(default=0.4, ge=0, le=1)
    """Least score of a detection that begins a new track."""
    lost_s: float = Field(default=1.0, ge=0, le=3600)
    """A person who is invisible for longer than this, in seconds, gets a new track."""
    max_gap_s: float = Field(default=0.5, ge=0, le=3600)
    """Gaps of a track up to this length in seconds are interpolated. Longer ones stay without boxes."""
