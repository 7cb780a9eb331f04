"""The agreement over the API."""

from tests.web.api.conftest import Api

LINE = "/subscribers/13800138000"


async def test_signed_shown_and_revoked(api: Api) -> None:
    assert (await api("GET", LINE)).json()["auto_deduct"] is None
    signed = await api("POST", f"{LINE}/auto-deduct", {"cap": "100.00"})
    assert signed.status == 200
    agreement = signed.json()["auto_deduct"]
    assert (agreement["provider"], agreement["cap"]["amount"], agreement["unanswered"]) == ("sandbox", "100.00", None)
    assert (await api("POST", f"{LINE}/auto-deduct", {})).status == 409
    api.world.faults.fail("provider")
    charged = await api("POST", f"{LINE}/charges", {"amount": "59.00"})
    assert charged.json()["auto_deduct"]["unanswered"]["amount"] == "29.00"
    api.world.faults.heal()
    revoked = await api("POST", f"{LINE}/auto-deduct/revoke", {})
    assert revoked.json()["auto_deduct"] is None


async def test_what_needs_an_agreement_and_what_no_cap_is(api: Api) -> None:
    for method, path, body in (
        ("POST", "/revoke", {}),
        ("POST", "/revoke", {"at": "provider"}),
        ("PUT", "/bank", {"answer": "decline"}),
    ):
        refused = await api(method, f"{LINE}/auto-deduct{path}", body)
        assert (refused.status, "sign one first" in refused.json()["detail"]) == (409, True)
    assert (await api("POST", f"{LINE}/auto-deduct", {"cap": "0.00"})).status == 422
    assert (await api("PUT", f"{LINE}/auto-deduct/bank", {"answer": "maybe"})).status == 422
