"""Settings of all tests. Nothing fails because a machine is slow: speed lives in `bench/`."""

from hypothesis import HealthCheck, settings

settings.register_profile("nfemu", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("nfemu")
