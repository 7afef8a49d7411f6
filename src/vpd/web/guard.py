"""Check requests by Host, Origin, token, and type and size of the body, and set headers of answers.

The server listens on loopback. A page of another site in the same browser can still send requests to it, and
a name that resolves to loopback can read the answers (DNS rebinding). So every request must name this server
as its host, and every changing request must come from its own page.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from vpd.strings import Sentence
from vpd.web.refusing import error_json

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE = "vpd_token"
MAX_BODY = 1 << 20
"""Largest size of a request's body in bytes."""
TOO_LARGE = Sentence("error_too_large", {"bytes": MAX_BODY})
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; style-src 'self'; "
        b"script-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; "
        b"frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)


def host_name(value: str) -> str:
    """The name in a Host header, without its port and brackets, in lower case; "" for a malformed one."""
    try:
        return (urlsplit(f"//{value}").hostname or "").lower()
    except ValueError:
        return ""


class Guard:
    """ASGI middleware that refuses requests from other pages than the server's own.

    Parameters
    ----------
    hosts : names under which the server may be asked, beside those of loopback.
    token : where it is set, every request must carry it: as cookie, as bearer, or once as ``?token=``, which
        sets the cookie.
    """

    def __init__(self, app: App, hosts: Iterable[str] = (), token: str = "") -> None:
        self.app, self.token = app, token
        self.hosts = {*LOOPBACK, *(host.lower() for host in hosts)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        refused = self._refusal(scope, headers)
        if refused:
            await _answer(send, *refused)
            return
        entry = self._entry(scope)
        if entry:
            await _redirect(send, *entry)
            return
        await self._pass(scope, receive, send)

    def _refusal(self, scope: Scope, headers: dict[str, str]) -> tuple[int, Sentence] | None:
        """Status and reason where the request is refused; None where it is allowed."""
        host = headers.get("host", "")
        if host_name(host) not in self.hosts:
            return 403, Sentence("error_host", {"host": repr(host)})
        if scope["method"] not in SAFE_METHODS:
            origin = headers.get("origin")
            if origin is not None and urlsplit(origin).netloc != host:
                return 403, Sentence("error_other_site")
            if origin is None and headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
                return 403, Sentence("error_other_site")
            length = headers.get("content-length", "0")
            if not length.isdigit() or int(length) > MAX_BODY:
                return 413, TOO_LARGE
            kind = headers.get("content-type", "").partition(";")[0].strip()
            has_body = int(length) > 0 or "transfer-encoding" in headers
            if has_body and kind != "application/json":
                return 415, Sentence("error_not_json")
        if self.token and not self._knows_token(scope, headers):
            return 401, Sentence("error_token")
        return None

    def _knows_token(self, scope: Scope, headers: dict[str, str]) -> bool:
        cookies: SimpleCookie = SimpleCookie()
        try:
            cookies.load(headers.get("cookie", ""))
        except Exception:  # noqa: BLE001 - http.cookies raises CookieError, and others on hostile input
            cookies = SimpleCookie()
        given = [
            cookies[COOKIE].value if COOKIE in cookies else "",
            headers.get("authorization", "").removeprefix("Bearer "),
            *self._in_query(scope),
        ]
        return any(hmac.compare_digest(text.encode(), self.token.encode()) for text in given if text)

    def _in_query(self, scope: Scope) -> list[str]:
        return parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [])

    def _entry(self, scope: Scope) -> tuple[str, str] | None:
        """The address to redirect a page to that was opened with the token, and the cookie to set."""
        if not self.token or scope["method"] != "GET" or not self._in_query(scope):
            return None
        query = parse_qs(scope["query_string"].decode("latin-1"))
        query.pop("token")
        path = "/" + scope["path"].lstrip("/")
        rest = urlencode(query, doseq=True)
        cookie = f"{COOKIE}={self.token}; HttpOnly; SameSite=Strict; Path=/"
        return path + (f"?{rest}" if rest else ""), cookie

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its whole body, and add the headers to the answer."""
        body = b"" if scope["method"] in SAFE_METHODS else await _whole(receive)
        if body is None:
            await _answer(send, 413, TOO_LARGE)
            return
        given = False

        async def replayed() -> Message:
            nonlocal given
            if given or scope["method"] in SAFE_METHODS:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                names = {name.lower() for name, _ in message["headers"]}
                extra = [(name, value) for name, value in HEADERS if name not in names]
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        await self.app(scope, replayed, headed)


async def _whole(receive: Receive) -> bytes | None:
    """The body of a request; None where it is larger than `MAX_BODY`."""
    parts, size = [], 0
    while True:
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size > MAX_BODY:
            return None
        parts.append(part)
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return b"".join(parts)


async def _answer(send: Send, status: int, reason: Sentence) -> None:
    body = json.dumps(error_json(reason), ensure_ascii=False).encode("utf-8", "replace")
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *HEADERS]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _redirect(send: Send, path: str, cookie: str) -> None:
    headers = [
        (b"location", path.encode("latin-1", "replace")),
        (b"set-cookie", cookie.encode()),
        (b"content-length", b"0"),
        *HEADERS,
    ]
    await send({"type": "http.response.start", "status": 303, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
