"""Requests that nobody would send, made by schemathesis from the server's own OpenAPI, and what must hold.

Most cases are mixed with hostile texts (paths that lead out, markup, control characters) and with names that
the library has, so that requests get past the first check. No answer may have a status of 500 or above, no
job may end by an error that is no sentence of ours, no answer may hold a byte of a file beside the library,
and nothing beside the library may change.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from starlette.testclient import TestClient

from vpd.library.layout import Layout
from vpd.web.app import make_app

BASE = "http://127.0.0.1"
ENDLESS = "/api/events"
"""A stream without an end; it takes nothing."""
DEAR = {("POST", "/api/run"): "video", ("POST", "/api/videos"): "path"}
"""Routes that track, train or search a disk unless what they get is not there: only hostile texts go."""
CANARY = "canary-7c1f9b3e"
ROUND = 40
"""Cases of one route in one round; routes that take nothing have one."""
SPICED = 0.6
"""Share of the cases in which texts are replaced."""


@dataclass
class Outcome:
    """How often each status was answered, every answer that broke a rule, and what no client could send."""

    statuses: Counter[int] = field(default_factory=Counter)
    unsent: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """Answers in all."""
        return sum(self.statuses.values())


def _hostile(root: Path) -> list[Any]:
    """Texts that lead out of the library at ``root``, or break what takes them for something else."""
    secret = root.parent / "secret.txt"
    return [
        "../secret.txt", "..%2fsecret.txt", "..\\secret.txt", "....//secret.txt", str(secret), f"file://{secret}",
        "/etc/passwd", "..%252f..%252fetc%252fpasswd", "%00", "v0\x00.mp4", "v0/../../secret.txt", "CON", "~",
        "<img src=x onerror=alert(1)>", "{{7*7}}", "\u202etxt.exe", "'; DROP TABLE labels; --", "a" * 5000,
        "", "\ud7ff", "\x07", -1, 2**63, 1e308, [], {}, None, True,
    ]  # fmt: skip


def _known(client: TestClient) -> list[str]:
    """Names that the library has."""
    videos = [v["video"] for v in client.get("/api/library").json()["videos"]]
    labels = [row["id"] for row in client.get("/api/labels").json()["labels"]]
    jobs = [job["id"] for job in client.get("/api/jobs").json()["jobs"]]
    spans = ["v0@1-2", "v1@3-4#0", "v2@0.5-1.5", "v0@1-1", "v0@5-99"]
    return [*videos[:4], *labels[:4], *jobs[-4:], *spans, "csv", "jump"]


def _mixed(value: Any, draw: random.Random, texts: list[Any]) -> Any:
    """The value with some of what it holds replaced."""
    if isinstance(value, dict):
        return {k: _mixed(v, draw, texts) for k, v in value.items()}
    if isinstance(value, list):
        return [_mixed(v, draw, texts) for v in value]
    return draw.choice(texts) if draw.random() < 0.5 else value


def _spice(case: Any, draw: random.Random, hostile: list[Any], known: list[str]) -> None:
    texts = [*hostile, *known, *known]
    if case.path_parameters:
        safe = draw.choice(["", "/.%"])
        case.path_parameters = {
            name: quote(str(draw.choice(texts)), safe=safe, errors="replace") or "x"
            for name in case.path_parameters
        }
    if case.query and draw.random() < 0.5:
        case.query = {name: _mixed(value, draw, texts) for name, value in case.query.items()}
    if isinstance(case.body, dict | list):
        case.body = _mixed(case.body, draw, texts)


class Fuzz:
    """The server of one library, and everything beside the library that must stay as it is."""

    def __init__(self, layout: Layout, number: int) -> None:
        self.layout, self.draw = layout, random.Random(number)
        self.number, self.outcome = number, Outcome()
        self.beside = layout.root.parent
        for name in ("secret.txt", "secret.mp4"):
            (self.beside / name).write_text(f"{CANARY} {name}\nroot:x:0:0\n")

    def _state(self) -> dict[str, tuple[int, int]]:
        """Sizes and times of all files beside the library."""
        files = (p for p in self.beside.rglob("*") if p.is_file() and not p.is_relative_to(self.layout.root))
        return {str(p): (p.stat().st_size, p.stat().st_mtime_ns) for p in files}

    def run(self, requests: int) -> Outcome:
        """Send at least so many requests, in rounds over all routes."""
        before = self._state()
        with TestClient(make_app(self.layout, docs=True), BASE, raise_server_exceptions=False) as client:
            document = client.get("/api/openapi.json").json()
            schema = schemathesis.openapi.from_dict(document)
            operations = [o.ok() for o in schema.get_all_operations()]
            operations = [o for o in operations if o.path != ENDLESS]
            each = min(ROUND, -(-requests // len(operations)))
            while self.outcome.requests < requests:
                for operation in operations:
                    self._operation(client, operation, each)
                self._jobs(client)
                self.number += 1
        if self._state() != before:
            self.outcome.wrong.append("a file beside the library has changed")
        return self.outcome

    def _operation(self, client: TestClient, operation: Any, cases: int) -> None:
        known, hostile = _known(client), _hostile(self.layout.root)

        @seed(self.number)
        @settings(
            max_examples=cases, deadline=None, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def send(case: Any) -> None:
            dear = DEAR.get((operation.method.upper(), operation.path))
            if dear:
                case.body = {dear: str(self.draw.choice(hostile)) or "x"}
            elif self.draw.random() < SPICED:
                _spice(case, self.draw, hostile, known)
            self._send(client, case)

        send()

    def _send(self, client: TestClient, case: Any) -> None:
        given = case.as_transport_kwargs(base_url=BASE)
        given.pop("cookies", None)
        try:
            answer = client.request(**given)
        except Exception:  # noqa: BLE001 - the client's own: no such request can be sent
            self.outcome.unsent += 1
            return
        self.outcome.statuses[answer.status_code] += 1
        about = f"{given['method']} {given['url'][:200]} {str(given.get('json'))[:300]}"
        if answer.status_code >= 500:
            self.outcome.wrong.append(f"{answer.status_code}: {about}")
        if CANARY.encode() in answer.content or b"root:x:0" in answer.content:
            self.outcome.wrong.append(f"a file beside the library: {about}")
        for job in _begun(answer):
            client.request("DELETE", f"/api/jobs/{job}")

    def _jobs(self, client: TestClient) -> None:
        for job in client.get("/api/jobs").json()["jobs"]:
            if job["error"].startswith("Unexpected"):
                self.outcome.wrong.append(f"a job of {job['kind']} ({job['about'][:200]}): {job['error']}")


def _begun(answer: Any) -> Iterator[str]:
    """The id of the job that an answer names, if it does."""
    if answer.headers.get("content-type") == "application/json":
        data = answer.json()
        if isinstance(data, dict) and isinstance(data.get("job"), dict):
            yield data["job"]["id"]
