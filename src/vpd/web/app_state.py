"""Shared state of the routes: the library, the jobs, the caches, and the listeners for changes."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request

from vpd.library.layout import Layout
from vpd.pipeline.status import Status, status
from vpd.web.cache import ProxyCache
from vpd.web.frame_cache import FrameCache
from vpd.web.jobs import Job, Jobs
from vpd.web.journal import Journal
from vpd.web.proposals import Proposals
from vpd.web.workspace import Workspace

STATUS_S = 5.0
"""A status that is older is computed again: another process may be at work on the library."""
KEEP_ALIVE_S = 15.0
"""Longest time in seconds without a message on an open stream of events."""


class Events:
    """Tell all open pages about changes."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[str]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def tell(self, kind: str, data: Any = None) -> None:
        """Send to all pages. Any thread may call it."""
        text = json.dumps({"kind": kind, "data": data}, default=str)
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._put, text)

    def _put(self, text: str) -> None:
        for queue in self._queues:
            if not queue.full():
                queue.put_nowait(text)

    async def listen(self) -> AsyncIterator[str]:
        """Yield the events from now on as server-sent events."""
        self._loop = asyncio.get_running_loop()
        queue: asyncio.Queue[str] = asyncio.Queue(1000)
        self._queues.add(queue)
        try:
            yield ": open\n\n"
            while True:
                try:
                    yield f"data: {await asyncio.wait_for(queue.get(), KEEP_ALIVE_S)}\n\n"
                except TimeoutError:
                    yield ": still here\n\n"
        finally:
            self._queues.discard(queue)


class State:
    """The state of one server."""

    def __init__(self, layout: Layout) -> None:
        self.workspace = Workspace(layout)
        self.journal = Journal(layout)
        self.events = Events()
        self.jobs = Jobs("job", self._tell)
        self.searches = Jobs("search", self._tell)
        self.proxies = Jobs("proxy", self._tell)
        self.offered: dict[str, Path] = {}
        self.proposals = Proposals(self.workspace)
        self.proxy_jobs: dict[tuple[str, int], Job] = {}
        self.cache = ProxyCache(layout.root / "cache" / "proxies")
        self.frames = FrameCache(self.workspace)
        self._status: tuple[float, Status] | None = None

    def status(self) -> Status:
        """The state of the library, computed at most every `STATUS_S` seconds."""
        kept = self._status
        if kept is None or time.monotonic() - kept[0] > STATUS_S:
            kept = self._status = (time.monotonic(), status(self.workspace.layout, self.workspace.videos))
        return kept[1]

    def changed(self) -> None:
        """Tell all pages that the library has changed."""
        self._status = None
        self.events.tell("library")

    @property
    def all_jobs(self) -> tuple[Jobs, ...]:
        """The queues of work: long work, searches, proxies. Each does one job at a time."""
        return self.jobs, self.searches, self.proxies

    def find_job(self, job: str) -> Job | None:
        """The job with this id."""
        return next((found for jobs in self.all_jobs if (found := jobs.find(job)) is not None), None)

    def _tell(self, job: Job) -> None:
        self.events.tell("job", {**job.to_json(), "result": None})

    def close(self) -> None:
        """End all work."""
        for jobs in self.all_jobs:
            jobs.close()


def state_of(request: Request) -> State:
    """The state of the server that received a request."""
    state: State = request.app.state.vpd
    return state


StateOf = Annotated[State, Depends(state_of)]
