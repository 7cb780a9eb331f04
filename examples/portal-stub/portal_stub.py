"""Where a portal team starts: a server that knows who calls, from the gateway's header, and believes nobody else.

    python3 portal_stub.py --listen 127.0.0.1:9000 --gateway 127.0.0.1

nfemu then needs `portal: {upstream: {http: "http://127.0.0.1:9000"}}` in carrier.yaml. Standard library only.

With `--payment-key FILE --carrier-api http://127.0.0.1:8600 --carrier-token FILE` it also takes what a payment provider
calls back with, `POST /paid`, and tells the carrier, once for each trade:

    {"trade_no": "T1", "number": "8613800138000", "amount": "29.00"}

signed by `X-Signature`, the HMAC-SHA256 of the body under the key, in hexadecimal. `test_portal_stub.py` shows it.
"""

import argparse
import hmac
import html
import json
import re
import socket
import threading
import urllib.request
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

TEXTS = {
    "zh": {
        "hello": "您好，{number}",
        "nobody": "您好！请使用手机流量打开本页。",
        "blocked": "您的号码已欠费，暂时不能访问 {host}。",
        "emergency": "紧急呼叫不受影响。",
    },
    "en": {
        "hello": "Hello, {number}",
        "nobody": "Hello! Please open this page over mobile data.",
        "blocked": "Your account is in arrears, so {host} cannot be reached now.",
        "emergency": "Emergency calls always work.",
    },
}
PAGE = """<!doctype html><html lang="{lang}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><h1>{title}</h1>{lines}<p><a href="?{other}">{language}</a></p></html>
"""


_NUMBER = re.compile(r"[1-9][0-9]{6,14}")
_AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?")
_MOST = 64 * 1024


@dataclass
class Payments:
    """From the provider's word to the carrier's: each trade is passed on once, however often it is told."""

    key: bytes
    carrier: str
    token: str
    _settled: set[str] = field(default_factory=set)
    _alone: threading.Lock = field(default_factory=threading.Lock)

    def take(self, body: bytes, signature: str) -> HTTPStatus:
        """What the provider is answered. Anything but 200 makes it tell us again."""
        expected = hmac.new(self.key, body, "sha256").hexdigest()
        if not hmac.compare_digest(expected.encode(), signature.encode("latin-1", "replace")):
            return HTTPStatus.FORBIDDEN
        try:
            told = json.loads(body)
            trade, number, amount = str(told["trade_no"]), str(told["number"]), str(told["amount"])
        except (ValueError, KeyError, TypeError):
            return HTTPStatus.BAD_REQUEST
        if not (_NUMBER.fullmatch(number) and _AMOUNT.fullmatch(amount)):
            return HTTPStatus.BAD_REQUEST
        with self._alone:  # the same notification may come twice at once
            if trade not in self._settled:
                if not self._tell_carrier(number, amount):
                    return HTTPStatus.BAD_GATEWAY
                self._settled.add(trade)
        return HTTPStatus.OK

    def _tell_carrier(self, number: str, amount: str) -> bool:
        """It answers when service is restored, or says what is missing."""
        request = urllib.request.Request(  # noqa: S310 - the operator's own URL
            f"{self.carrier}/api/v1/subscribers/{number}/payments",
            json.dumps({"amount": amount}).encode(),
            {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60):  # noqa: S310 - as above
                return True
        except OSError:
            return False


class PortalStub(BaseHTTPRequestHandler):
    """One page. The number comes from `X-MSISDN`, and only where the request comes from the gateway."""

    protocol_version = "HTTP/1.1"
    timeout = 30
    server: "PortalServer"

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path not in {"/", "/green"}:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        query = parse_qs(url.query)
        lang = "en" if query.get("lang") == ["en"] else "zh"
        text = TEXTS[lang]
        number = self._number()
        title = text["hello"].format(number=masked(number)) if number else text["nobody"]
        lines = [text["emergency"]]
        if url.path == "/green" and (host := host_of(query.get("url", [""])[0])):
            lines.insert(0, text["blocked"].format(host=host))
        shown = "".join(f"<p>{html.escape(line)}</p>" for line in lines)
        other = "lang=zh" if lang == "en" else "lang=en"
        language = "中文" if lang == "en" else "English"
        page = PAGE.format(lang=lang, title=html.escape(title), lines=shown, other=other, language=language)
        self._answer(page.encode())

    def do_POST(self) -> None:
        payments = self.server.payments
        length = self.headers.get("Content-Length", "")
        if urlsplit(self.path).path != "/paid" or payments is None:
            self.send_error(HTTPStatus.NOT_FOUND)
        elif not length.isdecimal() or int(length) > _MOST:
            self.send_error(HTTPStatus.BAD_REQUEST)
        else:
            status = payments.take(self.rfile.read(int(length)), self.headers.get("X-Signature", ""))
            self._answer(status.phrase.encode(), status)

    def _number(self) -> str | None:
        """The phone's number in E.164 without plus, or None for everybody who does not come through the gateway."""
        values = self.headers.get_all("X-MSISDN", [])
        if self.client_address[0] not in self.server.gateways() or len(values) != 1:
            return None
        return values[0] if _NUMBER.fullmatch(values[0]) else None

    def _answer(self, body: bytes, status: HTTPStatus = HTTPStatus.OK) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet: the default line would show what phones asked for."""


class PortalServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], gateway: str, payments: Payments | None = None) -> None:
        super().__init__(address, PortalStub)
        self._gateway = gateway
        self.payments = payments

    def gateways(self) -> set[str]:
        """The gateway's addresses now; none while its name does not resolve, so nobody is believed then."""
        try:
            return {str(found[4][0]) for found in socket.getaddrinfo(self._gateway, None)}
        except OSError:
            return set()


def host_of(url: str) -> str | None:
    """The host of what the phone says it wanted; None where that is no URL."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def masked(number: str) -> str:
    """As the built-in portal shows it: 138****8000."""
    national = number.removeprefix("86")
    return f"{national[:3]}****{national[-4:]}"


def main() -> None:
    parser = argparse.ArgumentParser(description="A portal team's first server behind nfemu.")
    parser.add_argument("--listen", default="127.0.0.1:9000", metavar="HOST:PORT")
    parser.add_argument("--gateway", default="127.0.0.1", help="name or address that nfemu's requests come from")
    parser.add_argument("--payment-key", type=Path, metavar="FILE", help="what the payment provider signs with")
    parser.add_argument("--carrier-api", default="http://127.0.0.1:8600", metavar="URL")
    parser.add_argument("--carrier-token", type=Path, metavar="FILE", help="`api.token` of the carrier's state folder")
    chosen = parser.parse_args()
    host, _, port = chosen.listen.rpartition(":")
    payments = None
    if chosen.payment_key and chosen.carrier_token:
        key, token = chosen.payment_key.read_bytes().strip(), chosen.carrier_token.read_text().strip()
        payments = Payments(key, chosen.carrier_api, token)
    with PortalServer((host, int(port)), chosen.gateway, payments) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
