"""The API on its real port: it does all that the command line does, for whoever has the token, and for no web page."""

import json
import os
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from nfemu.cli.main import _COMMANDS
from tests.journeys.carrier import NUMBER, OTHER, CarrierProcess, until

pytestmark = pytest.mark.once

_DOCUMENT = Path(__file__).parents[2] / "docs" / "reference" / "openapi.json"
OPERATIONS = {
    "subscriber list": ("GET", "/subscribers"),
    "subscriber show": ("GET", "/subscribers/{number}"),
    "attach": ("POST", "/subscribers/{number}/attach"),
    "capture": ("POST", "/subscribers/{number}/plug"),
    "detach": ("POST", "/subscribers/{number}/detach"),
    "restrict": ("POST", "/subscribers/{number}/restrict"),
    "restore": ("POST", "/subscribers/{number}/restore"),
    "charge": ("POST", "/subscribers/{number}/charges"),
    "pay": ("POST", "/subscribers/{number}/payments"),
    "pay merchant list": ("GET", "/pay/merchants"),
    "pay merchant add": ("POST", "/pay/merchants"),
    "pay orders": ("GET", "/pay/orders"),
    "pay show": ("GET", "/pay/orders/{mchid}/{out_trade_no}"),
    "pay payer": ("POST", "/pay/orders/{mchid}/{out_trade_no}/payer"),
    "pay resend": ("POST", "/pay/notifications/{notification}/resend"),
    "pay reconcile": ("GET", "/pay/reconciliation"),
    "pay reconcile --settle": ("POST", "/pay/reconciliation"),
    "pay debug": ("POST", "/pay/debug"),
    "pay debug --list": ("GET", "/pay/refused"),
    "pay fault list": ("GET", "/pay/faults"),
    "pay fault arm": ("POST", "/pay/faults"),
    "pay fault clear": ("DELETE", "/pay/faults"),
    "ledger": ("GET", "/subscribers/{number}/ledger"),
    "inbox": ("GET", "/subscribers/{number}/inbox"),
    "inbox --click": ("POST", "/subscribers/{number}/inbox/{notice}/click"),
    "timeline": ("GET", "/subscribers/{number}/timeline"),
    "explain": ("GET", "/subscribers/{number}/explain"),
    "usage show": ("GET", "/subscribers/{number}/usage"),
    "usage post": ("POST", "/subscribers/{number}/usage"),
    "bill": ("GET", "/subscribers/{number}/bill"),
    "credit explain": ("GET", "/subscribers/{number}/credit"),
    "grant": ("POST", "/subscribers/{number}/credit"),
    "profile": ("PUT", "/subscribers/{number}/profile"),
    "autodeduct sign": ("POST", "/subscribers/{number}/auto-deduct"),
    "autodeduct revoke": ("POST", "/subscribers/{number}/auto-deduct/revoke"),
    "autodeduct bank": ("PUT", "/subscribers/{number}/auto-deduct/bank"),
    "orders": ("GET", "/orders"),
    "orders list": ("GET", "/orders/unfinished"),
    "orders fail": ("PUT", "/orders/faults"),
    "orders resubmit": ("POST", "/orders/{order}/resubmit"),
    "orders resubmit --all": ("POST", "/orders/resubmit"),
    "webhooks list": ("GET", "/webhooks"),
    "webhooks add": ("POST", "/webhooks"),
    "webhooks remove": ("DELETE", "/webhooks/{webhook}"),
    "webhooks deliveries": ("GET", "/webhooks/{webhook}/deliveries"),
    "webhooks resend": ("POST", "/webhooks/{webhook}/resend"),
    "clock show": ("GET", "/clock"),
    "clock advance": ("POST", "/clock/advance"),
    "clock set": ("PUT", "/clock"),
    "status": ("GET", "/status"),
    "reload": ("POST", "/reload"),
    "reset": ("POST", "/reset"),
    "rotate-keys": ("POST", "/rotate-keys"),
    "inbox --open": ("POST", "/login-links"),
    "exec": ("POST", "/subscribers/{number}/plug"),
    "state list": ("GET", "/states"),
    "state save": ("POST", "/states/{name}/save"),
    "state load": ("POST", "/states/{name}/load"),
    "state delete": ("DELETE", "/states/{name}"),
}
"""What each command asks of the running carrier."""
WITHOUT_A_CARRIER = {
    *("run", "up", "down", "demo", "verify", "bench", "doctor", "attack"),
    *("policy", "config", "carrier", "shell", "capture", "instance"),
    *("replay", "scenario", "device", "compare"),
}
"""They start and end one, need none, or only use what others ask."""


