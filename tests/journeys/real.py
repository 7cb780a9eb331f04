"""A machine of a test's own, in network namespaces: the host's network with one way out, and the Internet behind that.

The carrier and all its commands run in the first, by whichever user; nothing of this machine's own network is reachable
from either. Needs root, which may give a namespace to somebody else's process.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import AnyStr

from nfemu.client import StateFolder
from tests.gateway.bearer.ordinary import User
from tests.journeys.carrier import CarrierProcess, children, until
from tests.journeys.real_world import HOST4, HOST6

_PROJECT = Path(__file__).parents[2]
_MACHINE = """
mount --bind resolv.conf /etc/resolv.conf
ip link set lo up
echo up
exec cat
"""
_WORLD = """
ip link set lo up
echo up
read wired
ip addr add 93.184.216.1/24 dev world0
ip -6 addr add 2606:2800:220:1::1/64 dev world0 nodad
ip link set world0 up
for network in 93.184.217.0/24 10.1.2.0/24 192.168.7.0/24; do ip route add local $network dev lo; done
for network in 2606:2800:220:2::/64 fd00:1::/64; do ip -6 route add local $network dev lo; done
exec "$@"
"""
_WIRES = f"""
ip link add host0 type veth peer name world0 netns {{world}}
ip addr add {HOST4}/24 dev host0
ip addr add 192.168.9.1/24 dev host0
ip addr add 169.254.169.254/32 dev lo
ip -6 addr add {HOST6}/64 dev host0 nodad
ip link set host0 up
ip route add default via 93.184.216.1
ip -6 route add default via 2606:2800:220:1::1
"""
_LISTENS = """
import socket
sock = socket.create_server(("::", 7), family=socket.AF_INET6, dualstack_ipv6=True)
print("up", flush=True)
sock.accept()
"""
"""On every address of the machine. Once somebody has come, nobody is there any more."""


class World:
    """`log` is what has reached the Internet."""

    def __init__(self, log: Path) -> None:
        self._log = log

    def seen(self) -> list[str]:
        return self._log.read_text().splitlines()

    def new_since(self, before: list[str]) -> list[str]:
        return self.seen()[len(before) :]

    def wait_for(self, line: str, count: int = 1) -> None:
        until(lambda: self.seen().count(line) >= count)


@contextmanager
def machine(folder: Path, config: Path, user: User) -> Iterator[tuple[CarrierProcess, World]]:
    """A carrier that is not started yet, and its Internet. `folder` is the user's own."""
    (folder / "resolv.conf").write_text("nameserver 93.184.216.1\n")
    log = folder / "world.log"
    serve = (sys.executable, "-m", "tests.journeys.real_world", str(log), str(folder / "world-ca"))
    with ExitStack() as stack:
        host = stack.enter_context(_namespace(folder, "-nm", _MACHINE))
        world = stack.enter_context(_namespace(_PROJECT, "-n", _WORLD, *serve))
        inside = ("nsenter", f"--target={host.pid}", "--net", "--mount")
        wires = _WIRES.format(world=world.pid)
        subprocess.run((*inside, "sh", "-e"), input=wires, text=True, check=True)
        _say(world, "wired")
        listening = subprocess.Popen((*inside, sys.executable, "-c", _LISTENS), stdout=subprocess.PIPE)
        stack.enter_context(_ended(listening))
        until(lambda: log.exists() and "ready" in log.read_text())
        assert listening.stdout is not None
        assert listening.stdout.readline() == b"up\n"
        before = (*inside, *as_user(user, folder))
        carrier = CarrierProcess(StateFolder(folder / "state"), config, before=before, python=user.python)
        try:
            yield carrier, World(log)
        finally:
            carrier.down()


def core_process(carrier: CarrierProcess) -> int:
    """The first process of the core's PID namespace."""
    command = b"nfemu.gateway.bearer.network.core"
    born = children(carrier.running.pid)
    (outer,) = [pid for pid in born if command in Path(f"/proc/{pid}/cmdline").read_bytes()]
    return children(outer)[0]


def as_user(user: User, home: Path) -> tuple[str, ...]:
    """What starts our commands as that user's."""
    paths = os.pathsep.join([str(_PROJECT), *(each for each in sys.path if each.endswith("site-packages"))])
    become = () if user.uid == os.getuid() else _become(user.uid)
    return *become, "env", f"PYTHONPATH={paths}", "PYTHONDONTWRITEBYTECODE=1", f"HOME={home}"


def _become(uid: int) -> tuple[str, ...]:
    return "setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--inh-caps=-all"


@contextmanager
def _namespace(folder: Path, kinds: str, commands: str, *program: str) -> Iterator["subprocess.Popen[str]"]:
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        ("unshare", kinds, "sh", "-ec", commands, "sh", *program), stdin=pipe, stdout=pipe, text=True, cwd=folder
    )
    with _ended(process):
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        yield process


@contextmanager
def _ended(process: "subprocess.Popen[AnyStr]") -> Iterator[None]:
    with process:
        try:
            yield
        finally:
            process.kill()


def _say(process: "subprocess.Popen[str]", line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()
