"""Describe a cluster, and connect to it by Ray, which is imported only when it is used."""

from __future__ import annotations

import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from urllib.parse import urlsplit

from vpd.errors import InputError
from vpd.machine import cores
from vpd.pipeline.workers import THREAD_VARIABLES

OBJECT_STORE_BYTES = 200 << 20
"""Shared memory in bytes of a Ray started on this computer. Nothing large passes through it."""

VARIABLES = {
    "RAY_USAGE_STATS_ENABLED": "0",  # else Ray tells its makers of a cluster that it starts
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",  # else it prints every lost process into the results
    "RAY_BACKEND_LOG_LEVEL": "error",
    "RAY_worker_niceness": "0",  # else its processes starve beside others, as ours do not
}
"""Environment variables for Ray, where the user has not set them."""


ANSWER_S = 10.0
"""Seconds that a computer may take to accept a connection. Ray itself asks for a quarter of an hour."""


@dataclass(frozen=True)
class Cluster:
    """A cluster, and the resources of each task.

    Attributes
    ----------
    address : ``HOST:PORT``, or "auto" for a cluster on this computer; "" for that of RAY_ADDRESS, else a Ray
        of its own on this computer, which ends with the run.
    cpus : cores of a task, and its threads.
    gpus : the share of a GPU that a task holds; 0 for none.
    workers : processes of the cluster that train the student; 0 where the program that starts the run does.
    """

    address: str = ""
    cpus: int = 1
    gpus: float = 0.0
    workers: int = 0


def import_ray() -> ModuleType:
    """Import the package ray. Raises InputError where it is not installed."""
    for name, value in VARIABLES.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError as error:
        raise InputError(
            "the engine ray needs the package ray, which is not installed: pip install "
            "'video-pose-distillation[ray]', on every computer of the cluster."
        ) from error
    return ray  # type: ignore[no-any-return]


@contextmanager
def connected(cluster: Cluster, say: Callable[[str], None] = lambda text: None) -> Iterator[None]:
    """Connect to the cluster within the block.

    An existing connection of the program is used, and stays open. Raises InputError where Ray is not
    installed, does not answer, or demands a token.
    """
    handler = signal.getsignal(signal.SIGTERM)
    ray = import_ray()
    ours = not ray.is_initialized()
    try:
        if ours:
            _connect(ray, cluster)
            _put_back(handler)  # Ray puts its own in its place
        if not any(_fits(node, cluster) for node in alive(ray)):
            gpus = f" and {cluster.gpus:g} of a GPU" if cluster.gpus else ""
            say(f"No node of the cluster has {cluster.cpus} cores{gpus}: tasks wait until one joins.")
        yield
    finally:
        if ours:
            ray.shutdown()
        _put_back(handler)


def _put_back(handler: signal._HANDLER) -> None:
    try:
        signal.signal(signal.SIGTERM, handler)
    except (ValueError, TypeError):  # not the main thread; or a handler that is not Python's
        return


def _connect(ray: ModuleType, cluster: Cluster) -> None:
    address = cluster.address or os.environ.get("RAY_ADDRESS", "") or "local"
    options = {"num_cpus": cores(), "object_store_memory": OBJECT_STORE_BYTES, "include_dashboard": False}
    variables = dict.fromkeys(THREAD_VARIABLES, str(cluster.cpus))
    _must_answer(address)
    try:
        ray.init(
            address=address,
            log_to_driver=False,
            logging_level=logging.CRITICAL,
            runtime_env={"env_vars": variables},
            **(options if address == "local" else {}),
        )
    except ray.exceptions.AuthenticationError as error:
        raise InputError(_no_token(address)) from error
    except (ConnectionError, ray.exceptions.RayError) as error:
        raise InputError(_no_answer(address)) from error
    except (RuntimeError, ValueError, TimeoutError) as error:
        said = " ".join(str(error).split())
        raise InputError(f"the Ray cluster at {address} cannot be used: {said}") from error


def _must_answer(address: str) -> None:
    """Raise InputError where nothing accepts a connection at HOST:PORT, or the address is none."""
    if address in ("auto", "local"):
        return
    try:
        parts = urlsplit(address if "://" in address else f"ray://{address}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or port is None:
        raise InputError(f"the address of a Ray cluster is HOST:PORT or auto, not {address!r}.")
    try:
        socket.create_connection((host, port), ANSWER_S).close()
    except OSError as error:
        raise InputError(_no_answer(address)) from error


def _no_answer(address: str) -> str:
    return f"no Ray cluster answers at {address}, or it refuses: {_no_token(address)}"


def _no_token(address: str) -> str:
    return (
        f"the Ray cluster at {address} takes whoever has its token. Copy ~/.ray/auth_token of its head node "
        "to this computer, name the copy in RAY_AUTH_TOKEN_PATH, and set RAY_AUTH_MODE=token."
    )


def alive(ray: ModuleType) -> list[dict[str, object]]:
    """The nodes that answer, as Ray describes them."""
    return [node for node in ray.nodes() if node["Alive"]]


def _of(node: dict[str, object], resource: str) -> float:
    resources = node["Resources"]
    return float(resources.get(resource, 0)) if isinstance(resources, dict) else 0.0


def _fits(node: dict[str, object], cluster: Cluster) -> bool:
    return _of(node, "CPU") >= cluster.cpus and _of(node, "GPU") >= cluster.gpus


def slots(ray: ModuleType, cluster: Cluster) -> int:
    """The number of tasks that the present nodes run at a time, at least 1."""
    count = 0
    for node in alive(ray):
        if _fits(node, cluster):
            by_cores = int(_of(node, "CPU") // cluster.cpus)
            count += min(by_cores, int(_of(node, "GPU") / cluster.gpus)) if cluster.gpus else by_cores
    return max(1, count)


def memory_of_a_task(ray: ModuleType, wanted: int) -> int:
    """The bytes of memory to request: ``wanted``, or less where no node has that much."""
    return int(min(wanted, max((_of(node, "memory") for node in alive(ray)), default=wanted)))
