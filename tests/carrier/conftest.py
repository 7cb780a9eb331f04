"""The small carrier of `tests.fakes.world`, started."""

from collections.abc import AsyncIterator

import pytest

from tests.fakes.world import World


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Arrears profile, in place, business clock standing still."""
    world = World()
    await world.start()
    yield world
    await world.service.stop()
