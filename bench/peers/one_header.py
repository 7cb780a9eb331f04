"""mitmproxy as an enriching proxy: one header, for one host. TLS passes unopened; the two names are on loopback."""

import os

from mitmproxy.http import HTTPFlow
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.tls import ClientHelloData

_LOOPBACK = {"portal.test", "news.test"}


class OneHeader:
    def request(self, flow: HTTPFlow) -> None:
        flow.request.headers.pop("X-MSISDN", None)
        if flow.request.pretty_host == "portal.test":
            flow.request.headers["X-MSISDN"] = os.environ["PEER_NUMBER"]

    def tls_clienthello(self, data: ClientHelloData) -> None:
        data.ignore_connection = True

    def server_connect(self, data: ServerConnectionHookData) -> None:
        """Instead of a DNS."""
        address = data.server.address
        if address is not None and address[0].lower().removesuffix(".") in _LOOPBACK:
            data.server.address = ("127.0.0.1", address[1])


addons = [OneHeader()]
