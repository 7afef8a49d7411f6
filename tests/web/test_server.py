"""The server says where it cannot listen, and answers without delay."""

from __future__ import annotations

import asyncio
import socket

import pytest

from vpd.errors import InputError
from vpd.library.layout import Layout
from vpd.web.server import listening, serve


def test_a_port_that_is_taken_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"port {port} cannot be listened on"):
            serve(Layout(tmp_path), "127.0.0.1", port, False, print)


def test_small_answers_are_sent_at_once():
    """Without TCP_NODELAY the end of an answer waits for the browser's word on its beginning, 40 ms."""
    delays = []

    class Answer(asyncio.Protocol):
        def connection_made(self, transport):
            sock = transport.get_extra_info("socket")
            delays.append(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 0)
            transport.close()

    async def connect():
        sock = listening("127.0.0.1", 0)
        async with await asyncio.get_running_loop().create_server(Answer, sock=sock):
            reader, writer = await asyncio.open_connection(*sock.getsockname())
            await reader.read()
            writer.close()

    asyncio.run(connect())
    assert delays == [False]
