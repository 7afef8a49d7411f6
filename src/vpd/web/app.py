"""The application: routes, errors as JSON, static files."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from vpd.errors import LockedError, StaleError, VpdError
from vpd.library.layout import Layout
from vpd.refusals import refusal_and_place
from vpd.report.html import LOOK
from vpd.strings import FOLDER
from vpd.web import adding, athlete, exports, labels, learn, media, overview, results, search, suggest
from vpd.web.app_state import State
from vpd.web.guard import Guard
from vpd.web.workspace import NotThereError

STATIC = Path(__file__).with_name("static")
ROUTERS = (overview, adding, media, athlete, labels, search, suggest, learn, exports, results)
log = logging.getLogger("vpd.web")


def _error(status: int, reason: str) -> JSONResponse:
    return JSONResponse({"error": reason}, status)


async def _ours(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, NotThereError):
        return _error(404, str(error))
    return _error(409 if isinstance(error, LockedError | StaleError) else 400, str(error))


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0] if error.errors() else {"loc": (), "msg": "unreadable"}
    place = ".".join(str(part) for part in first["loc"])
    return _error(422, f"{place}: {first['msg']}")


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return _error(error.status_code, str(error.detail))


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    log.exception("%s %s", request.method, request.url.path, exc_info=error)
    said = f"Unexpected {type(error).__name__}. The server's output shows where; please report it."
    return _error(500, refusal_and_place(error) or said)


def make_app(layout: Layout, token: str = "", hosts: Iterable[str] = (), docs: bool = False) -> Guard:
    """The application for one library.

    Parameters
    ----------
    token : what every request must carry; "" for none, on loopback alone.
    hosts : names of the server beside those of loopback.
    docs : whether /api/openapi.json is served.
    """

    @asynccontextmanager
    async def living(app: FastAPI) -> AsyncIterator[None]:
        yield
        app.state.vpd.close()

    app = FastAPI(
        title="vpd",
        lifespan=living,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json" if docs else None,
    )
    app.state.vpd = State(layout)
    for module in ROUTERS:
        app.include_router(module.router)
    app.add_exception_handler(VpdError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)
    app.mount("/look", StaticFiles(directory=LOOK), name="look")
    app.mount("/strings", StaticFiles(directory=FOLDER), name="strings")
    app.mount("/static", StaticFiles(directory=STATIC), name="static")

    @app.get("/", response_model=None, include_in_schema=False)
    def page() -> FileResponse:
        """The page."""
        return FileResponse(STATIC / "index.html", headers={"cache-control": "no-cache"})

    return Guard(app, hosts, token)
