"""Check that this computer has the memory that the settings need."""

from __future__ import annotations

from vpd.errors import SettingsError
from vpd.machine import memory_bytes
from vpd.settings import Settings

FLOAT = 4
ESTIMATOR_SIDE, DETECTOR_SIDE = 256, 416
"""Sides in pixels of the inputs of the shipped networks."""
READ = 119
"""Size of a reading of the frozen pose network for one orientation of a crop."""


def least_bytes(settings: Settings) -> dict[str, int]:
    """For each setting, the least number of bytes that its value needs: one batch of the network's input.

    Intermediate results of the networks need more. So a figure above the computer's memory cannot fit, while
    a smaller one may or may not.
    """
    crop = settings.crop.size**2 * 5 * FLOAT  # colours and flow
    picture = 3 * FLOAT
    learned = 2 * READ * FLOAT if settings.distill.reads_poses else crop
    embed = max(settings.embed.batch, 1)
    return {
        "[distill] batch": settings.distill.batch * learned,
        "d in [distill] heads": settings.distill.batch * sum(h.d for h in settings.distill.heads) * FLOAT,
        "[embed] batch": embed * crop,
        "[pose] batch": settings.pose.batch * ESTIMATOR_SIDE**2 * picture,
        "[track] batch": settings.track.batch * DETECTOR_SIDE**2 * picture,
    }


def check_memory(settings: Settings) -> None:
    """Raise SettingsError, with the figures, where a setting cannot fit into memory."""
    there = memory_bytes()
    for name, needed in least_bytes(settings).items():
        if there and needed > there:
            raise SettingsError(
                f"{name} of vpd.toml needs {needed / 1e9:,.1f} GB of memory at the least, and this computer "
                f"has {there / 1e9:,.1f} GB. Choose a smaller value."
            )
