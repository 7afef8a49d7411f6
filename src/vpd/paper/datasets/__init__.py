"""Readers of published label files, one for each data set, and their table."""
