"""`kill -9` of any process of the carrier while a line flips: no packet of a restricted line is ever answered by
anybody whom it may not reach, nothing is left behind, and what comes in its place has the same lines.
"""

import os
import random
import signal
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from socket import socket
from threading import Event, Thread
from time import monotonic

import pytest

from nfemu.client.errors import ClientError
from nfemu.client.values import Subscriber
from nfemu.model.errors import NfemuError, Unavailable
from nfemu.wire.router_discovery import decode
from tests.gateway.bearer.on_router import ASK, QUESTION
from tests.journeys.bearer import NEEDS_BEARERS, OF_NEWS, OnLine, answer, core_of, hello, request
from tests.journeys.carrier import NUMBER, OTHER, CarrierProcess, children, has_ended, status_of, until

pytestmark = [pytest.mark.once, pytest.mark.lab, NEEDS_BEARERS]

NEWS = "news.example"
THIRD, FOURTH = "13800138002", "13800138003"
TEN = ["worker"] * 3 + ["core"] + ["worker"] * 5 + ["control"]
"""Workers and the core network are replaced while all goes on; the control process has to be started again."""
_SO_ALREADY = 409
_TLS = b"\x16\x03"


@dataclass
class Watch:
    """Tries the forbidden site over and over, by every way in. `since`: when the line was last said to be restricted;
    None while it is open, or may be."""

    carrier: CarrierProcess
    ways: dict[str, tuple[str, int, bytes, bytes]]
    since: float | None = None
    tried: int = 0
    """Whole rounds on a line that was restricted all the time."""
    seen_open: int = 0
    wrong: list[str] = field(default_factory=list)
    ended: Event = field(default_factory=Event)

    @contextmanager
    def running(self) -> Iterator["Watch"]:
        thread = Thread(target=self._run)
        thread.start()
        try:
            yield self
        finally:
            self.ended.set()
            thread.join()

    def wait_for_a_round(self) -> None:
        before = self.tried
        deadline = monotonic() + 60
        while self.tried == before:
            assert monotonic() < deadline, "the line cannot be tried"
            Event().wait(0.02)

    def _run(self) -> None:
        while not self.ended.is_set():
            try:
                with OnLine(self.carrier, NUMBER) as line:
                    self._try(line)
            except (OSError, Unavailable):
                self.ended.wait(0.5)  # there is no line for now

    def _try(self, line: OnLine) -> None:
        while not self.ended.is_set():
            since = self.since
            found = [
                way for way, (address, port, said, sign) in self.ways.items() if line.hears(sign, address, port, said)
            ]
            if found and since is not None and since == self.since:
                self.wrong += found
            elif since is not None and since == self.since:
                self.tried += 1
            self.seen_open += bool(found)


def _ways(addresses: tuple[str, ...]) -> dict[str, tuple[str, int, bytes, bytes]]:
    """Address, port, what is said, and what only the site itself answers."""
    plain, secure = request(NEWS), hello(NEWS)
    return {
        f"{address} port {port}": (address, port, secure if port == 443 else plain, _TLS if port == 443 else OF_NEWS)
        for address in addresses
        for port in (80, 443, 5000)
    }


class Killed:
    """A carrier whose processes are killed, and the line that flips meanwhile."""

    def __init__(self, carrier: CarrierProcess) -> None:
        self.carrier = carrier
        self.random = random.Random(4)
        with OnLine(carrier, NUMBER) as line:
            addresses = line.address(NEWS), line.address(NEWS, "AAAA")
        self.watch = Watch(carrier, _ways(addresses))
        self.lines = self._lines()

    def flip(self, *, restricted: bool) -> None:
        """Raises NfemuError where the carrier is gone before it has answered."""
        with self.carrier.client() as client:
            if restricted:
                client.restrict(NUMBER)
                self.watch.since = monotonic()
            else:
                self.watch.since = None
                client.restore(NUMBER)

    def round(self, victim: str) -> None:
        """Killed at some moment of a flip; then whatever is needed to go on."""
        doomed = self._victim(victim)
        restrict = self.watch.since is None
        with ThreadPoolExecutor(1) as pool:
            flipping: Future[None] = pool.submit(self.flip, restricted=restrict)
            Event().wait(self.random.uniform(0, 0.06))
            try:
                os.kill(doomed, signal.SIGKILL)
            except ProcessLookupError:
                log = (self.carrier.state.path / "nfemu.log").read_text()
                raise AssertionError(f"the {victim} {doomed} has ended by itself: {log[-2000:]}") from None
            error = flipping.exception()
        assert error is None or isinstance(error, NfemuError), error
        if victim == "control":
            self._again(doomed)
        if victim == "core":
            self._elsewhere(doomed)
        self._settle(restrict=restrict)

    def _again(self, doomed: int) -> None:
        """What the dead process had started is gone with it; the next start has the same lines."""
        status = self.carrier.running
        assert has_ended(doomed)
        self.carrier.down()
        assert has_ended(status.pid)
        for pid in (*self._workers, self._core):
            assert has_ended(pid), "something is left behind"
        self.carrier.up()
        assert self._lines() == self.lines

    def _elsewhere(self, doomed: int) -> None:
        """Another core network stands, with the same lines on it."""
        assert has_ended(doomed)
        assert core_of(self.carrier) != doomed
        assert self._lines() == self.lines

    def _settle(self, *, restrict: bool) -> None:
        """As it was meant to be, whatever has become of the flip; then it is looked at in peace."""
        try:
            self.flip(restricted=restrict)
        except ClientError as error:
            if error.status != _SO_ALREADY:
                raise
            self.watch.since = monotonic() if restrict else None
        if restrict:
            self.watch.wait_for_a_round()

    def _victim(self, victim: str) -> int:
        control = self.carrier.running.pid
        self._core = core_of(self.carrier)
        until(lambda: bool(_workers_of(control)))  # the last one that was killed may have been the last
        self._workers = _workers_of(control)
        return {"worker": self._workers[0], "core": self._core, "control": control}[victim]

    def _lines(self) -> list[tuple[object, ...]]:
        with self.carrier.client() as client:
            return [_kept(each) for each in client.subscribers().subscribers]


