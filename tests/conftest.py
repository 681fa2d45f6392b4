"""Hypothesis for all tests: no time limits, because machines are slow and busy; where ``CI`` is set, no dice either."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "mudian",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("mudian")
