"""Light commands load nothing heavy: that, not a stopwatch, is what keeps them within 0.3 s of processor time."""

import subprocess
import sys

import pytest

HEAVY = {"fastapi", "starlette", "pydantic", "mitmproxy", "sqlalchemy", "uvicorn", "asyncio", "rich", "yaml", "jinja2"}
LIGHT = (
    "subscribers",
    "accounts",
    "history",
    "policies",
    "configuration",
    "execute",
    "clock",
    "lifecycle",
    "doctor",
    "capture",
    "replay",
    "compare",
)


@pytest.mark.parametrize("module", LIGHT)
def test_light_commands(module: str) -> None:
    code = f"""
import sys
import nfemu.cli.main, nfemu.cli.{module}, nfemu.client.transport
print(*sorted({HEAVY!r} & set(sys.modules)))
"""
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert loaded.stdout.split() == []
