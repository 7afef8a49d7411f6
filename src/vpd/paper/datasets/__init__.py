"""Readers of published label files, one a data set, and the table of them."""
