"""Events at a program that believes the carrier's signature alone: the example, in a process of its own."""

import json
import select
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socket import create_connection, create_server
from time import monotonic
from typing import ClassVar

import pytest

from tests.journeys.carrier import NUMBER, CarrierProcess, until

pytestmark = pytest.mark.once

EXAMPLE = Path(__file__).parents[2] / "examples" / "webhooks" / "receiver.py"


class Program:
    """The example as it runs."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def told(self, kind: str, within_s: float = 40) -> dict[str, object]:
        """The next event, which is of that kind."""
        assert self._process.stdout is not None
        deadline = monotonic() + within_s
        assert select.select([self._process.stdout], [], [], deadline - monotonic())[0], f"no {kind} was told"
        found: dict[str, object] = json.loads(self._process.stdout.readline())
        assert found["eventType"] == kind
        return found


@contextmanager
def example(port: int, secret: Path) -> Iterator[Program]:
    command = [sys.executable, "-u", str(EXAMPLE), f"127.0.0.1:{port}", str(secret)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        until(lambda: is_there(port))
        try:
            yield Program(process)
        finally:
            process.terminate()


def is_there(port: int) -> bool:
    try:
        create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def free_port() -> int:
    with create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def test_a_program_is_told_whatever_is_killed_between(stopped: CarrierProcess, tmp_path: Path) -> None:
    """Nobody listens when it happens, then the carrier is killed: a program that comes later hears of it, in order."""
    stopped.up()
    port = free_port()
    with stopped.client() as client:
        added = client.add_webhook(f"http://127.0.0.1:{port}/events", ["ledger.entry", "CustomerStateChangeEvent"])
        secret = tmp_path / "crm.secret"
        secret.write_text(added.secret)
        client.charge(NUMBER, "59.00")
    stopped.kill()
    stopped.up()
    with example(port, secret) as program:
        charged = program.told("ledger.entry")
        suspended = program.told("CustomerStateChangeEvent")
        with stopped.client() as client:
            client.pay(NUMBER, "29.00")
        paid = program.told("ledger.entry")
        active = program.told("CustomerStateChangeEvent")
    assert [each["event"]["customer"]["status"] for each in (suspended, active)] == ["suspended", "active"]  # type: ignore[index]
    assert [each["event"]["detail"]["amount"] for each in (charged, paid)] == ["-59.00", "29.00"]  # type: ignore[index]
    assert charged["correlationId"] == suspended["correlationId"] != paid["correlationId"]
    with stopped.client() as client:
        until(lambda: {each.state for each in client.deliveries(added.webhook.id)} == {"delivered"})
        assert client.deliveries(added.webhook.id)[-1].attempts >= 2
    printed = stopped.nfemu("webhooks", "deliveries", added.webhook.id).text
    assert printed.count("delivered") == 4
    assert NUMBER not in stopped.state.log_file.read_text(), "numbers are in bodies, and masked in the log"


class Unsure(BaseHTTPRequestHandler):
    """Takes the first event and never answers; answers the next ones. For one test."""

    ids: ClassVar[list[str]] = []
    taken = threading.Event()
    let_go = threading.Event()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.ids.append(self.headers["Nfemu-Event-Id"])
        if not self.taken.is_set():
            self.taken.set()
            self.let_go.wait(40)
            return
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


def test_what_comes_twice_has_one_id(stopped: CarrierProcess) -> None:
    """The receiver has it, and the carrier is killed before it hears so."""
    server = HTTPServer(("127.0.0.1", 0), Unsure)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    stopped.up()
    with stopped.client() as client:
        added = client.add_webhook(f"http://127.0.0.1:{server.server_port}/", ["ledger.entry"])
        client.charge(NUMBER, "1.00")
        assert Unsure.taken.wait(40)
    stopped.kill()
    Unsure.let_go.set()
    stopped.up()
    with stopped.client() as client:
        until(lambda: [each.state for each in client.deliveries(added.webhook.id)] == ["delivered"])
        client.charge(NUMBER, "1.00")
        until(lambda: len(Unsure.ids) == 3)
    server.shutdown()
    serving.join()
    server.server_close()
    first, again, second = Unsure.ids
    assert first == again != second
