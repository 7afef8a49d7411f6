"""The networks of a student."""
