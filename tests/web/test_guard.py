"""Only the server's own page is answered: host, origin, token, kind and size of the body."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from vpd.web.guard import MAX_BODY, Guard, host_name

JSON = {"content-type": "application/json"}


async def echo(request: Request) -> JSONResponse:
    return JSONResponse({"size": len(await request.body())})


APP = Starlette(routes=[Route("/", echo, methods=["GET", "POST", "PATCH", "DELETE"])])


def client(host: str = "127.0.0.1:8000", **settings) -> TestClient:
    return TestClient(Guard(APP, **settings), base_url=f"http://{host}", follow_redirects=False)


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "LOCALHOST:1", "[::1]:80"])
def test_its_own_names_are_answered(host):
    assert client(host).get("/").status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "0.0.0.0", "", "[::1", "a@b"])
def test_another_name_is_refused(host):
    found = client().get("/", headers={"host": host})
    assert found.status_code == 403
    assert "This server is not called" in found.json()["error"]


def test_a_named_host_is_answered():
    assert client("studio.local", hosts=["studio.local"]).get("/").status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "http://127.0.0.1:8000"}, 200),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://127.0.0.1:9999"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "same-origin"}, 200),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_changes_come_from_the_own_page_alone(headers, status, method):
    found = client().request(method, "/", content="{}", headers={**JSON, **headers})
    assert found.status_code == status


def test_a_form_of_another_page_is_refused():
    found = client().post("/", content="a=b", headers={"content-type": "application/x-www-form-urlencoded"})
    assert found.status_code == 415


def test_bodies_are_bounded_whether_their_length_is_said_or_not():
    assert client().post("/", content=b"x" * (MAX_BODY + 1), headers=JSON).status_code == 413

    def pieces():
        for _ in range(5):
            yield b"x" * (MAX_BODY // 4)

    assert client().post("/", content=pieces(), headers=JSON).status_code == 413
    assert client().post("/", content=b"x" * MAX_BODY, headers=JSON).json() == {"size": MAX_BODY}


def test_a_token_is_needed_and_taken_once_by_the_address():
    guarded = client(token="secret")
    assert guarded.get("/").status_code == 401
    assert guarded.get("/", headers={"authorization": "Bearer secret"}).status_code == 200
    assert guarded.get("/", headers={"authorization": "Bearer other"}).status_code == 401
    entry = guarded.get("/?token=secret&t=1")
    assert (entry.status_code, entry.headers["location"]) == (303, "/?t=1")
    assert "HttpOnly" in entry.headers["set-cookie"]
    assert "SameSite=Strict" in entry.headers["set-cookie"]
    assert guarded.get("/").status_code == 200  # the cookie was kept
    assert client(token="secret").get("/?token=wrong").status_code == 401


@pytest.mark.parametrize("path", ["/", "/none"])
def test_every_answer_has_the_headers_that_hold_the_page_in(path):
    headers = client().get(path).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_no_host_header_breaks_the_reading_of_names(text):
    assert isinstance(host_name(text), str)


@given(st.binary(max_size=80))
@settings(max_examples=100, deadline=None)
def test_no_cookie_breaks_the_reading_of_tokens(cookie):
    found = client(token="secret").get(
        "/", headers={b"cookie": cookie.replace(b"\r", b"").replace(b"\n", b"")}
    )
    assert found.status_code == 401
