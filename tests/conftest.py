"""How hypothesis tries things: its clocks are off, because no test depends on the speed of the machine."""

from hypothesis import HealthCheck, settings

settings.register_profile("no clock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("no clock")
