"""An object store by six verbs: listed, look, read, fetch, put and delete.

Whatever obstore reaches: ``s3://`` and ``gs://``. An object is put whole, and only where what lies there is
what the writer expects: a conditional PUT. So of two writers one succeeds and the other is told, and nobody
ever sees a part of an object.
"""

from __future__ import annotations

import mmap
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from vpd.errors import InputError, StoreChangedError, StoreError

if TYPE_CHECKING:
    from obstore.store import ObjectStore

SCHEMES = ("s3", "gs")
TRIES, PAUSE_S = 7, 0.25
"""How often each request is sent, and the first pause between two tries; it doubles."""
ANSWER_S = 60.0
"""Seconds without an answer after which a request is sent again."""
MOST_BYTES = 5 * 10**9
"""The largest object that stores take in one PUT."""
MOST_SAID = 200
_T = TypeVar("_T")


@dataclass(frozen=True)
class Seen:
    """What was seen of an object: its key, size, and what tells one content from another.

    ``etag`` is made of the content by every store; ``version`` is a number of those that count writes, "" of
    the others and in lists.
    """

    key: str
    bytes: int
    etag: str
    version: str = ""


def _import() -> Any:
    try:
        import obstore
    except ImportError as error:
        raise InputError(
            "a library in an object store needs a package that is not installed: pip install "
            "'video-pose-distillation[cloud]', on every computer."
        ) from error
    return obstore


def _aws() -> dict[str, Any]:
    """Region, endpoint and credentials as the store's own programs find them, such as by `AWS_PROFILE`."""
    import botocore.session

    session = botocore.session.get_session()
    endpoint = session.create_client("s3", region_name=session.get_config_variable("region") or "us-east-1")
    url = str(endpoint.meta.endpoint_url)
    found: dict[str, Any] = {"region": endpoint.meta.region_name}
    if not url.endswith("amazonaws.com"):
        found |= {"endpoint": url, "client_options": {"allow_http": url.startswith("http://")}}

    def credentials() -> dict[str, Any]:
        known = session.get_credentials()
        if known is None:
            raise InputError("there are no credentials for s3://: set AWS_PROFILE, or AWS_ACCESS_KEY_ID.")
        keys = known.get_frozen_credentials()
        return {
            "access_key_id": keys.access_key,
            "secret_access_key": keys.secret_key,
            "token": keys.token,
            "expires_at": getattr(known, "_expiry_time", None),
        }

    return found | {"credential_provider": credentials}


def open_store(url: str) -> Store:
    """The store that holds what lies below a URL. Nobody is asked yet. Raises InputError."""
    scheme = url.partition("://")[0]
    if scheme not in SCHEMES:
        known = " or ".join(f"{name}://" for name in SCHEMES)
        raise InputError(f"{url}: a library lies in a folder, or at {known}.")
    _import()
    from obstore.store import from_url

    once = {"max_retries": 0, "retry_timeout": timedelta(seconds=ANSWER_S)}
    more = _aws() if scheme == "s3" else {}
    options = {"timeout": timedelta(seconds=ANSWER_S), **more.pop("client_options", {})}
    return Store(from_url(url, retry_config=once, client_options=options, **more), url)


