"""The simplest enriching addon: one header, no decision. For stock mitmdump and for the bare lean master."""

from mitmproxy.http import HTTPFlow


class OneHeader:
    def request(self, flow: HTTPFlow) -> None:
        flow.request.headers["X-MSISDN"] = "8613800138000"


addons = [OneHeader()]
