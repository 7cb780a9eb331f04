"""Two phones, a core and an Internet in network namespaces of this process, for cases on the real kernel.

The process itself stands in the core. It must have been started by `unshare -nm` (root) or `unshare -Urnm`.
"""

import contextlib
import ctypes
import errno
import os
import select
import selectors
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TypeVar

from nfemu.gateway.bearer.nft import Nft
from nfemu.model.destination import IpAddress

T = TypeVar("T")

GATEWAY4, GATEWAY6 = "10.45.0.1", "fd45::1"
_SILENCE = 1.0
"""Seconds without an answer that are taken for a dropped packet, where that is expected."""
_PATIENCE = 30.0
"""Seconds within which an answer that is expected comes on the busiest machine."""

_CLONE_NEWNET = 0x40000000
_ERRORS = {
    errno.ECONNREFUSED: "reset",
    errno.ECONNRESET: "reset",
    errno.EHOSTUNREACH: "prohibited",
    errno.EACCES: "prohibited",
}
_SET_UP = """
mount -t tmpfs none /run
ip link set lo up
sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.icmp_ratemask=0 net.ipv6.icmp.ratemask=127
ip netns add inet
ip link add inet0 type veth peer name i0 netns inet
ip addr add 192.0.2.1/30 dev inet0
ip -6 addr add fe80::1/64 dev inet0 nodad
ip link set inet0 up
ip -n inet link set lo up
ip -n inet addr add 192.0.2.2/30 dev i0
ip -n inet -6 addr add fe80::2/64 dev i0 nodad
ip -n inet link set i0 up
ip -n inet route add default via 192.0.2.1
ip -n inet -6 route add default via fe80::1 dev i0
ip route add default via 192.0.2.2
ip -6 route add default via fe80::2 dev inet0
ip netns exec inet sysctl -qw net.ipv6.ip_nonlocal_bind=1
"""
_NETWORKS = (
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "2001:2::/48",
    "2001:db8:7::/48",
    "2001:db8:9::/48",
    "::c633:6409",
    "fec0::9",
)
"""What the Internet answers for: every address of them is its own."""

_PHONE = """
ip netns add ue{n}
ip link add ue{n} type veth peer name wwan0 netns ue{n}
ip addr add 10.45.0.1/32 dev ue{n}
ip -6 addr add fd45::1/128 dev ue{n} nodad
ip -6 addr add fe80::1/64 dev ue{n} nodad
ip link set ue{n} up
ip route add 10.45.0.{host}/32 dev ue{n}
ip -6 route add 2001:db8:4500:{host}::/64 via fe80::2 dev ue{n}
ip -n ue{n} link set lo up
ip -n ue{n} addr add 10.45.0.{host}/32 dev wwan0
ip -n ue{n} -6 addr add 2001:db8:4500:{host}::1/64 dev wwan0 nodad
ip -n ue{n} -6 addr add fe80::2/64 dev wwan0 nodad
ip -n ue{n} link set wwan0 up
ip -n ue{n} route add default via 10.45.0.1 dev wwan0 onlink
ip -n ue{n} -6 route add default via fe80::1 dev wwan0
ip netns exec ue{n} sysctl -qw net.ipv4.ping_group_range="0 0"
"""


