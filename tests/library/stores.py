"""Stores for tests: one in memory, moto's S3 as a process, and Google's store as one."""

import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from vpd.library.copy_contents import store_of
from vpd.library.store import Store

BUCKET = "games"


def in_memory(url):
    """A store in memory, of which every caller with the same object sees the same."""
    from obstore.store import MemoryStore

    return Store(MemoryStore(), url)


def free_port():
    """A port that nobody listens to."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def gs(monkeypatch):
    """A server process of Google's store with a bucket, to which the environment leads."""
    from gcsfs import GCSFileSystem

    port = free_port()
    command = [sys.executable, "-m", "gcp_storage_emulator", "start", "--in-memory", "--quiet"]
    server = subprocess.Popen([*command, "--port", str(port), "--default-bucket", BUCKET])
    try:
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:  # it is not up yet
                time.sleep(0.1)
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{port}")
        GCSFileSystem.clear_instance_cache()
        yield
    finally:
        server.kill()
        server.wait()


@contextmanager
def s3(monkeypatch, errors=0.0):
    """The address of an S3 server process with a bucket, to which the environment leads.

    A share of its answers is lost after the work was done: they become 500, or the connection is cut.
    """
    import boto3
    from s3fs import S3FileSystem

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "a")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    port = free_port()
    moto = subprocess.Popen([sys.executable, "-m", "moto.server", "-p", str(port)], stderr=subprocess.DEVNULL)
    bad = None
    try:
        client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}")
        for _ in range(600):
            try:
                client.create_bucket(Bucket=BUCKET)
                break
            except Exception:  # noqa: BLE001 - it is not up yet
                time.sleep(0.1)
        server = Path(__file__).with_name("bad_server.py")
        command = [sys.executable, str(server), f"http://127.0.0.1:{port}", str(errors), "1"]
        bad = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        address = f"http://127.0.0.1:{bad.stdout.readline().strip()}"
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        store_of.cache_clear()  # another test's server had the same URLs
        S3FileSystem.clear_instance_cache()
        yield address
    finally:
        for process in (bad, moto):
            if process is not None:
                process.kill()
                process.wait()
        if bad is not None:
            bad.stdout.close()
