"""The teachers: weak pose features from poses."""
