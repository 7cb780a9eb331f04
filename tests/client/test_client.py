"""The SDK against the real API on a real socket."""

import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from nfemu.client import Client, ClientError, StateFolder
from nfemu.client.values import Amount
from nfemu.client.webhooks import Delivery
from nfemu.model.errors import InvalidInput, NotFound, Unavailable
from tests.client.running import Running, status_of
from tests.web.api.conftest import TOKEN


def test_the_journey(nfemu: Client) -> None:
    session = nfemu.attach("13800138000")
    assert (session.state, session.ue_ipv4, session.profile) == ("active", "10.45.0.2", "internet")
    charged = nfemu.charge("+86 138 0013 8000", "59.00", note="fees", key="bill-1")
    assert (charged.ordered, charged.effective, charged.account.standing) == ("arrears", "green", "overdue")
    assert nfemu.charge("13800138000", "59.00", note="fees", key="bill-1") == charged
    assert charged.account.amount_due == Amount("29.00", "CNY")
    refused = nfemu.explain("13800138000", "https://news.example/?a=b&c=d")
    assert (refused.verdict, refused.rule, refused.candidates) == ("reject", "arrears/default", [])
    allowed = nfemu.explain("13800138000", "http://portal.carrier.example/")
    assert (allowed.verdict, allowed.enrich, allowed.candidates[0].decided) == ("allow", True, True)
    part = nfemu.pay("13800138000", "10.00")
    assert (str(part.missing), bool(part.missing), part.subscriber.ordered) == ("¥19.00", True, "arrears")
    rest = nfemu.pay("13800138000", "19.00")
    assert (bool(rest.missing), rest.subscriber.effective) == (False, "internet")
    assert [entry.kind for entry in nfemu.ledger("13800138000").entries] == ["payment", "payment", "charge", "payment"]
    assert str(nfemu.ledger("13800138000", limit=1).entries[0].amount) == "¥19.00"
    assert {notice.kind for notice in nfemu.inbox("13800138000")} == {"stopped", "restored", "payment confirmed"}
    events = nfemu.timeline("13800138000")
    assert {"order.created", "enforcement.acknowledged"} <= {event.name for event in events}
    assert all(event.elapsed_ms >= 0 and event.at.utcoffset() == timedelta(hours=8) for event in events)
    assert nfemu.detach("13800138000").state == "released"


def test_what_a_line_costs(nfemu: Client) -> None:
    granted = nfemu.grant_credit("13800138000", "10.00", "30d", "on holiday")
    assert (str(granted.account.granted), str(granted.account.credit_limit)) == ("¥10.00", "¥0.00")
    nfemu.post_usage("13800138000", "voice", 90)
    bill = nfemu.bill("13800138000")
    assert [(each.measured, each.used, each.units) for each in bill.consumption] == [("data", 0, 0), ("voice", 90, 0)]
    assert [(str(each.amount), each.reason) for each in bill.grants] == [("¥10.00", "on holiday")]
    assert (bill.plan, bill.services, bill.next_fees) == (None, [], None)


def test_a_credit_level_is_explained(nfemu: Client) -> None:
    assert nfemu.credit("13800138000").next_at is None
    nfemu.charge("13800138000", "29.00")
    found = nfemu.credit("13800138000")
    assert (found.level, found.earned, found.kept, found.tags) == (5, 5, True, ["pays-ahead"])
    assert found.score == found.base + sum(each.points for each in found.contributions)
    assert {each.input: each.value for each in found.contributions}["spend"] == 29
    assert found.next_at is not None
    assert found.next_at.day == 1


def test_subscribers(nfemu: Client) -> None:
    page = nfemu.subscribers(limit=5)
    assert ([each.number for each in page.subscribers][:2], page.total) == (["13800138000", "13800138001"], 7)
    assert page.subscribers[0].session is None
    rest = nfemu.subscribers(after=page.next)
    assert (len(rest.subscribers), rest.next) == (2, None)
    assert nfemu.subscriber("13800138001").account.credit_limit == Amount("20.00", "CNY")


def test_by_hand(nfemu: Client) -> None:
    assert nfemu.restrict("13800138001").hold == "restrict"
    assert nfemu.restore("13800138001").ordered == "open"


def test_clock_status_reload_reset(nfemu: Client, running: Running) -> None:
    before = nfemu.clock()
    assert (before.kind, before.happened) == ("test", [])
    assert nfemu.advance_clock("1d12h").now - before.now == timedelta(hours=36)
    target = datetime.fromisoformat("2026-12-01T00:00:00+08:00")
    assert nfemu.set_clock(target).now == target
    status = nfemu.status()
    assert (status.healthy, status.subscribers, status.components[0].name) == (True, 7, "gateway")
    assert [change.applied for change in nfemu.reload()] == [True, False]
    assert nfemu.reset() == ["reset done"]
    assert running.program.asked == ["reload", "reset"]


