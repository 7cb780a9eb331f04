"""A merchant of the emulated WeChat Pay as its developers have it: `wechatpayv3`, and a server of its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

from wechatpayv3 import WeChatPay, WeChatPayType

from nfemu.client.wechat import Merchant

APPID = "wxd678efh567hg6787"


def client_of(merchant: Merchant, proxy: str | None = None) -> WeChatPay:
    """The independent client, set to nothing but what `nfemu pay merchant add` prints."""
    assert merchant.private_key_file is not None
    return WeChatPay(
        wechatpay_type=WeChatPayType.H5,
        mchid=merchant.mchid,
        private_key=Path(merchant.private_key_file).read_text(),
        cert_serial_no=merchant.serial,
        appid=APPID,
        apiv3_key=Path(merchant.api_v3_key_file).read_text(),
        notify_url="https://set.by.the.test/",
        proxy=None if proxy is None else {"https": proxy},
        public_key=Path(merchant.public_key_file).read_text(),
        public_key_id=merchant.public_key_id,
    )


@dataclass(slots=True)
class Shop:
    """Checks each notification with its client, and books what is genuine, once. `answers`: statuses to say instead."""

    client: WeChatPay
    url: str = ""
    answers: list[int] = field(default_factory=list)
    heard: Queue[Any] = field(default_factory=Queue)
    booked: dict[str, int] = field(default_factory=dict)

    def hear(self, headers: dict[str, str], body: str) -> int:
        try:
            found = self.client.callback(headers=headers, body=body)
        except Exception as error:  # noqa: BLE001 - whatever it cannot read
            found = error
        self.heard.put(found)
        if self.answers:
            return self.answers.pop(0)
        if not isinstance(found, dict):
            return 401
        resource = found["resource"]
        self.booked[resource["transaction_id"]] = resource["amount"]["total"]
        return 204


@contextmanager
def shop_of(client: WeChatPay) -> Iterator[Shop]:
    """Open until the block ends."""
    shop = Shop(client)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.send_response(shop.hear(dict(self.headers), body))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    shop.url = f"http://127.0.0.1:{server.server_port}/notify"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield shop
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
