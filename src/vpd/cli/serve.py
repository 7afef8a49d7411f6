"""`vpd serve`: open the library in the browser."""

from __future__ import annotations

from typing import Annotated

import typer

from vpd.cli.common import LibraryOption, open_library, say


def serve(
    host: Annotated[
        str, typer.Option(help="Host to listen on. Any but this computer needs the token of the address.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port number; 0 takes any free port.")] = 0,
    open_browser: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the page in the browser.")
    ] = True,
    library: LibraryOption = None,
) -> None:
    """Search, label, review and compare in the browser, until Ctrl-C."""
    from vpd.web.server import serve as run

    run(open_library(library), host, port, open_browser, say)