def test_states(nfemu: Client, running: Running) -> None:
    (initial,) = nfemu.states()
    assert (initial.name, initial.built_in, initial.saved_at) == ("initial", True, None)
    saved = nfemu.save_state("arrears")
    assert (saved.name, saved.built_in, saved.subscribers) == ("arrears", False, 7)
    assert nfemu.states() == [initial, saved]
    loaded = nfemu.load_state("arrears")
    assert (loaded.name, len(loaded.differences), running.program.states.loaded) == ("arrears", 1, ["arrears"])
    assert nfemu.delete_state("arrears") == ["state arrears is deleted"]
    with pytest.raises(ClientError, match="there is no state `arrears`"):
        nfemu.load_state("arrears")
    with pytest.raises(InvalidInput, match="`a/b` is not the name of a state"):
        nfemu.save_state("a/b")


def test_a_link_into_the_pages(nfemu: Client, running: Running) -> None:
    link = nfemu.pages_link("13800138000")
    assert link.startswith(f"{running.url}/login?token=")
    assert TOKEN not in link


def test_refusals_have_the_server_s_words(nfemu: Client) -> None:
    with pytest.raises(ClientError, match="no subscriber has the number `8613999999999`") as unknown:
        nfemu.subscriber("13999999999")
    assert unknown.value.status == 404
    with pytest.raises(ClientError, match=r"`zhang\?x` is not a phone number"):
        nfemu.subscriber("zhang?x")
    with pytest.raises(ClientError, match="is not a positive CNY amount") as wrong:
        nfemu.charge("13800138000", "-1")
    assert wrong.value.status == 422
    with pytest.raises(ClientError, match="has no zone"):
        nfemu.set_clock(datetime(2027, 1, 1))  # noqa: DTZ001 - without a zone on purpose


def test_a_failure_of_the_server_tells_nothing_of_its_inside(nfemu: Client, running: Running) -> None:
    running.program.fails_with = RuntimeError("secret")  # type: ignore[assignment]  # a programming error on purpose
    with pytest.raises(ClientError, match="internal error; the log in the state folder has the details") as failed:
        nfemu.reload()
    assert failed.value.status == 500


def test_a_wrong_token(running: Running) -> None:
    with (
        Client(running.url, "wrong") as stranger,
        pytest.raises(ClientError, match="token missing or wrong") as refused,
    ):
        stranger.clock()
    assert refused.value.status == 401


@pytest.mark.parametrize("key", ["", "键", "a\nb", "k" * 65])
def test_a_key_that_no_header_can_carry(nfemu: Client, key: str) -> None:
    with pytest.raises(InvalidInput, match="printable characters of ASCII"):
        nfemu.charge("13800138000", "59.00", key=key)


