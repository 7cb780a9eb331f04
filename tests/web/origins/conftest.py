from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nfemu.web.origins.ca import CertificateAuthority
from nfemu.web.origins.dispatch import OriginDispatcher
from nfemu.web.origins.front import OriginFront
from nfemu.web.origins.recorder import Recorder
from nfemu.web.origins.sites import EmulatedSites, SiteOverride
from tests.web.gateway_side import TOKEN, GatewaySide

OVERRIDES = {
    "news.example": SiteOverride(title="Example News"),
    "broken.example": SiteOverride(status=500),
    "slow.example": SiteOverride(delay=timedelta(milliseconds=1)),
    "own.example": SiteOverride(body="hello\n", headers=(("X-One", "1"), ("X-One", "2"))),
}


def wall() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def recorder() -> Recorder:
    return Recorder(wall, per_name=5, names=3)


@pytest.fixture
def authority(tmp_path: Path) -> CertificateAuthority:
    return CertificateAuthority.load_or_create(tmp_path / "ca", wall)


@pytest.fixture
async def gateway(tmp_path: Path, recorder: Recorder, authority: CertificateAuthority) -> AsyncIterator[GatewaySide]:
    dispatcher = OriginDispatcher({}, EmulatedSites(OVERRIDES), recorder)
    front = OriginFront(dispatcher, authority, tmp_path / "origin.sock", TOKEN, preface_timeout=0.5)
    await front.start()
    side = GatewaySide(tmp_path / "origin.sock", authority.pem)
    yield side
    await side.close()
    await front.stop()