class Lab:
    """Phone `ue1` is 10.45.0.2 and 2001:db8:4500:2::/64, `ue2` the next. Listeners say who they are: `core:8080`."""

    def __init__(self, ports: Iterable[int], core_ports: Iterable[int]) -> None:
        _shell(_SET_UP)
        for network in _NETWORKS:
            _shell(f"ip -n inet route add local {network} dev lo")
        for number in (1, 2):
            _shell(_PHONE.format(n=number, host=number + 1))
        self.nft = Nft()
        for where in ("inet", "ue2"):
            _serve(where, ports, at(where, lambda: [_listener(port) for port in ports]))
            _answer(where, at(where, lambda: [_udp(port) for port in ports]))
        _serve("core", core_ports, [_listener(port) for port in core_ports])
        _answer("core", [_udp(53)])

    def take(self, address: IpAddress) -> None:
        """The phone `ue1` gives itself one more address, its own or not."""
        _shell(f"ip -n ue1 addr add {address}/{address.max_prefixlen} dev wwan0 {'nodad' * (address.version == 6)}")

    def tcp(self, target: IpAddress, port: int, source: IpAddress | None = None, within_s: float = _PATIENCE) -> str:
        """Who answered a connection of the phone `ue1`: `inet:80`; or `reset`, `prohibited`, `silent`."""
        with self.connect(target, source, within_s) as connection:
            return _outcome(lambda: _talk(connection, (str(target), port)))

    def connect(self, target: IpAddress, source: IpAddress | None = None, within_s: float = _PATIENCE) -> socket.socket:
        """A socket of the phone, not connected yet."""
        return at("ue1", lambda: _client(socket.SOCK_STREAM, target, source, within_s))

    def udp(self, target: IpAddress, port: int, source: IpAddress | None = None, within_s: float = _PATIENCE) -> str:
        with at("ue1", lambda: _client(socket.SOCK_DGRAM, target, source, within_s)) as sender:
            return _outcome(lambda: _ask(sender, (str(target), port), b"who is there"))

    def ping(self, target: IpAddress, within_s: float = _PATIENCE) -> str:
        with at("ue1", lambda: _pinger(target, within_s)) as sender:
            kind = 8 if target.version == 4 else 128
            reply = _outcome(lambda: _ask(sender, (str(target), 0), struct.pack("!BBHHH", kind, 0, 0, 0, 1)))
        return reply if reply in {"silent", *_ERRORS.values()} else "inet:0"

    def scan(self, target: IpAddress) -> None:
        """The phone tries every TCP port and sends to every UDP port."""
        at("ue1", lambda: _scan(target))

    def count_arrivals(self) -> Callable[[], int]:
        """How many packets have come to the Internet since, told when asked. Neighbour discovery does not count."""
        nft = at("inet", Nft)
        nft.run("add table inet seen\nadd chain inet seen arrivals { type filter hook prerouting priority raw ; }")
        nft.run("add rule inet seen arrivals meta l4proto != ipv6-icmp iifname i0 counter")
        return lambda: int(nft.run("list table inet seen").partition("counter packets ")[2].split()[0])

    def flow(self, target: IpAddress, port: int) -> "Flow":
        """An open connection of the phone to the Internet."""
        server = at("inet", lambda: _listener_at(target, port))
        return Flow.open(self.connect(target), server, (str(target), port))

    def steered_flow(self, target: IpAddress, port: int, steered_to: int) -> "Flow":
        """One that was redirected to that port of the core."""
        server = _listener_at(ip_address(GATEWAY4), steered_to)
        return Flow.open(self.connect(target), server, (str(target), port))


@dataclass
class Flow:
    """Both ends of an open connection."""

    phone: socket.socket
    server: socket.socket

    @classmethod
    def open(cls, phone: socket.socket, listener: socket.socket, where: tuple[str, int]) -> "Flow":
        with listener:
            phone.connect(where)
            server, _ = listener.accept()
        server.settimeout(_PATIENCE)
        return cls(phone, server)

    def upwards(self) -> bool:
        """Whether the server gets what the phone sends. Where not, the phone's end has been reset."""
        return _passes(self.phone, self.server)

    def downwards(self) -> bool:
        return _passes(self.server, self.phone)


def _passes(sender: socket.socket, receiver: socket.socket) -> bool:
    try:
        sender.send(b"x")
        if select.select([sender, receiver], [], [], _PATIENCE)[0] == [receiver]:
            return receiver.recv(1) == b"x"
        sender.recv(1)
    except (ConnectionResetError, BrokenPipeError):
        return False
    raise AssertionError("neither through nor reset")


