"""Gateway workers that die or hang under traffic: replaced, and never a door for the restricted meanwhile."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.journeys.carrier import NUMBER, OTHER, REFUSED, CarrierProcess, has_ended, status_of, until
from tests.journeys.traffic import Traffic

NEWS, SECURE_NEWS = "http://news.example/", "https://news.example/"


@pytest.fixture
def restricted(carrier: CarrierProcess) -> Iterator[str]:
    """A number whose line is restricted, and as it was afterwards."""
    with carrier.client() as client:
        client.restrict(NUMBER)
        yield NUMBER
        if client.subscriber(NUMBER).ordered != "open":
            client.restore(NUMBER)


def workers(carrier: CarrierProcess) -> dict[int, int]:
    """Restarts of each place by the process that serves in it, as `nfemu status` shows it."""
    shown = carrier.nfemu("status").text
    return {int(pid): int(count) for pid, count in re.findall(r"worker (\d+) +serving, (\d+) restarts", shown)}


@contextmanager
def everybody_surfs(carrier: CarrierProcess, restricted: str) -> Iterator[None]:
    """Traffic of a restricted and of an open line; then, whatever happened: not one answer of a forbidden site."""
    with ExitStack() as stack:
        forbidden = [stack.enter_context(Traffic(carrier, restricted, url)) for url in (NEWS, SECURE_NEWS)]
        allowed = stack.enter_context(Traffic(carrier, OTHER, NEWS))
        until(lambda: allowed.answers[200] > 0 and forbidden[0].answers[302] > 0)
        yield
        so_far = allowed.answers[200]
        until(lambda: allowed.answers[200] > so_far)
    assert set(forbidden[0].answers) <= {302, 0}
    assert set(forbidden[1].answers) == {0}
    assert set(allowed.answers) <= {200, 0}


@pytest.mark.parametrize("how_many", [1, 2])
def test_killed_workers_are_replaced(carrier: CarrierProcess, restricted: str, how_many: int) -> None:
    before = workers(carrier)
    assert len(before) == 2
    killed = list(before)[:how_many]
    with everybody_surfs(carrier, restricted):
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        until(lambda: len(workers(carrier)) == 2 and not set(killed) & set(workers(carrier)))
    after = workers(carrier)
    assert sum(after.values()) == sum(before.values()) + how_many
    assert carrier.nfemu("status").text.count("NOT HEALTHY") == 0
    assert status_of(carrier.curl(restricted, NEWS)) == 302
    assert carrier.curl(restricted, SECURE_NEWS).status in REFUSED
    assert status_of(carrier.curl(OTHER, SECURE_NEWS)) == 200


def test_a_stopped_worker_does_not_hold_up_a_payment(carrier: CarrierProcess) -> None:
    """It is late, so it is taken out; nothing is half restored."""
    with carrier.client() as client:
        client.charge("13800138002", "59.00")
    stopped = next(iter(workers(carrier)))
    os.kill(stopped, signal.SIGSTOP)
    assert "¥39.00 paid; service is restored" in carrier.nfemu("pay", "13800138002", "39.00", timeout=20).text
    assert has_ended(stopped)
    assert status_of(carrier.curl("13800138002", NEWS)) == 200
    until(lambda: len(workers(carrier)) == 2)
    assert status_of(carrier.curl("13800138002", NEWS)) == 200


@pytest.mark.parametrize("how_many", [1, 2])
def test_a_stopped_worker_does_not_hold_up_a_restriction(carrier: CarrierProcess, how_many: int) -> None:
    """When the command returns, no worker serves the line as an open one, not even what was open before."""
    until(lambda: len(workers(carrier)) == 2)
    stopped = list(workers(carrier))[:how_many]
    with Traffic(carrier, NUMBER, NEWS) as surfing:
        until(lambda: surfing.answers[200] > 0)
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        done = carrier.nfemu("restrict", NUMBER, timeout=20)
        assert done.status == 0
        assert all(map(has_ended, stopped))
    assert "effective  green" in re.sub(r" +", "  ", done.text)
    with Traffic(carrier, NUMBER, NEWS) as surfing:
        until(lambda: surfing.answers[302] > 0)
    assert set(surfing.answers) <= {302, 0}
    with carrier.client() as client:
        client.restore(NUMBER)
    assert status_of(carrier.curl(NUMBER, NEWS)) == 200


def test_a_stopped_carrier_is_told_from_a_slow_one(carrier: CarrierProcess) -> None:
    pid = carrier.running.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        done = carrier.nfemu("status", timeout=20)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert done.status == 1
    assert f"(process {pid}) does not answer" in done.errors
    assert f"`kill -CONT {pid}` wakes" in done.errors
    until(lambda: carrier.nfemu("status").status == 0 and status_of(carrier.curl(OTHER, NEWS)) == 200)