def ask(carrier: CarrierProcess, path: str, *options: str, token: str | None = None) -> tuple[int, Any]:
    """curl's question, with the token unless another one is given: status and JSON."""
    given = carrier.state.api_token.read_text().strip() if token is None else token
    form = ["-s", "--max-time", "30", "-w", "\n%{http_code}", "-H", f"Authorization: Bearer {given}"]
    url = f"http://{carrier.running.api}{path}"
    done = subprocess.run(["curl", *form, *options, url], capture_output=True, text=True, timeout=40, check=True)
    body, _, status = done.stdout.rpartition("\n")
    return int(status), json.loads(body)


def body(**values: object) -> tuple[str, ...]:
    return "-H", "Content-Type: application/json", "--data", json.dumps(values)


def test_the_document_lists_all_that_the_command_line_does(carrier: CarrierProcess) -> None:
    commands = {command.split()[0] for command in OPERATIONS}
    assert commands | WITHOUT_A_CARRIER == set(_COMMANDS)
    status, document = ask(carrier, "/api/v1/openapi.json")
    assert status == 200
    listed = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    own = {(method, path) for method, path in listed if path.startswith("/api/v1")}
    assert {(method, f"/api/v1{path}") for method, path in OPERATIONS.values()} == own
    assert document == json.loads(_DOCUMENT.read_text(encoding="utf-8")), "served is what `make reference` writes"
    operations = [each for methods in document["paths"].values() for each in methods.values()]
    assert all(each.get("description") for each in operations), "every operation says what it does"
    names = [each["operationId"] for each in operations]
    assert len(set(names)) == len(names)


def test_the_same_answers_as_the_command_line(carrier: CarrierProcess) -> None:
    """What `--json` prints is what the API says."""
    for command, path in (
        (("subscriber", "show", NUMBER), f"/api/v1/subscribers/{NUMBER}"),
        (("ledger", NUMBER), f"/api/v1/subscribers/{NUMBER}/ledger"),
        (("explain", NUMBER, "http://a.example/"), f"/api/v1/subscribers/{NUMBER}/explain?url=http://a.example/"),
    ):
        assert json.loads(carrier.nfemu(*command, "--json").text) == ask(carrier, path)[1]


@pytest.mark.parametrize("token", ["", "wrong", "x" * 10_000])
def test_without_the_token_nothing_is_said_or_done(carrier: CarrierProcess, token: str) -> None:
    for path, options in (
        ("/api/v1/status", ()),
        ("/api/v1/openapi.json", ()),
        (f"/api/v1/subscribers/{NUMBER}/charges", body(amount="5.00")),
        ("/api/v1/reset", ("-X", "POST")),
        ("/no/such/path", ()),
    ):
        status, problem = ask(carrier, path, *options, token=token)
        assert (status, problem["title"]) == (401, "Unauthorized")
        assert "api.token" in problem["detail"]
    with carrier.client() as client:
        assert client.subscriber(NUMBER).account.balance.amount == "30.00"
    assert ask(carrier, "/healthz", token="") == (200, {"status": "ok"})


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8600", "127.0.0.1.evil.example", "localhost@evil.example"]
)
def test_a_foreign_host_name_is_refused_even_with_the_token(carrier: CarrierProcess, host: str) -> None:
    """DNS rebinding: a page of evil.example whose name leads to 127.0.0.1."""
    assert ask(carrier, "/api/v1/status", "-H", f"Host: {host}")[0] == 421


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example", "file://"])
def test_a_foreign_page_is_refused_even_with_the_token(carrier: CarrierProcess, origin: str) -> None:
    status, problem = ask(
        carrier, f"/api/v1/subscribers/{NUMBER}/charges", "-H", f"Origin: {origin}", *body(amount="5")
    )
    assert (status, problem["detail"]) == (403, "requests of web pages from elsewhere are refused")
    with carrier.client() as client:
        assert client.subscriber(NUMBER).account.balance.amount == "30.00"


def test_our_own_names_are_accepted(carrier: CarrierProcess) -> None:
    port = carrier.running.api.rpartition(":")[2]
    for host in ("127.0.0.1", "localhost", "LOCALHOST", "[::1]"):
        options = ("-H", f"Host: {host}:{port}", "-H", f"Origin: http://{host}:{port}")
        assert ask(carrier, "/api/v1/clock", *options)[0] == 200


