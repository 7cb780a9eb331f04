"""The payment provider's side of a notification, as a program elsewhere would write it."""

import hashlib
import hmac
import json
import secrets
import subprocess
import tempfile
import time
from pathlib import Path

from nfemu.web.provider.builtin import merchant_key
from tests.journeys.carrier import CarrierProcess
from tests.journeys.phone import Phone

NOTIFY = "https://portal.carrier.example/notify"


def notification(order_no: str, trade_no: str, minor: int) -> bytes:
    """The body for a payment of `minor` fen."""
    fields = {
        "provider": "ExamplePay",
        "order_no": order_no,
        "trade_no": trade_no,
        "amount": minor,
        "currency": "CNY",
        "paid_at": "2026-11-01T08:00:00+08:00",
    }
    return json.dumps(fields).encode()


def shared_key(carrier: CarrierProcess) -> bytes:
    """What provider and merchant sign with."""
    return merchant_key((carrier.state.keys / "provider.key").read_bytes())


def signed(key: bytes, body: bytes) -> list[str]:
    """curl's options for one attempt: nonce and timestamp are fresh."""
    timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
    text = b"\n".join([timestamp.encode(), nonce.encode(), body, b""])
    signature = hmac.new(key, text, hashlib.sha256).hexdigest()
    headers = {"Provider-Timestamp": timestamp, "Provider-Nonce": nonce, "Provider-Signature": signature}
    return [*(part for name, value in headers.items() for part in ("-H", f"{name}: {value}")), "--data", body.decode()]


def notify(
    carrier: CarrierProcess, number: str, body: bytes, times: int = 1, key: bytes | None = None
) -> list[tuple[int, str]]:
    """Send it so often at the same time, signed anew each time, over a line: statuses and codes, sorted."""
    key = key or shared_key(carrier)
    running = carrier.running
    form = ["-s", "--max-time", "20", "-x", f"http://{number}:x@{running.http_proxy}", "--cacert", running.ca]
    command = ["curl", "-Z", "--parallel-immediate"]
    with tempfile.TemporaryDirectory() as folder:  # each answer has a file of its own: on one pipe they would mix
        for index in range(times):
            into = ["-o", f"{folder}/{index}", "-w", "%{filename_effective} %{http_code}\n"]
            command += [*(["--next"] if index else []), *form, *into, *signed(key, body), NOTIFY]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        answers = (line.split() for line in done.stdout.splitlines())
        return sorted((int(status), json.loads(Path(file).read_text())["code"]) for file, status in answers)


def order(carrier: CarrierProcess, number: str, amount: str, folder: Path) -> tuple[str, Phone]:
    """A payment order made on the portal: its number, and the phone that stands before the pay page."""
    phone = Phone.on_line(carrier, number, folder)
    phone.open("http://portal.carrier.example/")
    phone.submit()
    phone.submit(amount=amount)
    assert phone.page.url.startswith("https://pay.provider.example/pay/")
    with carrier.client() as client:
        ordered = [event for event in client.timeline(number) if event.name == "payment.ordered"]
    return ordered[-1].detail["payment"], phone
