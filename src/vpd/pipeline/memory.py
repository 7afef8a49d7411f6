"""What settings ask for of memory at the least, and whether this computer has it."""

from __future__ import annotations

from vpd.errors import SettingsError
from vpd.machine import memory_bytes
from vpd.settings import Settings

FLOAT = 4
ESTIMATOR_SIDE, DETECTOR_SIDE = 256, 416
"""Sides of the pictures that the shipped networks see, pixels."""
READ = 119
"""Numbers that the frozen pose network gives of a crop, of each orientation."""
THREAD_STACK = 64 * 2**10
"""The least that the system sets aside for a thread, bytes."""


def least_bytes(settings: Settings) -> dict[str, int]:
    """By setting, bytes that its value needs at the least: of one batch as the network takes it.

    What the networks compute in between comes on top, so that a larger figure than the computer's memory
    cannot fit, while a smaller one may or may not.
    """
    crop = settings.crop.size**2 * 5 * FLOAT  # colours and flow
    picture = 3 * FLOAT
    learned = 2 * READ * FLOAT if settings.distill.reads_poses else crop
    embed = max(settings.embed.batch, 1)
    return {
        "[distill] batch": settings.distill.batch * learned,
        "[distill] workers": settings.distill.workers * THREAD_STACK,
        "d in [distill] heads": settings.distill.batch * sum(h.d for h in settings.distill.heads) * FLOAT,
        "[embed] batch": embed * crop,
        "[embed] workers": settings.embed.workers * (embed * crop // FLOAT + THREAD_STACK),
        "[pose] batch": settings.pose.batch * ESTIMATOR_SIDE**2 * picture,
        "[track] batch": settings.track.batch * DETECTOR_SIDE**2 * picture,
    }


def check_memory(settings: Settings) -> None:
    """Raise SettingsError where a setting cannot fit into the memory, with the figures."""
    there = memory_bytes()
    for name, needed in least_bytes(settings).items():
        if there and needed > there:
            raise SettingsError(
                f"{name} of vpd.toml needs {needed / 1e9:,.1f} GB of memory at the least, and this computer "
                f"has {there / 1e9:,.1f} GB. Choose a smaller value."
            )
