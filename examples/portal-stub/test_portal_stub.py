"""The stub's own tests, as a portal team has them: `python -m pytest examples/portal-stub`. No carrier is needed.

The server is the real one, on loopback; the carrier is a server that keeps what it was told.
"""

import hmac
import json
import threading
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from portal_stub import Payments, PortalServer

KEY = b"shared with the provider"
NOBODY: Mapping[str, str] = {}
TRUSTED = {"X-MSISDN": "8613800138000"}
TRADE = {"trade_no": "T1", "number": "8613800138000", "amount": "29.00"}


class Carrier(HTTPServer):
    """Answers payments with `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Api)
        self.told: list[tuple[str, str | None, Any]] = []
        self.status = 200


class _Api(BaseHTTPRequestHandler):
    server: Carrier

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.told.append((self.path, self.headers["Authorization"], body))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def carrier() -> Iterator[Carrier]:
    with Carrier() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        yield server
        server.shutdown()


@pytest.fixture
def portal(carrier: Carrier) -> Iterator[PortalServer]:
    """Its gateway is this machine."""
    payments = Payments(KEY, f"http://127.0.0.1:{carrier.server_port}", "secret")
    with PortalServer(("127.0.0.1", 0), "127.0.0.1", payments) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        yield server
        server.shutdown()


def ask(
    portal: PortalServer, path: str, fields: Mapping[str, str] = NOBODY, body: bytes | None = None
) -> tuple[int, str]:
    """Status and page; with a `body` by POST."""
    connection = HTTPConnection("127.0.0.1", portal.server_port, timeout=10)
    connection.request("GET" if body is None else "POST", path, body, dict(fields))
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def paid(portal: PortalServer, told: object, key: bytes = KEY) -> int:
    """The provider's call."""
    body = json.dumps(told).encode()
    return ask(portal, "/paid", {"X-Signature": hmac.new(key, body, "sha256").hexdigest()}, body)[0]


def test_the_gateway_s_header_says_who_calls(portal: PortalServer) -> None:
    status, page = ask(portal, "/green?lang=en&url=http%3A%2F%2Fnews.example%2F", TRUSTED)
    assert (status, "Hello, 138****8000" in page, "news.example cannot be reached now" in page) == (200, True, True)


def test_without_it_nobody_does(portal: PortalServer) -> None:
    assert "Please open this page over mobile data" in ask(portal, "/?lang=en")[1]


@pytest.mark.parametrize("gateway", ["192.0.2.1", "no-such-name.invalid"])
def test_from_anybody_else_it_is_forged(gateway: str) -> None:
    with PortalServer(("127.0.0.1", 0), gateway) as portal:
        threading.Thread(target=portal.serve_forever, args=(0.01,)).start()
        page = ask(portal, "/?lang=en", TRUSTED)[1]
        nowhere = ask(portal, "/paid", body=b"{}")[0]
        portal.shutdown()
    assert ("Please open this page" in page, nowhere) == (True, 404)


def test_a_payment_reaches_the_carrier_once(portal: PortalServer, carrier: Carrier) -> None:
    assert [paid(portal, TRADE), paid(portal, TRADE), paid(portal, {**TRADE, "trade_no": "T2"})] == [200] * 3
    call = ("/api/v1/subscribers/8613800138000/payments", "Bearer secret", {"amount": "29.00"})
    assert carrier.told == [call, call]


def test_a_carrier_that_fails_is_told_again(portal: PortalServer, carrier: Carrier) -> None:
    carrier.status = 503
    assert paid(portal, TRADE) == 502
    carrier.status = 200
    assert (paid(portal, TRADE), len(carrier.told)) == (200, 2)


@pytest.mark.parametrize("told", [[], {}, {**TRADE, "number": "../reset"}, {**TRADE, "amount": "-1"}, "paid"])
def test_what_is_no_payment(told: object, portal: PortalServer, carrier: Carrier) -> None:
    assert (paid(portal, told), carrier.told) == (400, [])


def test_who_has_not_the_key_has_not_paid(portal: PortalServer, carrier: Carrier) -> None:
    assert paid(portal, TRADE, b"another") == 403
    assert ask(portal, "/paid", body=b"x")[0] == 403
    assert ask(portal, "/elsewhere", body=b"x")[0] == 404
    assert carrier.told == []