def _kept(line: Subscriber) -> tuple[object, ...]:
    """What neither flips nor kills may change."""
    found = line.session
    return line.e164, found and (found.state, found.ue_ipv4, found.ue_ipv6, found.generation)


def _workers_of(control: int) -> list[int]:
    return [pid for pid in children(control) if b"gateway.worker" in _command(pid)]


def _parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _command(pid: int) -> bytes:
    """Empty for a process that has ended."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def played(carrier: CarrierProcess, victims: list[str]) -> None:
    carrier.up()
    killed = Killed(carrier)
    with killed.watch.running():
        for victim in victims:
            killed.round(victim)
            assert killed.watch.wrong == []
    assert killed.watch.tried >= len(victims) // 2
    assert killed.watch.seen_open


@contextmanager
def flowing(carrier: CarrierProcess, number: str) -> Iterator[socket]:
    """A connection straight to the site, under way. Who holds it is no program on the line and ends with none."""
    with OnLine(carrier, number) as line, line.connect(line.address(NEWS), 5000) as flow:
        for _ in range(9):
            flow.sendall(_MORE)
            answer(flow)
        yield flow


_MORE = request(NEWS, connection="keep-alive")


def still_flows(flow: socket) -> bool:
    flow.settimeout(1)
    try:
        flow.sendall(_MORE)
        return bool(answer(flow))
    except OSError:
        return False


def test_another_core_network_has_the_rules_and_lines_as_they_are_by_then(stopped: CarrierProcess) -> None:
    """One line stays restricted, one stays open, one is paid and one is restricted while there is no core network."""
    stopped.up()
    with stopped.client() as client:
        usual = client.subscriber(NUMBER).effective
        assert client.charge(NUMBER, "59.00").effective != usual
        client.restrict(OTHER)
    before = core_of(stopped)
    with flowing(stopped, FOURTH) as flow:
        os.kill(before, signal.SIGKILL)
        with stopped.client() as client:
            client.restrict(FOURTH)
            assert client.pay(NUMBER, "59.00").subscriber.effective == usual
        assert not still_flows(flow)
    seen = [status_of(stopped.curl(number, f"http://{NEWS}/")) for number in (NUMBER, OTHER, THIRD, FOURTH)]
    assert seen == [200, 302, 200, 302]
    after = core_of(stopped)
    assert has_ended(before)
    assert before != after
    assert "1 restarts" in stopped.nfemu("status").text
    asked = ("exec", NUMBER, "--", stopped.python, "-c", ASK, "ff02::2", "255", "1", QUESTION, "10")
    told = decode(bytes.fromhex(stopped.nfemu(*asked).text.split()[-1]))
    assert told.captive_api == "https://portal.carrier.example/captive-api"


def test_a_core_network_that_ends_again_and_again_is_made_again_and_nobody_waits_for_it(
    stopped: CarrierProcess,
) -> None:
    """First by the process that only waits for the core's own."""
    stopped.up()
    with flowing(stopped, NUMBER) as flow:
        os.kill(_parent_of(core_of(stopped)), signal.SIGKILL)
        with stopped.client() as client:
            client.restrict(NUMBER)
        assert not still_flows(flow)
    for _ in range(2):
        os.kill(core_of(stopped), signal.SIGKILL)
    assert status_of(stopped.curl(NUMBER, f"http://{NEWS}/")) == 302
    assert "3 restarts" in stopped.nfemu("status").text


@pytest.mark.long
def test_killed_ten_times(stopped: CarrierProcess) -> None:
    played(stopped, TEN)


@pytest.mark.long
def test_killed_two_hundred_times(stopped: CarrierProcess) -> None:
    played(stopped, TEN * 20)
