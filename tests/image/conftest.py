"""Each test has the container for itself, and leaves none."""

from collections.abc import Iterator

import pytest

from tests.image.container import NAME, docker


@pytest.fixture(autouse=True)
def _removed() -> Iterator[None]:
    yield
    docker("rm", "-f", "-v", NAME, check=False)
    docker("volume", "rm", "-f", "nfemu-test-state", check=False)
