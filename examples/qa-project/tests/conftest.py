"""What these tests know of the carrier that they are about."""

import pytest

PORTAL = "portal.carrier.example"


@pytest.fixture
def portal() -> str:
    return f"http://{PORTAL}"