def test_the_files_of_the_state_folder_are_its_owners(carrier: CarrierProcess) -> None:
    """Tokens, keys, store and sockets: nobody else of this machine reads them."""
    assert carrier.state.path.stat().st_mode & 0o777 == 0o700
    secret = [carrier.state.api_token, carrier.state.database, *carrier.state.keys.iterdir()]
    secret += [path for path in carrier.state.path.iterdir() if path.is_socket() or path.suffix == ".token"]
    assert len(secret) >= 6
    assert {path: oct(path.stat().st_mode & 0o077) for path in secret} == dict.fromkeys(secret, "0o0")


def test_the_token_is_on_no_command_line(carrier: CarrierProcess) -> None:
    """Every user of the machine can read those; neither are subscribers' numbers there."""
    token = carrier.state.api_token.read_text().strip().encode()
    pid = carrier.running.pid
    shown = b"".join(
        Path(f"/proc/{each}/cmdline").read_bytes()
        for each in (pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
    )
    assert b"nfemu" in shown
    assert token not in shown
    assert NUMBER.encode() not in shown


@pytest.mark.parametrize(
    ("path", "options", "status", "detail"),
    [
        ("/subscribers/13800138000/charges", body(amount=5.0), 422, "`body.amount`: input should be a valid string"),
        ("/subscribers/13800138000/charges", body(), 422, "`body.amount`: field required"),
        (
            "/subscribers/13800138000/charges",
            body(amount="5", amuont="6"),
            422,
            "`body.amuont`: extra inputs are not pe",
        ),
        ("/subscribers/13800138000/payments", ("--data", "{"), 422, "`body"),
        ("/subscribers/abc", (), 422, "`abc` is not a phone number; write it like 13800138000 or +8613800138000"),
        ("/subscribers?limit=0", (), 422, "`query.limit`: input should be greater than or equal to 1"),
        (
            "/subscribers/13800138000/nonsense",
            (),
            404,
            "there is nothing at `/api/v1/subscribers/13800138000/nonsense`",
        ),
        ("/clock", ("-X", "DELETE"), 405, "`DELETE` is not possible at `/api/v1/clock`"),
    ],
)
def test_wrong_requests_are_told_why(
    carrier: CarrierProcess, path: str, options: tuple[str, ...], status: int, detail: str
) -> None:
    got, problem = ask(carrier, f"/api/v1{path}", *options)
    assert got == status
    assert problem["status"] == status
    assert problem["detail"].startswith(detail)


def test_ten_calls_at_once(carrier: CarrierProcess) -> None:
    """Reads and writes of several lines: every one is answered, and the sums are right."""
    calls = [
        (f"/api/v1/subscribers/{OTHER}/charges", body(amount="1.00")),
        (f"/api/v1/subscribers/{OTHER}/payments", body(amount="2.00")),
        ("/api/v1/subscribers/13800138010/charges", body(amount="3.00")),
        ("/api/v1/status", ()),
        ("/api/v1/subscribers?limit=500", ()),
    ] * 2
    with ThreadPoolExecutor(len(calls)) as pool:
        answers = list(pool.map(lambda call: ask(carrier, call[0], *call[1]), calls))
    assert [status for status, _ in answers] == [200] * len(calls)
    with carrier.client() as client:
        entries = client.ledger(OTHER).entries
        assert Counter(each.amount.amount for each in entries) == Counter({"100.00": 1, "-1.00": 2, "2.00": 2})
        assert client.subscriber(OTHER).account.balance.amount == "102.00"
        assert client.subscriber("13800138010").account.balance.amount == "494.00"


def test_a_caller_that_hangs_up_takes_nothing_with_it(carrier: CarrierProcess) -> None:
    """The charge is carried out to its end, or it was never begun; here it was."""
    number = "13800138002"
    with carrier.client() as client:
        before = len(client.ledger(number).entries)
    token = carrier.state.api_token.read_text().strip()
    host, _, port = carrier.running.api.rpartition(":")
    content = json.dumps({"amount": "59.00"})
    head = (
        f"POST /api/v1/subscribers/{number}/charges HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n{content}"
    )
    script = 'exec 3<>"/dev/tcp/$1/$2"; printf "%s" "$3" >&3; exec 3>&-'
    subprocess.run(["bash", "-c", script, "bash", host, port, head], check=True, timeout=10, env=os.environ)
    with carrier.client() as client:
        until(lambda: len(client.ledger(number).entries) > before)
        assert client.charge(number, "1.00").effective == "green"
        assert [each.amount.amount for each in client.ledger(number).entries[:2]] == ["-1.00", "-59.00"]