def patience(expected: str) -> float:
    """Seconds to wait: silence has to be believed at some time, anything else comes."""
    return _SILENCE if expected == "silent" else _PATIENCE


def at(namespace: str, make: Callable[[], T]) -> T:
    """What `make` returns when it is called in that namespace: sockets belong to the one they were made in."""
    made: list[T] = []

    def enter() -> None:
        descriptor = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
        assert ctypes.CDLL(None).setns(descriptor, _CLONE_NEWNET) == 0
        os.close(descriptor)
        made.append(make())

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    return made[0]


def _shell(commands: str) -> None:
    subprocess.run(["sh", "-e"], input=commands, text=True, check=True)


def _outcome(try_it: Callable[[], str]) -> str:
    try:
        return try_it()
    except TimeoutError:
        return "silent"
    except OSError as error:
        return _ERRORS[error.errno or 0]


def _talk(connection: socket.socket, where: tuple[str, int]) -> str:
    connection.connect(where)
    return connection.recv(100).decode()


def _ask(sender: socket.socket, where: tuple[str, int], question: bytes) -> str:
    sender.connect(where)
    sender.send(question)
    return sender.recv(100).decode(errors="replace")


def _family(address: IpAddress) -> int:
    return socket.AF_INET if address.version == 4 else socket.AF_INET6


def _client(kind: int, target: IpAddress, source: IpAddress | None, within_s: float) -> socket.socket:
    made = socket.socket(_family(target), kind)
    made.settimeout(within_s)
    # so that an ICMP error reaches a UDP socket and ends a TCP connection at once
    level, option = (socket.SOL_IP, 11) if target.version == 4 else (socket.IPPROTO_IPV6, 25)
    made.setsockopt(level, option, 1)
    if source is not None:
        made.bind((str(source), 0))
    return made


def _scan(target: IpAddress) -> None:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        for port in range(1, 65536):
            with _client(kind, target, None, _SILENCE) as one, contextlib.suppress(OSError):
                one.connect((str(target), port))
                one.send(b"x")


def _pinger(target: IpAddress, within_s: float) -> socket.socket:
    protocol = socket.IPPROTO_ICMP if target.version == 4 else socket.IPPROTO_ICMPV6
    made = socket.socket(_family(target), socket.SOCK_DGRAM, protocol)
    made.settimeout(within_s)
    return made


def _listener(port: int) -> socket.socket:
    return socket.create_server(("::", port), family=socket.AF_INET6, reuse_port=True, dualstack_ipv6=True)


def _listener_at(address: IpAddress, port: int) -> socket.socket:
    """Beside one for all addresses, which it takes the connections from."""
    made = socket.socket(_family(address), socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind((str(address), port))
    made.listen()
    return made


def _udp(port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    made.bind(("::", port))
    return made


def _serve(where: str, ports: Iterable[int], listeners: list[socket.socket]) -> None:
    """Every listener says who it is and hangs up."""

    def run() -> None:
        waiting = selectors.DefaultSelector()
        for port, listener in zip(ports, listeners, strict=True):
            waiting.register(listener, selectors.EVENT_READ, (listener, f"{where}:{port}".encode()))
        while True:
            for key, _ in waiting.select():
                ready, name = key.data
                connection, _ = ready.accept()
                with connection:
                    connection.send(name)

    threading.Thread(target=run, daemon=True).start()


def _answer(where: str, sockets: list[socket.socket]) -> None:
    """Every socket says who it is, from the address that was asked."""

    def run() -> None:
        waiting = selectors.DefaultSelector()
        for one in sockets:
            waiting.register(one, selectors.EVENT_READ, one)
        while True:
            for key, _ in waiting.select():
                _, asked, _, client = key.data.recvmsg(100, 200)
                name = f"{where}:{key.data.getsockname()[1]}"
                key.data.sendmsg([name.encode()], asked, 0, client)

    threading.Thread(target=run, daemon=True).start()
