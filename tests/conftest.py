"""How hypothesis tries things: its clocks are off, because no test depends on the speed of the machine."""

import pytest
from hypothesis import HealthCheck, settings

from vpd.library import verified

settings.register_profile("no clock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("no clock")


@pytest.fixture(autouse=True, scope="session")
def _nothing_in_the_users_cache():
    """Tests keep nothing of their libraries in the user's folder for caches."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verified, "cache_folder", lambda: None)
        yield
        verified._changed.clear()
