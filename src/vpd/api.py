"""The library with the verbs of the command line, for Python."""
