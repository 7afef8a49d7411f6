"""A server that is killed in the middle of changes of labels loses none that it has acknowledged."""

from __future__ import annotations

import json
import multiprocessing
import random
import socket
import threading
import time
from http.client import HTTPConnection, HTTPException

import pytest

from tests.web.made import made_library
from vpd.library.label_store import LabelStore
from vpd.library.layout import Layout
from vpd.web.journal import Journal

WRITERS = 2


def serve(layout: Layout, sock: socket.socket) -> None:
    """Serve a library on a socket until the end of the process."""
    import uvicorn

    from vpd.web.app import make_app

    uvicorn.Server(uvicorn.Config(make_app(layout), log_level="critical", access_log=False)).run([sock])


def write(port: int, number: int, kept: dict[str, tuple[float, str]]) -> None:
    """Add and move labels until the server is gone; what was acknowledged goes into ``kept``.

    A change that was sent and not acknowledged may have happened or not: its label is taken out of ``kept``.
    """
    draw, connection = random.Random(number), HTTPConnection("127.0.0.1", port, timeout=20)
    own: list[tuple[str, str]] = []
    while True:
        start_s = round(draw.uniform(0, 4), 3)
        span = {"start_s": start_s, "end_s": start_s + 1}
        name, version = draw.choice(own) if len(own) > 3 and draw.random() < 0.5 else ("", "")
        method, path, body = (
            ("PATCH", f"/{name}", {"version": version}) if name else ("POST", "", {"video": "v0"})
        )
        was = kept.pop(name, None) if name else None
        try:
            text = json.dumps({**span, **body, "label": "kick"})
            connection.request(method, f"/api/labels{path}", text, {"content-type": "application/json"})
            answer = connection.getresponse()
            data = json.loads(answer.read())
        except (OSError, HTTPException, ValueError):
            return
        if answer.status != 200:
            if was:
                kept[name] = was
            continue
        label = data["label"]
        own = [pair for pair in own if pair[0] != label["id"]] + [(label["id"], label["version"])]
        kept[label["id"]] = (label["start_s"], label["label"])


@pytest.mark.parametrize("kills", [4, pytest.param(100, marks=pytest.mark.slow)])
def test_no_acknowledged_label_is_lost_by_a_kill(tmp_path, kills):
    layout = made_library(tmp_path, videos=1, frames=180)
    context = multiprocessing.get_context("forkserver")  # the server is imported once
    context.set_forkserver_preload(["vpd.web.app", "uvicorn"])
    draw, kept = random.Random(0), {}
    acknowledged = 0
    for number in range(kills):
        sock = socket.create_server(("127.0.0.1", 0))
        server = context.Process(target=serve, args=(layout, sock), daemon=True)
        server.start()
        fresh: list[dict[str, tuple[float, str]]] = [{} for _ in range(WRITERS)]
        port = sock.getsockname()[1]
        writers = [
            threading.Thread(target=write, args=(port, 100 * number + i, fresh[i])) for i in range(WRITERS)
        ]
        for writer in writers:
            writer.start()
        wanted = draw.randrange(1, 25)
        until = time.monotonic() + 60
        while sum(map(len, fresh)) < wanted and time.monotonic() < until:
            time.sleep(0.002)
        server.kill()
        sock.close()
        for writer in writers:
            writer.join(60)
        server.join(60)
        for own in fresh:
            acknowledged += len(own)
            kept |= own
        labels = LabelStore(layout).read().labels
        there = {label.id: (label.segment.start_s, label.segment.label) for label in labels}
        lost = {name: want for name, want in kept.items() if there.get(name) != want}
        assert lost == {}, f"after kill {number + 1}"
    print(f"{acknowledged} acknowledged, {kills} kills")
    assert acknowledged >= kills
    assert Journal(layout).undo()  # what was done last can be taken back after all
