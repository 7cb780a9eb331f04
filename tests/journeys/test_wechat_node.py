"""A second independent merchant, in JavaScript: `wechatpay-axios-plugin` (npm) orders, asks, checks notifications."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from nfemu.client import StateFolder
from nfemu.client.wechat import Merchant
from tests.journeys.carrier import CarrierProcess
from tests.journeys.merchant import APPID

pytestmark = [
    pytest.mark.lab,
    pytest.mark.once,
    pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed"),
]
_PACKAGE = "wechatpay-axios-plugin@0.9.6"
_PROGRAM = Path(__file__).parent / "foreign" / "merchant.cjs"
NUMBER, MCHID = "R20261101000001", "1900000109"


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the package is installed."""
    folder = tmp_path_factory.mktemp("node")
    command = ["npm", "install", "--silent", "--no-fund", "--no-audit", "--ignore-scripts", "--prefix", str(folder)]
    done = subprocess.run([*command, _PACKAGE], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"npm cannot install {_PACKAGE}: {done.stderr.strip()[-200:]}"
    return folder / "node_modules"


@pytest.fixture(scope="module")
def carrier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CarrierProcess]:
    process = CarrierProcess(StateFolder(tmp_path_factory.mktemp("carrier") / "state"))
    process.up()
    yield process
    process.down()


class Node:
    """Runs the program for one merchant."""

    def __init__(self, packages: Path, merchant: Merchant, url: str) -> None:
        self._packages = packages
        self._given = {**asdict(merchant), "url": url}

    def __call__(self, what: str, **more: Any) -> Any:
        done = subprocess.run(
            ["node", _PROGRAM],
            input=json.dumps({**self._given, "what": what, **more}),
            env={"NODE_PATH": str(self._packages), "PATH": "/usr/local/bin:/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def test_order_query_and_notification(carrier: CarrierProcess, packages: Path) -> None:
    with carrier.client() as client:
        node = Node(packages, client.wechat.add_merchant(MCHID, [APPID]), f"http://{carrier.running.api}/")
        told = Inbox()
        order = {
            "appid": APPID,
            "mchid": MCHID,
            "description": "话费充值",
            "out_trade_no": NUMBER,
            "notify_url": told.url,
            "amount": {"total": 5000, "currency": "CNY"},
            "scene_info": {"payer_client_ip": "10.45.0.2", "h5_info": {"type": "Wap"}},
        }
        ordered = node("order", order=order)
        assert (ordered["status"], ordered["data"]["h5_url"][:23]) == (200, "https://wx.tenpay.com/c")
        assert client.wechat.act_as_payer(MCHID, NUMBER)
        headers, body = told.close()
        heard = node("hear", headers=headers, body=body)
        assert (heard["believed"], heard["resource"]["out_trade_no"], heard["resource"]["amount"]["total"]) == (
            True, NUMBER, 5000)  # fmt: skip
        assert node("hear", headers=headers, body=body + " ") == {"believed": False}
        assert node("query", out_trade_no=NUMBER)["data"]["trade_state"] == "SUCCESS"


class Inbox:
    """Takes one notification."""

    def __init__(self) -> None:
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                inbox.headers = dict(self.headers)
                inbox.body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.headers: dict[str, str] = {}
        self.body = ""
        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/notify"
        self._thread = Thread(target=self._server.handle_request)
        self._thread.start()

    def close(self) -> tuple[dict[str, str], str]:
        """What came."""
        self._thread.join(timeout=10)
        self._server.server_close()
        return self.headers, self.body
