"""`/api/v1/states`: listed, saved, loaded, deleted; times in the carrier's zone."""

from tests.web.api.conftest import Api

SAVED = {
    "name": "arrears",
    "built_in": False,
    "saved_at": "2026-11-01T16:00:00+08:00",
    "business_time": "2026-11-01T16:10:00+08:00",
    "subscribers": 7,
    "damaged": False,
}
INITIAL = {
    "name": "initial",
    "built_in": True,
    "saved_at": None,
    "business_time": None,
    "subscribers": None,
    "damaged": False,
}


async def test_a_state_is_saved_and_listed_behind_the_built_in_one(api: Api) -> None:
    assert (await api("GET", "/states")).json() == {"states": [INITIAL]}
    assert (await api("POST", "/states/arrears/save")).json() == SAVED
    assert (await api("GET", "/states")).json() == {"states": [INITIAL, SAVED]}


async def test_a_load_says_in_what_the_configuration_differs(api: Api) -> None:
    await api("POST", "/states/arrears/save")
    loaded = (await api("POST", "/states/arrears/load")).json()
    assert loaded == {
        "name": "arrears",
        "differences": ["apns.yaml: pool internet is another one than when the state was saved"],
    }
    assert api.program.states.loaded == ["arrears"]


async def test_a_state_is_deleted(api: Api) -> None:
    await api("POST", "/states/arrears/save")
    assert (await api("DELETE", "/states/arrears")).json() == {"done": ["state arrears is deleted"]}
    assert not api.program.states.saved


async def test_refusals_are_problems(api: Api) -> None:
    assert (await api("POST", "/states/nothing/load")).status == 404
    assert (await api("DELETE", "/states/nothing")).status == 404
    assert (await api("POST", "/states/initial/save")).status == 409
