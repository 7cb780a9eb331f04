import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address
from threading import Event

import pytest

from nfemu.gateway import looking_up
from nfemu.gateway.looking_up import Found, SystemNames, keep_resolver_impatient
from nfemu.model.errors import NotFound, Unavailable

NAME = "www.example.com"


def found(addresses: Sequence[str]) -> Found:
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in addresses]


class Slow:
    """A resolver that does not answer until it is told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers = Event()

    def __call__(self, host: str) -> Found:
        self.asked.append(host)
        assert self.answers.wait(60)
        return found(["192.0.2.1"])


async def until(slow: Slow, asked: int) -> None:
    async with asyncio.timeout(20):
        while len(slow.asked) < asked:  # noqa: ASYNC110 - threads tell nobody
            await asyncio.sleep(0.01)


async def test_addresses_without_repeats_and_zones_and_not_too_many() -> None:
    many = [f"192.0.2.{number}" for number in range(9, 20)]
    names = SystemNames(lambda _: found(["192.0.2.1", "192.0.2.1", "fe80::1%eth0", *many]))
    addresses = await names.addresses(NAME)
    assert addresses[:2] == (IPv4Address("192.0.2.1"), IPv6Address("fe80::1"))
    assert len(addresses) == 8


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (socket.gaierror(socket.EAI_NONAME, "unknown"), NotFound),
        (socket.gaierror(socket.EAI_NODATA, "no address"), NotFound),
        (socket.gaierror(socket.EAI_AGAIN, "temporary"), Unavailable),
        (UnicodeError("label too long"), NotFound),
    ],
)
async def test_names_that_lead_nowhere(failure: Exception, error: type[Exception]) -> None:
    def look_up(_: str) -> Found:
        raise failure

    with pytest.raises(error, match=r"www\.example\.com"):
        await SystemNames(look_up).addresses(NAME)


async def test_one_thread_for_a_name_however_many_ask() -> None:
    slow = Slow()
    names = SystemNames(slow)
    asking = [asyncio.create_task(names.addresses(NAME)) for _ in range(50)]
    await until(slow, 1)
    slow.answers.set()
    assert await asyncio.gather(*asking) == [(IPv4Address("192.0.2.1"),)] * 50
    assert slow.asked == [NAME]


async def test_names_that_hang_hold_up_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking_up, "_AT_ONCE", 3)
    slow = Slow()
    names = SystemNames(slow)
    asking = [asyncio.create_task(names.addresses(f"h{number}.example.com")) for number in range(3)]
    await until(slow, 3)
    with pytest.raises(Unavailable, match="3 names are being looked up"):
        await names.addresses(NAME)
    assert await asyncio.to_thread(lambda: "free") == "free"
    slow.answers.set()
    await asyncio.gather(*asking)
    assert await names.addresses(NAME) == (IPv4Address("192.0.2.1"),)


async def test_who_waits_is_told_in_time_and_the_late_answer_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking_up, "_PATIENCE_S", 0.01)
    slow = Slow()
    names = SystemNames(slow)
    with pytest.raises(Unavailable, match="did not answer"):
        await names.addresses(NAME)
    slow.answers.set()
    async with asyncio.timeout(20):
        while names._under_way:  # noqa: ASYNC110 - threads tell nobody
            await asyncio.sleep(0.01)


def test_a_name_that_hangs_keeps_no_process_from_ending() -> None:
    program = """
import asyncio, threading
from nfemu.gateway.looking_up import SystemNames
async def ask():
    asking = asyncio.create_task(SystemNames(lambda _: threading.Event().wait()).addresses("www.example.com"))
    while threading.active_count() == 1:
        await asyncio.sleep(0.01)
asyncio.run(ask())
"""
    assert subprocess.run([sys.executable, "-c", program], timeout=60, check=False).returncode == 0


def test_what_the_user_has_chosen_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RES_OPTIONS", "")
    monkeypatch.delenv("RES_OPTIONS")
    keep_resolver_impatient()
    assert os.environ["RES_OPTIONS"] == "timeout:2 attempts:1"
    monkeypatch.setenv("RES_OPTIONS", "attempts:5")
    keep_resolver_impatient()
    assert os.environ["RES_OPTIONS"] == "attempts:5"
