"""The gate inside a stock mitmproxy, without a process: what it does when things go wrong."""

from pathlib import Path

import pytest
from mitmproxy.options import Options
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.test import tflow

from nfemu.gateway.engine.judge import Refusal
from nfemu.gateway.stock import Gate
from nfemu.gateway.stock_point import StockPoint


class Broken(StockPoint):
    """Every question ends in an error that nobody foresaw."""

    def __init__(self) -> None:
        super().__init__(Path("/nowhere"))

    def arrival(self, flow: object) -> None:  # type: ignore[override]  # never returns
        raise RuntimeError

    async def dial(self, client: object, server: object) -> None:
        raise RuntimeError


def gate(point: StockPoint | None) -> Gate:
    made = Gate(Options())
    made._point = point
    return made


async def test_an_error_in_our_code_lets_nothing_through() -> None:
    broken = gate(Broken())
    flow = tflow.tflow()
    with pytest.raises(RuntimeError):
        await broken.requestheaders(flow)
    assert flow.response is not None
    assert flow.response.status_code == 503
    data = ServerConnectionHookData(flow.server_conn, flow.client_conn)
    with pytest.raises(RuntimeError):
        await broken.server_connect(data)
    assert data.server.error


async def test_before_mitmproxy_runs_nobody_is_served() -> None:
    early = gate(None)
    flow = tflow.tflow()
    await early.requestheaders(flow)
    assert flow.response is not None
    assert flow.response.status_code == 503
    data = ServerConnectionHookData(flow.server_conn, flow.client_conn)
    await early.server_connect(data)
    assert data.server.error
    with pytest.raises(Refusal):
        early.point()


async def test_without_a_control_process_a_request_is_answered_503(tmp_path: Path) -> None:
    closed = gate(StockPoint(tmp_path))
    flow = tflow.tflow()
    flow.request.headers["Host"] = "address:22"
    await closed.requestheaders(flow)
    assert flow.response is not None
    assert flow.response.status_code == 503
    assert flow.response.headers["Connection"] == "close"
