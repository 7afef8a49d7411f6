"""The server says where it cannot listen."""

from __future__ import annotations

import socket

import pytest

from vpd.errors import InputError
from vpd.library.layout import Layout
from vpd.web.server import serve


def test_a_port_that_is_taken_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"port {port} cannot be listened on"):
            serve(Layout(tmp_path), "127.0.0.1", port, False, print)
