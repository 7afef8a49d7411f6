"""The application: routes, errors as JSON, static files."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from vpd.errors import LockedError, StaleError, VpdError
from vpd.library.layout import Layout
from vpd.refusals import refusal_and_place
from vpd.report.html import LOOK
from vpd.strings import FOLDER, Said, Sentence
from vpd.web import adding, athlete, exports, labels, learn, media, overview, results, search, suggest
from vpd.web.app_state import State
from vpd.web.guard import Guard
from vpd.web.refusing import error_json, unexpected
from vpd.web.workspace import NotThereError

STATIC = Path(__file__).with_name("static")
ROUTERS = (overview, adding, media, athlete, labels, search, suggest, learn, exports, results)
NOT_FOUND = 404
log = logging.getLogger("vpd.web")


def _error(status: int, said: Said) -> JSONResponse:
    return JSONResponse(error_json(said), status)


async def _ours(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, NotThereError):
        return _error(404, error.said)
    said = error.said if isinstance(error, VpdError) else str(error)
    return _error(409 if isinstance(error, LockedError | StaleError) else 400, said)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first: dict[str, Any] = error.errors()[0] if error.errors() else {"loc": (), "msg": "unreadable"}
    place = ".".join(str(part) for part in first["loc"])
    if first.get("type") == "string_too_long":
        return _error(422, Sentence("error_too_long", {"place": place, "most": first["ctx"]["max_length"]}))
    return _error(422, f"{place}: {first['msg']}")


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == NOT_FOUND:
        return _error(NOT_FOUND, Sentence("error_address"))
    return _error(error.status_code, str(error.detail))


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    log.exception("%s %s", request.method, request.url.path, exc_info=error)
    return _error(500, refusal_and_place(error) or unexpected(error))


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
