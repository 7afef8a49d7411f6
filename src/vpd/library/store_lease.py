"""Locks in an object store: an object with a heartbeat, made and taken over by conditional PUT.

As a lease on a network disk (`vpd.library.lease`): who waits sees by its own clock alone that nobody writes
to it any more. Of several that see a dead lease the store lets one replace it.
"""

from __future__ import annotations

import secrets
import threading
from contextlib import suppress

from vpd.errors import LockedError, StoreChangedError, StoreError
from vpd.library.lease import BEAT_S, TAKEOVER_S, Looks, Record
from vpd.library.store import Seen, Store


class StoreLease:
    """One lock. `acquire` tries once and is called again until it returns True; `release` lets go."""

    def __init__(self, store: Store, key: str) -> None:
        self.store, self.key = store, key
        self.token = secrets.token_hex(8)
        self._looks = Looks()
        self._mine: Seen | None = None
        self._lost = False
        self._ended = threading.Event()
        self._beating: threading.Thread | None = None

    def acquire(self) -> bool:
        """Take the lease where it is free, or nobody writes to it any more. Raises StoreError."""
        there = self.store.look(self.key)
        if there is not None and there.bytes and not self._is_dead():
            return False
        try:
            self._mine = self._put(0, there)
        except StoreChangedError:
            return False
        self._beating = threading.Thread(target=self._beat, daemon=True)
        self._beating.start()
        return True

    def release(self) -> None:
        """Let go. Raises LockedError where another has taken it over meanwhile.

        Where the store cannot be reached the lease is left there, and is taken over when it is wanted.
        """
        self._ended.set()
        if self._beating is not None:
            self._beating.join()
        with suppress(StoreError):
            now = self.store.look(self.key)
            if self._lost or now is None or self._mine is None or now.etag != self._mine.etag:
                raise LockedError(
                    f"{self.store.url}/{self.key} was taken over: this process did not write to it for "
                    f"{TAKEOVER_S:.0f} s, as where the computer slept. Look whether what you changed is "
                    "there; else change it again."
                )
            # Emptied and not deleted: a deletion whose answer was lost would be sent again, and would then
            # take away the lease of the next holder. A StoreChangedError says that it is taken again already.
            self.store.put(self.key, b"", self._mine)

    def _is_dead(self) -> bool:
        try:
            record = Record.parse(self.store.read(self.key))
        except FileNotFoundError:
            return False  # removed meanwhile; the next try finds it free
        return self._looks.given_up(self.key, record)

    def _put(self, beat: int, there: Seen | None) -> Seen:
        return self.store.put(self.key, Record.of_this(self.token, beat).to_json().encode(), there)

    def _beat(self) -> None:
        beat = 0
        while not self._ended.wait(BEAT_S):
            beat += 1
            try:
                self._mine = self._put(beat, self._mine)
            except StoreChangedError:
                self._lost = True
                return
            except StoreError:  # the next beat tries again
                continue
