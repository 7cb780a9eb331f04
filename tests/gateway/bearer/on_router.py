"""The cases of `test_advertising.py`: `python -m tests.gateway.bearer.on_router CASE` as the user that it is run as."""

import asyncio
import logging
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

from nfemu.gateway.bearer.advertising import advertised
from nfemu.gateway.bearer.bearers import BearerConfig, Bearers
from nfemu.wire.router_discovery import decode
from tests.fakes.gateway import ARREARS, OPEN, FakeReports, line, rules
from tests.gateway.bearer.on_line import NoNames
from tests.gateway.bearer.on_network import OnLine

API = "https://portal.carrier.example/captive-api"
ASK = """
import socket, struct, sys
IPV6, ICMP6 = socket.IPPROTO_IPV6, socket.IPPROTO_ICMPV6
target, hops, count, message = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), bytes.fromhex(sys.argv[4])
link = socket.if_nametoindex("wwan0")
with socket.socket(socket.AF_INET6, socket.SOCK_RAW, ICMP6) as sock:
    sock.setsockopt(ICMP6, 1, struct.pack("=8I", *[0xFFFFFFFF] * 4, 0xFFFFFFFF ^ 1 << 134 - 128, *[0xFFFFFFFF] * 3))
    sock.setsockopt(IPV6, socket.IPV6_UNICAST_HOPS, hops)
    sock.setsockopt(IPV6, socket.IPV6_MULTICAST_HOPS, hops)
    sock.setsockopt(IPV6, socket.IPV6_RECVHOPLIMIT, 1)
    sock.setsockopt(IPV6, socket.IPV6_RECVPKTINFO, 1)
    sock.settimeout(1)
    for _ in range(int(sys.argv[5])):
        for _ in range(count):
            try:
                sock.sendto(message, (target, 0, 0, link))
            except OSError:
                pass  # told that the one before was refused
        try:
            while True:
                data, beside, _, source = sock.recvmsg(2048, 200)
                found = {kind: value for _, kind, value in beside}
                to = socket.inet_ntop(socket.AF_INET6, found[socket.IPV6_PKTINFO][:16])
                print(source[0], to, struct.unpack("i", found[socket.IPV6_HOPLIMIT])[0], data.hex(), flush=True)
                if count == 1:
                    sys.exit()
        except OSError:
            pass
"""
"""Sends the message so often at once with that hop limit, and prints what is answered, to a single one the first; the
last argument says how often it is tried, a second each."""
_NAMELESS = """
import socket, struct, sys
target = socket.inet_pton(socket.AF_INET6, "ff02::2")
words = sum(struct.unpack("!8H", target)) + 8 + 58 + (133 << 8)
body = struct.pack("!BBHI", 133, 0, ~((words & 0xFFFF) + (words >> 16)) & 0xFFFF, 0)
head = struct.pack("!IHBB", 6 << 28, len(body), 58, 255) + bytes(16) + target
with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as heard:
    heard.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    heard.settimeout(10)
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x86DD)) as raw:
        raw.sendto(head + body, ("wwan0", 0x86DD, 0, 0, bytes.fromhex("333300000002")))
    data, beside, _, source = heard.recvmsg(2048, 200)
    while data[0] != 134:
        data, beside, _, source = heard.recvmsg(2048, 200)
    print(source[0], socket.inet_ntop(socket.AF_INET6, beside[0][2][:16]))
"""
_SEEN = "cat /proc/sys/net/ipv6/conf/wwan0/accept_ra; ip -6 -br addr show wwan0; ip -6 route"
QUESTION = "85" + "00" * 7
FLOOD = 2000


async def ask(phone: OnLine, target: str = "ff02::2", hops: int = 255, message: str = QUESTION, tries: int = 10) -> str:
    return await phone.python(ASK, target, str(hops), "1", message, str(tries))


async def without_raw_sockets() -> None:
    """All else goes on."""
    carrier = Bearers(BearerConfig(Path("core.log"), Path("origin.sock"), bytes(32)), NoNames(), FakeReports())
    await carrier.prepare()
    await carrier.begin(rules(), [line("13800138001", OPEN)])
    await carrier.plug(line("13800138001", OPEN).msisdn)
    await carrier.stop()


async def asking() -> None:
    opened, restricted = line("13800138001", OPEN), line("13800138002", ARREARS)
    urls = {"": API}
    config = BearerConfig(Path("core.log"), Path("origin.sock"), bytes(32), captive_api=partial(urls.__getitem__, ""))
    carrier = Bearers(config, NoNames(), FakeReports())
    await carrier.prepare()
    for listener in (*carrier.workers, *carrier.origins):
        listener.close()
    await carrier.begin(rules(), [opened, restricted])
    first, second = [OnLine((await carrier.plug(each.msisdn))[1]) for each in (opened, restricted)]
    before = await first.run("sh", "-c", _SEEN)
    assert before[1].startswith("0\n")
    for phone, state in ((first, opened), (second, restricted)):
        assert state.ue_ipv6 is not None
        for target in ("ff02::2", "fe80::1"):
            source, to, left, data = (await ask(phone, target)).split()
            assert (source.partition("%")[0], to, left) == ("fe80::1", "fe80::2", "255")
            assert decode(bytes.fromhex(data)) == advertised(state.ue_ipv6, API)
            assert decode(bytes.fromhex(data)).captive_api == API
    assert await first.run("sh", "-c", _SEEN) == before, "a phone of ours goes by none of it"
    # Neither from elsewhere nor malformed; and the next proper one is answered, by what is configured then.
    urls[""] = "https://p\u00f6rtal.example/"
    assert await ask(first, tries=1) == ""
    urls[""] = ""
    for hops, message in ((254, QUESTION), (255, "8501" + "00" * 6), (255, QUESTION + "01")):
        assert await ask(first, hops=hops, message=message, tries=1) == ""
    assert decode(bytes.fromhex((await ask(first)).split()[-1])).captive_api == ""
    urls[""] = API
    # A flood is that line's own loss.
    answered = (await second.python(ASK, "ff02::2", "255", str(FLOOD), QUESTION, "1")).splitlines()
    assert len(answered) < FLOOD / 10
    assert await ask(first)
    # Detached it is told nothing; attached again its new prefix; and so after other people have come.
    gone = replace(opened, policy=None, ue_ipv4=None, ue_ipv6=None, version=opened.version + 1)
    await carrier.apply(gone)
    assert await ask(first, tries=1) == ""
    back = replace(opened, ue_ipv6=line("13800138009", OPEN).ue_ipv6, version=opened.version + 2)
    assert back.ue_ipv6 not in (None, opened.ue_ipv6)
    await carrier.apply(back)
    assert decode(bytes.fromhex((await ask(first)).split()[-1])).prefixes[0].network == back.ue_ipv6
    await carrier.hold()
    await carrier.begin_anew(rules(), [back, restricted])
    assert (await first.python(_NAMELESS)).split() == ["fe80::1", "ff02::1"]
    await carrier.stop()


if __name__ == "__main__":
    logging.basicConfig(stream=sys.stdout)
    asyncio.run({"asking": asking, "without_raw_sockets": without_raw_sockets}[sys.argv[1]]())
