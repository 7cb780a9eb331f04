"""`capture` where there is nothing to capture; on a bearer: `tests/gateway/bearer/test_network.py`."""

from tests.cli.conftest import Nfemu
from tests.client.running import Running


def test_proxy_access_has_no_interface(running: Running, nfemu: Nfemu) -> None:
    refused = nfemu("capture", "13800138000", "-w", "nothing.pcap")
    assert (refused.status, refused.err) == (
        1,
        "nfemu: lines have no interface to capture here; access is proxy: for tests\n",
    )
