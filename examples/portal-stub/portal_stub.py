"""Where a portal team starts: a server that knows who calls, from the gateway's header, and believes nobody else.

    python3 portal_stub.py --listen 127.0.0.1:9000 --gateway 127.0.0.1

nfemu then needs `portal: {upstream: {http: "http://127.0.0.1:9000"}}` in carrier.yaml. Standard library only.
"""

import argparse
import html
import re
import socket
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
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

    def _number(self) -> str | None:
        """The phone's number in E.164 without plus, or None for everybody who does not come through the gateway."""
        values = self.headers.get_all("X-MSISDN", [])
        if self.client_address[0] not in self.server.gateways() or len(values) != 1:
            return None
        return values[0] if re.fullmatch(r"[1-9][0-9]{6,14}", values[0]) else None

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
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

    def __init__(self, address: tuple[str, int], gateway: str) -> None:
        super().__init__(address, PortalStub)
        self._gateway = gateway

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
    chosen = parser.parse_args()
    host, _, port = chosen.listen.rpartition(":")
    with PortalServer((host, int(port)), chosen.gateway) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
