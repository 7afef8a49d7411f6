"""The verbs of a library. Each is a function (library, request, progress) -> result.

The command line, `vpd.Library` and the web page call these functions, so that defaults are defined once.
"""
