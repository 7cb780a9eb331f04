from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.web.stack import Stack


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[Stack]:
    made = Stack(tmp_path)
    await made.start()
    yield made
    await made.stop()