def test_nobody_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NFEMU_STATE", str(tmp_path))
    with pytest.raises(Unavailable, match="nfemu is not running; start it with `nfemu up`"):
        Client.find()
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    state = StateFolder(tmp_path)
    state.publish(status_of(address, tmp_path))
    with pytest.raises(Unavailable, match="nfemu is not running"):
        Client.find()
    state.api_token.write_text(TOKEN)
    with Client.find() as client, pytest.raises(Unavailable, match="nfemu is not running"):
        client.clock()


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (b"", Unavailable, "does not answer"),
        (b"nonsense\r\n\r\n", Unavailable, "does not answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", ClientError, "status 200 is not nfemu's API"),
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\n[]", ClientError, "status 502 is not nfemu's API"),
    ],
)
def test_something_else_there(answer: bytes, error: type[Exception], said: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        with Client(f"http://127.0.0.1:{listener.getsockname()[1]}", TOKEN) as client, pytest.raises(error, match=said):
            client.clock()
        thread.join()


def test_a_carrier_that_is_stopped(tmp_path: Path) -> None:
    """The kernel takes connections for it; nobody reads them."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        state = StateFolder(tmp_path)
        state.publish(status_of(address, tmp_path))
        state.api_token.write_text(TOKEN)
        said = rf"the carrier of `{tmp_path}` \(process 1\) does not answer.*`kill -CONT 1`.*`kill -9 1` and `nfemu up`"
        with Client.find(state, patience=0.1) as client, pytest.raises(Unavailable, match=said):
            client.status()
        said = f"the API at `http://{address}` does not answer"
        with Client(f"http://{address}", TOKEN, patience=0.1) as client, pytest.raises(Unavailable, match=said):
            client.status()


def test_whoever_is_alive_is_waited_for() -> None:
    """A payment may take long; meanwhile the carrier says that it is there when it is asked on the side."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)

        def serve() -> None:
            connection, _ = listener.accept()
            aside, _ = listener.accept()
            with connection, aside:
                heard.append(aside.recv(4096))
                aside.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                heard.append(connection.recv(4096))
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n" + b'{"changes":[]}')

        with ThreadPoolExecutor(1) as pool:
            served = pool.submit(serve)
            with Client(f"http://127.0.0.1:{listener.getsockname()[1]}", TOKEN, patience=0.1) as client:
                assert client.reload() == []
            served.result(10)
    assert [request.split(maxsplit=2)[1] for request in heard] == [b"/healthz", b"/api/v1/reload"]


def test_whoever_waits_can_be_interrupted() -> None:
    """By another thread, at once: the server is not asked whether it is there."""
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
        listener.settimeout(10)
        with Client(f"http://127.0.0.1:{listener.getsockname()[1]}", TOKEN, patience=30) as client:
            waiting = pool.submit(client.reload)
            with listener.accept()[0] as connection:
                assert connection.recv(4096)
                client.interrupt()
                with pytest.raises(Unavailable):
                    waiting.result(10)
            with pytest.raises(Unavailable, match="was interrupted"):
                client.status()


@pytest.mark.parametrize("url", ["127.0.0.1:8600", "https://127.0.0.1", "http://"])
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(InvalidInput, match="is not the address of the API"):
        Client(url, TOKEN)


@pytest.mark.parametrize("number", ["", "/", "138/0013/8000"])
def test_numbers_that_no_path_can_carry(running: Running, number: str) -> None:
    with Client(running.url, TOKEN) as client, pytest.raises(InvalidInput, match=f"`{number}` is not a phone number"):
        client.pay(number, "29.00")


def test_errors_are_no_business_errors_of_another_kind() -> None:
    assert not issubclass(ClientError, NotFound)


def test_a_connection_that_the_server_has_ended_is_not_used_again() -> None:
    """Servers do that with idle ones. Nothing is sent twice: what was sent and not answered is an error."""
    heard: list[bytes] = []
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)

        def serve() -> None:
            for answer in (b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n" + b'{"changes":[]}', b""):
                connection, _ = listener.accept()
                with connection:
                    heard.append(connection.recv(4096))
                    connection.sendall(answer)
                ended.set()

        thread = threading.Thread(target=serve)
        thread.start()
        with Client(f"http://127.0.0.1:{listener.getsockname()[1]}", TOKEN) as client:
            assert client.reload() == []
            assert ended.wait(10)
            with pytest.raises(Unavailable, match="does not answer"):
                client.pay("13800138000", "29.00")
        thread.join()
    assert [request.split(maxsplit=2)[1] for request in heard] == [
        b"/api/v1/reload",
        b"/api/v1/subscribers/13800138000/payments",
    ]


def test_a_status_that_cannot_be_published(tmp_path: Path) -> None:
    (tmp_path / "status.part").symlink_to("/dev/full")
    with pytest.raises(Unavailable, match=r"status\.part`: No space left on device; the state folder must"):
        StateFolder(tmp_path).publish(status_of("127.0.0.1:8600", tmp_path))


def test_what_is_not_text_is_not_sent(running: Running) -> None:
    with Client(running.url, TOKEN) as client:
        for asked in (lambda: client.subscriber("\udcff"), lambda: client.explain("13800138000", "http://\udcff/")):
            with pytest.raises(InvalidInput, match=r"\\udcff.*` has octets that are not UTF-8 text"):
                asked()


def test_webhooks(nfemu: Client) -> None:
    added = nfemu.add_webhook("http://127.0.0.1:1/events", ["order.done"])
    assert added.secret not in repr(added)
    assert [each.id for each in nfemu.webhooks()] == ["crm", added.webhook.id]
    nfemu.charge("13800138000", "59.00")
    (delivery, *_) = wait_for_deliveries(nfemu, added.webhook.id)
    assert (delivery.kind, delivery.settled_at) == ("order.done", None)
    with pytest.raises(ClientError, match="is on its way"):
        nfemu.resend(added.webhook.id, delivery.event)
    assert nfemu.resend(added.webhook.id) == []
    assert nfemu.remove_webhook(added.webhook.id) == [f"webhook {added.webhook.id} is removed"]
    with pytest.raises(InvalidInput, match="`a/b` is not the name of a webhook"):
        nfemu.deliveries("a/b")


def wait_for_deliveries(nfemu: Client, name: str) -> list[Delivery]:
    """The first that are there: the timeline is read on behind the use case."""
    while not (found := nfemu.deliveries(name, "pending")):
        pass
    return found


def test_a_clock_is_waited_for_as_long_as_it_takes() -> None:
    """A month of many people falls due; `timeout` is over before the first look whether anybody is there."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                for _ in range(2):
                    aside, _ = listener.accept()
                    with aside:
                        aside.recv(4096)
                        aside.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                clock = {"now": "2026-12-01T00:00:00+08:00", "kind": "test", "happened": [], "own": []}
                moved = json.dumps(clock).encode()
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(moved), moved))

        with ThreadPoolExecutor(1) as pool:
            served = pool.submit(serve)
            with Client(f"http://127.0.0.1:{listener.getsockname()[1]}", TOKEN, timeout=0.1, patience=0.1) as client:
                assert client.advance_clock("30d").kind == "test"
            served.result(10)
