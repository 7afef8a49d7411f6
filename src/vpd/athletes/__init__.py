"""Find and follow the athletes: detection, tracking, choice."""
