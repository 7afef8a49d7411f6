"""Serve a library on this computer until Ctrl-C."""

from __future__ import annotations

import secrets
import socket
import webbrowser
from collections.abc import Callable
from threading import Timer

import uvicorn

from vpd.errors import InputError
from vpd.library.layout import Layout
from vpd.machine import WINDOWS
from vpd.web.app import make_app
from vpd.web.guard import LOOPBACK

OPEN_AFTER_S = 0.8
BACKLOG = 100


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises InputError where the port is taken.

    The protocol is named: else asyncio does not know the socket as TCP, and leaves on the delay of small
    packets, which costs each answer 40 ms.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if not WINDOWS:  # there the option lets two servers listen on one port
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        raise InputError(
            f"{host}, port {port} cannot be listened on ({error.strerror}). Name another with --port."
        ) from error
    sock.listen(BACKLOG)
    return sock


def serve(layout: Layout, host: str, port: int, show: bool, say: Callable[[str], None]) -> None:
    """Serve the library at ``layout``. ``show`` opens the browser, ``say`` receives the address.

    On another host than loopback a token is needed, which the address holds. Raises InputError where the port
    is taken.
    """
    token = "" if host in LOOPBACK else secrets.token_urlsafe(24)
    sock = listening(host, port)
    name = f"[{host}]" if ":" in host else host
    address = f"http://{name}:{sock.getsockname()[1]}/" + (f"?token={token}" if token else "")
    say(f"{layout.root.name} is served at {address}")
    say("Ctrl-C ends it.")
    if show:
        timer = Timer(OPEN_AFTER_S, webbrowser.open, [address])
        timer.daemon = True
        timer.start()
    app = make_app(layout, token, [] if host in LOOPBACK else [host])
    config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=2)
    uvicorn.Server(config).run([sock])
