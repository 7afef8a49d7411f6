"""What one does with a library. Each verb is a function (library, request, progress) -> result.

The command line, `vpd.Library` and the web page call these functions, so that defaults have one home.
"""
