"""A line's use over the API."""

from nfemu.model.identity import PolicyName
from nfemu.model.usage import Usage
from tests.fakes.world import ZHANG, imsi_of
from tests.web.api.conftest import Api

LINE = "/subscribers/13800138000/usage"


async def test_a_day_s_use_by_policy_and_group(api: Api) -> None:
    api.world.service.used([Usage(imsi_of(ZHANG), PolicyName("open"), "", 1, 2)])
    shown = (await api("GET", LINE)).json()
    assert shown == {
        "day": "2026-11-01",
        "used": [{"policy": "open", "group": None, "up": 1, "down": 2}],
        "cap": None,
        "groups": ["portal"],
    }
    assert (await api("GET", f"{LINE}?day=2026-10-31")).json()["used"] == []
    assert (await api("GET", f"{LINE}?day=yesterday")).status == 422
    await api.world.service.attach(ZHANG)
    assert (await api("GET", LINE)).json()["cap"] is None, "the policy has none"
