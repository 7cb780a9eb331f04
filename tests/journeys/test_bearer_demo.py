"""The demo over IP bearers, whose rows are every step of the shipped journey: lines with IPv4 only, with IPv6 only,
with both; of root and of an ordinary user. With both, as whoever runs the tests, it is played in `test_demo.py`.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.gateway.bearer.ordinary import User, ordinary, root
from tests.journeys.bearer import NEEDS_BEARERS
from tests.journeys.carrier import CONFIG

pytestmark = [pytest.mark.lab, NEEDS_BEARERS]

WHO: Mapping[str, Callable[[], User | None]] = {"root": root, "ordinary": ordinary}


@pytest.fixture
def folder() -> Iterator[Path]:
    """Open to everybody, which pytest's are not."""
    with tempfile.TemporaryDirectory(prefix="nfemu-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.mark.parametrize(
    ("who", "kind"),
    [
        ("root", "IPv4"),
        ("ordinary", "IPv6"),
        pytest.param("ordinary", "IPv4v6", marks=pytest.mark.long),
        pytest.param("ordinary", "IPv4", marks=pytest.mark.long),
        pytest.param("root", "IPv6", marks=pytest.mark.long),
        pytest.param("root", "IPv4v6", marks=pytest.mark.long),
    ],
)
def test_every_row_passes(who: str, kind: str, folder: Path) -> None:
    user = WHO[who]()
    if user is None:
        pytest.skip(f"needs {'root' if who == 'root' else 'a Python of this version that is open to other users'}")
    config = shutil.copytree(CONFIG, folder / "config")
    apns = config / "apns.yaml"
    apns.write_text(apns.read_text().replace("pdn_type: IPv4v6", f"pdn_type: {kind}"))
    overrides = ("--config", str(config), "--set", "carrier.access=bearer")
    with user.popen("-m", "nfemu.cli.main", *overrides, "demo", folder=Path("/")) as demo:
        shown, _ = demo.communicate(timeout=200)
    assert demo.returncode == 0, shown
    assert shown.splitlines()[-1] == "20 passed, 0 failed"
