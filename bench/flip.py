"""Payment notified → first open response over proxy access, each time on a new connection: p50 and p99.

The phone is a process of its own, as phones are; it starts to ask at the moment of the notification and asks again
a millisecond after each refusal until a site answers. Both sides read the same monotonic clock.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from nfemu.bootstrap import BoundPorts, Emulator
from nfemu.bootstrap.serving import fastest_loop
from nfemu.carrier.payments import PaymentNotification
from nfemu.client.state import StateFolder
from nfemu.model.identity import Msisdn
from nfemu.model.money import Money
from nfemu.runtime.keys import private_folder
from nfemu.settings import load

ROUNDS = 200
_NUMBER = "13800138000"
_CONFIG = Path(__file__).parents[1] / "config"

_PHONE = """
import socket, sys, time
host, port = sys.argv[1].rsplit(":", 1)
request = (b"GET http://news.example/ HTTP/1.1\\r\\nHost: news.example\\r\\nConnection: close\\r\\n"
           b"Proxy-Authorization: Basic MTM4MDAxMzgwMDA6eA==\\r\\n\\r\\n")
for _ in sys.stdin:
    while True:
        with socket.create_connection((host, int(port))) as line:
            line.sendall(request)
            answer = line.recv(65536)
        if answer.startswith(b"HTTP/1.1 200"):
            print(time.monotonic(), flush=True)
            break
        time.sleep(0.001)
"""


async def _measure() -> list[float]:
    with tempfile.TemporaryDirectory(prefix="nfemu-bench-") as name:
        state = StateFolder(Path(name) / "state")
        private_folder(state.path)
        configuration = load(_CONFIG)
        async with Emulator(state, lambda: configuration, BoundPorts.of(configuration).free()) as emulator:
            phone = await asyncio.create_subprocess_exec(
                sys.executable, "-c", _PHONE, emulator.status().http_proxy, stdin=-1, stdout=-1
            )
            assert phone.stdin is not None
            try:
                return [await _round(emulator, phone) for _ in range(ROUNDS)]
            finally:
                phone.stdin.close()
                await phone.wait()


async def _round(emulator: Emulator, phone: asyncio.subprocess.Process) -> float:
    """Milliseconds from notification to the first open response."""
    assert phone.stdin is not None
    assert phone.stdout is not None
    number = Msisdn.parse(_NUMBER)
    service = emulator.service
    balance = (await service.status(number)).balance
    await service.charge(number, balance + Money(100))
    payment, _ = await service.order_payment(number, Money(100), "")
    notification = PaymentNotification(
        payment.provider, payment.no, f"bench-{payment.no}", payment.amount, datetime.now(UTC)
    )
    notified = time.monotonic()
    phone.stdin.write(b"go\n")
    await asyncio.gather(service.settle(notification), phone.stdin.drain())
    return (float(await phone.stdout.readline()) - notified) * 1000


def run() -> list[str]:
    """One line: p50 and p99 in milliseconds, and the budget."""
    with asyncio.Runner(loop_factory=fastest_loop) as runner:
        costs = runner.run(_measure())
    hundredths = statistics.quantiles(costs, n=100)
    result = f"p50 {hundredths[49]:.1f} ms, p99 {hundredths[98]:.1f} ms (budget 10 and 50)"
    return [f"payment notified → first open response, {ROUNDS} times: {result}"]
