"""What all tests share: hypothesis without clocks, because no test depends on the speed of the machine, the
signals of a terminal, and no cache of the user's.
"""

import os
import signal

import pytest
from hypothesis import HealthCheck, settings

from vpd.library import verified

settings.register_profile("no clock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("no clock")

# Tests that open networks by onnxruntime itself tell its makers nothing, either.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

# nohup and a shell's background jobs ignore these, and so would every program that a test starts.
for name in ("SIGINT", "SIGHUP"):
    number = getattr(signal, name, None)
    if number is not None and signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, lambda *_: None)


@pytest.fixture(autouse=True, scope="session")
def _nothing_in_the_users_cache():
    """Tests keep nothing of their libraries in the user's folder for caches."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verified, "cache_folder", lambda: None)
        yield
        verified._changed.clear()
