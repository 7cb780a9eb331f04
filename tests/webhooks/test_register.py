"""Who is called, and what lasts of that."""

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from nfemu.model.errors import Conflict, InvalidInput, LimitReached, NotFound, Unavailable
from nfemu.model.identity import WebhookId
from nfemu.model.webhooks import Webhook
from nfemu.webhooks.register import Register
from nfemu.webhooks.target import WebhookRules
from tests.webhooks.making import CRM

URL = "http://127.0.0.1:9000/events"
CONFIGURED = {CRM.id: replace(CRM, configured=True)}
NOBODY = WebhookId("nobody")


def register(folder: Path, rules: WebhookRules | None = None) -> Register:
    return Register(folder / "webhooks", CONFIGURED, rules or WebhookRules())


def test_what_was_registered_is_there_after_a_start(tmp_path: Path) -> None:
    before = register(tmp_path)
    added = before.add(URL, ["order.done", "order.done", "payment.*"])
    assert (added.callback, added.events, added.configured) == (URL, ("order.done", "payment.*"), False)
    secret = before.secret(added.id)
    after = register(tmp_path)
    assert after.all() == {**CONFIGURED, added.id: added}
    assert (after.get(added.id), after.secret(added.id)) == (added, secret)


def test_secrets_are_their_owners_alone(tmp_path: Path) -> None:
    it = register(tmp_path)
    added = it.add(URL, ["*"])
    assert it.secret(CRM.id) == it.secret(CRM.id) != it.secret(added.id)
    files = list((tmp_path / "webhooks").iterdir())
    assert len(files) == 3
    assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}
    assert stat.S_IMODE((tmp_path / "webhooks").stat().st_mode) == 0o700
    assert it.secret(added.id) not in (tmp_path / "webhooks" / "registered.json").read_text()


def test_what_is_removed_is_gone_with_its_secret(tmp_path: Path) -> None:
    it = register(tmp_path)
    added = it.add(URL, ["*"])
    it.remove(added.id)
    assert it.all() == register(tmp_path).all() == CONFIGURED
    assert not it.secret_file(added.id).exists()
    for gone in (added.id, NOBODY):
        with pytest.raises(NotFound, match="nfemu webhooks list"):
            it.remove(gone)


def test_one_of_the_configuration_is_removed_there(tmp_path: Path) -> None:
    it = register(tmp_path)
    with pytest.raises(Conflict, match=r"carrier\.yaml"):
        it.remove(CRM.id)
    other = Webhook(WebhookId("bi"), URL, ("*",), configured=True)
    it.follow({other.id: other}, WebhookRules())
    assert it.all() == {other.id: other}


def test_who_may_not_be_called_is_not_registered(tmp_path: Path) -> None:
    it = register(tmp_path)
    with pytest.raises(InvalidInput, match=r"webhooks\.hosts"):
        it.add("http://crm.example/", ["*"])
    with pytest.raises(InvalidInput, match="no event"):
        it.add(URL, ["order.lost"])
    it.follow(CONFIGURED, WebhookRules(("crm.example",)))
    assert it.add("http://crm.example/", ["*"]).callback == "http://crm.example/"


def test_there_are_only_so_many(tmp_path: Path) -> None:
    it = register(tmp_path, WebhookRules(limit=2))
    it.add(URL, ["*"])
    with pytest.raises(LimitReached, match="there are 2 webhooks already"):
        it.add(URL, ["*"])


@pytest.mark.parametrize("text", ["{", "[]", '{"hub-1": {}}', '{"hub-1": 7}'])
def test_a_damaged_file_is_told(tmp_path: Path, text: str) -> None:
    register(tmp_path).add(URL, ["*"])
    (tmp_path / "webhooks" / "registered.json").write_text(text)
    with pytest.raises(Unavailable, match="delete it and register anew"):
        register(tmp_path)


def test_where_nothing_can_be_written_nothing_is_registered(tmp_path: Path) -> None:
    it = register(tmp_path)
    (tmp_path / "webhooks").write_text("no folder")
    with pytest.raises(Unavailable):
        it.add(URL, ["*"])
    assert it.all() == CONFIGURED
