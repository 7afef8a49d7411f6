"""Video files: what is in them, frames with their exact times, writing clips."""
