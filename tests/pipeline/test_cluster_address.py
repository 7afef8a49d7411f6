"""The address of a Ray cluster is tried before Ray is, which would ask for a quarter of an hour."""

import socket
from types import SimpleNamespace

import pytest

from vpd.errors import InputError
from vpd.pipeline.cluster import Cluster, connected


@pytest.fixture
def asked(monkeypatch):
    """The addresses at which Ray is asked, by a Ray that starts nothing."""
    found = []
    ray = SimpleNamespace(
        init=lambda address, **options: found.append(address),
        is_initialized=lambda: False,
        nodes=lambda: [{"Alive": True, "Resources": {"CPU": 2}}],
        shutdown=lambda: None,
        exceptions=SimpleNamespace(AuthenticationError=KeyError, RayError=KeyError),
    )
    monkeypatch.setattr("vpd.pipeline.cluster.import_ray", lambda: ray)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    return found


def connect(address):
    with connected(Cluster(address)):
        pass


@pytest.fixture
def port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_what_accepts_connections_is_asked(asked, port):
    for address in (f"127.0.0.1:{port}", f"ray://127.0.0.1:{port}", "auto", ""):
        connect(address)
    assert asked == [f"127.0.0.1:{port}", f"ray://127.0.0.1:{port}", "auto", "local"]


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "nowhere.invalid:6379"])
def test_where_nothing_answers_ray_is_not_asked(asked, monkeypatch, address):
    for named in (True, False):
        monkeypatch.setenv("RAY_ADDRESS", "" if named else address)
        with pytest.raises(InputError, match=f"no Ray cluster answers at {address}.*RAY_AUTH_TOKEN_PATH"):
            connect(address if named else "")
    assert asked == []


@pytest.mark.parametrize("address", ["head", "head:", "head:x", ":6379", "head:99999", "http://"])
def test_what_is_no_address_is_refused(asked, address):
    with pytest.raises(InputError, match="HOST:PORT"):
        connect(address)
    assert asked == []