class Store:
    """The objects below one prefix of a bucket.

    Errors of the network and of the server are tried again. Raises StoreError where they remain, and where
    rights are missing.
    """

    def __init__(self, objects: ObjectStore, url: str) -> None:
        self._objects, self.url = objects, url
        self._api = _import()

    def listed(self, prefix: str = "") -> list[Seen]:
        """All objects whose key begins with a prefix that ends with ``/``, or all."""

        def once() -> list[Seen]:
            pages = self._api.list(self._objects, prefix=prefix or None)
            return [_seen(meta) for page in pages for meta in page]

        return self._tried(prefix, once)

    def look(self, key: str) -> Seen | None:
        """What lies at a key; None where nothing does."""
        try:
            return self._tried(key, lambda: _seen(self._api.head(self._objects, key)))
        except FileNotFoundError:
            return None

    def read(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        """The content of an object, or the bytes from ``start`` to ``end``. Raises FileNotFoundError."""

        def once() -> bytes:
            if end is None and not start:
                return bytes(self._api.get(self._objects, key).bytes())
            return bytes(self._api.get_range(self._objects, key, start=start, end=end))

        return self._tried(key, once)

    def fetch(self, key: str, path: Path) -> Seen:
        """Write the content of an object to a file. Raises FileNotFoundError."""

        def once() -> Seen:
            found = self._api.get(self._objects, key)
            with path.open("wb") as out:
                for block in found.stream():
                    out.write(block)
            if path.stat().st_size != found.meta["size"]:
                raise OSError(f"{path.stat().st_size} bytes came instead of {found.meta['size']}")
            return _seen(found.meta)

        return self._tried(key, once)

    def put(self, key: str, content: bytes | Path, expected: Seen | None) -> Seen:
        """Put an object where ``expected`` lies, or nothing where that is None, in one conditional PUT.

        An object that is there already with this content counts as put: so does one of which
        the answer was lost. Raises StoreChangedError where something else lies there.
        """
        data = _buffer(content)
        if len(data) > MOST_BYTES:
            raise StoreError(f"{self.url}/{key} has more than {MOST_BYTES:,} bytes: no store takes it.")
        mode: Any = "create" if expected is None else _version(expected)
        known = self._api.exceptions
        try:
            done = self._tried(
                key, lambda: self._api.put(self._objects, key, data, mode=mode, use_multipart=False)
            )
        except (known.AlreadyExistsError, known.PreconditionError, FileNotFoundError) as error:
            there = self._same(key, data)
            if there is None:
                raise StoreChangedError(f"{self.url}/{key} was changed by another computer.") from error
            return there
        return Seen(key, len(data), done["e_tag"] or "", done["version"] or "")

    def _same(self, key: str, data: Any) -> Seen | None:
        """What lies at a key, where it has this content."""
        there = self.look(key)
        if there is None or there.bytes != len(data):
            return None
        try:
            return there if self.read(key) == data else None
        except FileNotFoundError:
            return None

    def delete(self, key: str) -> None:
        """Delete an object, whether it is there or not."""
        try:
            self._tried(key, lambda: self._api.delete(self._objects, key))
        except FileNotFoundError:
            return

    def _tried(self, key: str, ask: Callable[[], _T]) -> _T:
        """What ``ask`` returns. What another try may mend is tried again; answers about the object are not
        errors of the network and are raised as they are, a missing object as FileNotFoundError.
        """
        known = self._api.exceptions
        for attempt in range(TRIES):
            try:
                return ask()
            except (known.AlreadyExistsError, known.PreconditionError, FileNotFoundError, InputError):
                raise
            except known.NotFoundError as error:
                raise FileNotFoundError(f"{self.url}/{key}") from error
            except (known.PermissionDeniedError, known.UnauthenticatedError) as error:
                raise StoreError(
                    f"{self.url}/{key} may not be used: look at the rights, and who you are there."
                ) from error
            except (known.BaseError, OSError) as error:
                if attempt == TRIES - 1:
                    said = " ".join(str(error).partition("Debug source")[0].split())[:MOST_SAID]
                    raise StoreError(
                        f"{self.url}/{key} cannot be reached, tried {TRIES} times ({said})."
                    ) from error
                time.sleep(PAUSE_S * 2**attempt)
        raise AssertionError("the last try returns or raises")


def _seen(meta: Any) -> Seen:
    return Seen(meta["path"], meta["size"], meta["e_tag"] or "", meta["version"] or "")


def _version(seen: Seen) -> dict[str, str]:
    return {"e_tag": seen.etag, **({"version": seen.version} if seen.version else {})}


def _buffer(content: bytes | Path) -> Any:
    """The content as something that lies in memory; a file is mapped."""
    if isinstance(content, bytes):
        return content
    with content.open("rb") as file:
        # It is unmapped when the last request has let go of it.
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if content.stat().st_size else b""
