"""An embedding of movements seen from any side: what a window of 2D poses tells of the movement in 3D."""

from vpd.teachers.movement.model import Movement, MovementCard, shipped

__all__ = ["Movement", "MovementCard", "shipped"]
