"""The cases of `test_network.py`: `python -m tests.gateway.bearer.on_network CASE` as the user that it is run as."""

import asyncio
import json
import os
import shlex
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from ipaddress import IPv4Address, IPv6Network
from pathlib import Path
from typing import Literal

from nfemu.client import Client
from nfemu.gateway.bearer.network import client
from nfemu.gateway.bearer.network.client import CoreNetwork, Entrance
from nfemu.gateway.bearer.network.messages import Mode, Phone, Transport, Where
from nfemu.model.errors import Unavailable
from nfemu.web.api.backend import PluggedIn
from tests.client.running import Running, carrier

_ON_LINE = """
import os, sys
from nfemu.namespaces.enter import run_on_line
run_on_line(int(sys.argv[1]), int(sys.argv[2]), ["10.9.9.9"], {}, lambda: os.execvp(sys.argv[3], sys.argv[3:]))
"""
_ASK = """
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=10) as sock:
    print(sock.getsockname()[0], sock.makefile().readline().strip())
"""
_SEND = """
import socket, sys
with socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM) as sock:
    sock.sendto(b"question", (sys.argv[1], int(sys.argv[2])))
"""
PORT = 8081
_FAMILIES: tuple[tuple[Literal[4, 6], str, str], ...] = (
    (4, "198.18.3.4", "169.254.0.1"),
    (6, "2001:2::5", "fd53:696e:6b01::1"),
)
"""A site of the emulated Internet, and an address of the core."""


def phone(index: int) -> Phone:
    prefix = IPv6Network(f"2001:db8:0:{index + 1:x}::/64")
    return Phone(index, IPv4Address("10.45.0.2") + index, prefix)


def addresses(which: Phone) -> dict[int, str]:
    assert which.ipv6 is not None
    return {4: str(which.ipv4), 6: str(which.ipv6[1])}


class OnLine:
    """A program on a line, by a process of its own."""

    def __init__(self, entrance: Entrance) -> None:
        self._way = (str(entrance.pid), str(entrance.network))

    async def start(self, *command: str) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(sys.executable, "-c", _ON_LINE, *self._way, *command, stdout=pipe)

    async def run(self, *command: str) -> tuple[int, str]:
        process = await self.start(*command)
        output, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, output.decode().strip()

    async def python(self, code: str, *arguments: str) -> str:
        status, output = await self.run(sys.executable, "-c", code, *arguments)
        assert status == 0
        return output


async def started() -> CoreNetwork:
    core = CoreNetwork(Path("core.log"))
    mode = await core.start()
    assert mode is (Mode.ROOT if os.getuid() == 0 else Mode.ROOTLESS)
    return core


async def traffic() -> None:
    """TCP and UDP, both families: both ends see the UE's own address and what it asked for."""
    core = await started()
    lines = [OnLine(await core.plug(phone(index))) for index in range(2)]
    for version, target, own in _FAMILIES:
        listener = await core.listen(Where.INTERNET, Transport.TCP, version, PORT)
        server = await asyncio.start_server(_tell, sock=listener)
        datagrams = await core.listen(Where.CORE, Transport.UDP, version, 5300)
        for index, line in enumerate(lines):
            address = addresses(phone(index))[version]
            assert await line.python(_ASK, target, str(PORT)) == f"{address} {address} {target}"
            await line.python(_SEND, own, "5300")
            data, sender = await asyncio.get_running_loop().sock_recvfrom(datagrams, 100)
            assert (data, sender[0]) == (b"question", str(address))
        if version == 4 and os.geteuid() == 0:
            await _is_mended(core, lines[0])
        server.close()
        datagrams.close()
    # Nowhere but there: what is in no namespace of ours, nobody reaches.
    status, _ = await lines[0].run(sys.executable, "-c", _ASK, "127.0.0.1", _host_port())
    assert status == 1
    moved = phone(7)
    await core.plug(Phone(0, moved.ipv4, moved.ipv6))
    assert await lines[0].run(
        "sh", "-c", "ip -br address show wwan0 | grep -c ' 10.45.0.9/32 2001:db8:0:8::1/64 '"
    ) == (
        0,
        "1",
    )
    await core.nft("add table inet nfemu")
    try:
        await core.nft("add rule inet nfemu no-such-chain accept")
    except Unavailable as error:
        assert "no-such-chain" in str(error)  # noqa: PT017 - no pytest in here
    else:
        raise AssertionError
    await core.stop()


def _host_port() -> str:
    sock = socket.create_server(("127.0.0.1", 0))
    sock.setblocking(False)
    _KEPT.append(sock)
    return str(sock.getsockname()[1])


_KEPT: list[socket.socket] = []
_NFEMU = (sys.executable, "-P", "-m", "nfemu.cli.main")


async def _is_mended(core: CoreNetwork, line: OnLine) -> None:
    """Root can spoil a phone's link; with the next program everything is there again."""
    spoil = "ip link set wwan0 down; ip address flush dev wwan0; ip link set wwan0 address 02:00:00:00:00:99 up"
    assert (await line.run("sh", "-c", spoil))[0] == 0
    await core.plug(phone(0))
    target = str(_FAMILIES[0][1])
    asked = await line.python(_ASK, target, str(PORT))
    assert asked.split()[2] == target
    assert (await line.run("ip", "-6", "route", "show", "default"))[1]


async def _tell(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    peer, own = writer.get_extra_info("peername")[0], writer.get_extra_info("sockname")[0]
    writer.write(f"{peer} {own}\n".encode())
    writer.close()


async def entering() -> None:
    """The program's user, folder, names, exit status and signals."""
    core = await started()
    line = OnLine(await core.plug(phone(0)))
    assert await line.run("id", "-u") == (0, str(os.getuid()))
    assert await line.run("pwd") == (0, os.getcwd())  # noqa: PTH109 - not in an async function
    assert await line.run("cat", "/etc/resolv.conf") == (0, "nameserver 10.9.9.9")
    assert (await line.run("ls", "/sys/class/net"))[1].split() == ["lo", "wwan0"]
    assert (await line.run("ping", "-c", "1", "198.18.0.1"))[0] == 0
    assert (await line.run("ping", "-c", "1", "2001:2::1"))[0] == 0
    assert (await line.run("sh", "-c", "exit 7"))[0] == 7
    assert (await line.run("sh", "-c", "kill -TERM $$"))[0] == -signal.SIGTERM
    assert (await line.run("sh", "-c", "kill -KILL $$"))[0] == -signal.SIGKILL
    # Told from outside, it is the program that hears it, once.
    counting = await line.start(
        "sh", "-c", "trap 'echo heard' INT; trap 'echo ended; exit 3' TERM; echo up; while :; do sleep 9 & wait; done"
    )
    assert counting.stdout is not None
    assert await counting.stdout.readline() == b"up\n"
    counting.send_signal(signal.SIGINT)
    assert await counting.stdout.readline() == b"heard\n"
    os.kill(_child_of(counting.pid), signal.SIGSTOP)
    await asyncio.to_thread(os.waitid, os.P_PID, counting.pid, os.WSTOPPED | os.WNOWAIT)
    counting.send_signal(signal.SIGCONT)
    counting.send_signal(signal.SIGTERM)
    assert await counting.stdout.read() == b"ended\n"
    assert await counting.wait() == 3
    # Whoever kills the stand-in kills the program.
    sleeper = await line.start("sh", "-c", "echo $$; exec sleep 99")
    assert sleeper.stdout is not None
    await sleeper.stdout.readline()
    sleeper.kill()
    assert await sleeper.stdout.read() == b""
    await core.stop()


def _child_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text())


async def residue() -> None:
    """Phones come and go, and so do core networks; what runs on a line ends with it. One that hangs is ended."""
    before = _interfaces()
    core = await started()
    entrances = [await core.plug(phone(index)) for index in range(200)]
    assert len({entrance.network for entrance in entrances}) == 200
    leaving = asyncio.create_task(core.plug(phone(200)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    leaving.cancel()
    assert await core.plug(phone(0)) == entrances[0], "no answer for somebody else"
    held = _descriptors(entrances[0].pid)
    for index in range(20):
        await core.unplug(index)
    assert _descriptors(entrances[0].pid) == held - 20
    left = await OnLine(entrances[100]).start("sh", "-c", "sleep 99 & echo up; wait")
    assert left.stdout is not None
    await left.stdout.readline()
    await core.stop()
    assert await left.wait() == -signal.SIGKILL
    assert not _exists(entrances[0].pid)
    assert _interfaces() == before
    again = await started()
    os.kill((await again.plug(phone(0))).pid, signal.SIGKILL)
    await again.ended()
    try:
        await again.plug(phone(1))
    except Unavailable as error:
        assert "the core network has ended" in str(error)  # noqa: PT017
    else:
        raise AssertionError
    await again.stop()
    await again.start()
    hung = await again.plug(phone(0))
    os.kill(hung.pid, signal.SIGSTOP)
    client._ANSWER_S = 0.5
    try:
        await again.plug(phone(1))
    except Unavailable as error:
        assert "the core network has ended" in str(error)  # noqa: PT017
    else:
        raise AssertionError
    await again.ended()
    assert not _exists(hung.pid)
    await again.stop()


async def commands() -> None:
    """`exec`, `shell` and `capture` against a carrier whose line is plugged in here."""
    core = await started()
    entrance = await core.plug(phone(0))
    listener = await core.listen(Where.INTERNET, Transport.TCP, 4, PORT)
    server = await asyncio.start_server(_tell, sock=listener)
    with carrier(_folder("state")) as running:
        await asyncio.to_thread(_plugged_in, running, entrance)
        nfemu = partial(_nfemu, running.state.path)
        shown = await nfemu("exec", "13800138000", "--", "env", http_proxy="http://127.0.0.1:1", HOME="/home")
        variables = dict(each.partition("=")[::2] for each in shown.splitlines())
        assert not [name for name in variables if name.lower().endswith("_proxy")]
        assert variables["SSL_CERT_FILE"] == variables["NODE_EXTRA_CA_CERTS"]
        assert variables["HOME"] == "/home"
        await _trusts(nfemu, Path(variables["SSL_CERT_FILE"]))
        capturing = await _start(running.state.path, ("capture", "13800138000", "-w", "journey.pcap"), {})
        assert capturing.stderr is not None
        assert b"capturing 13800138000 on 10.45.0.2" in await capturing.stderr.readline()
        asked = ("exec", "13800138000", "--", sys.executable, "-c", _ASK, "198.18.3.4", str(PORT))
        assert await nfemu(*asked) == "10.45.0.2 10.45.0.2 198.18.3.4"
        capturing.send_signal(signal.SIGINT)
        assert b" packets" in await capturing.stderr.readline()
        assert await capturing.wait() == 0
        fields = ("-T", "fields", *("-e", "ip.src"), *("-e", "ip.dst"), *("-e", "tcp.flags.str"))
        seen = await _output("tshark", "-r", "journey.pcap", *fields, "tcp.flags.syn == 1")
        assert [line.split()[:2] for line in seen.splitlines()] == [
            ["10.45.0.2", "198.18.3.4"],
            ["198.18.3.4", "10.45.0.2"],
        ]
        await _on_a_terminal(running.state.path)
        await _at_the_terminals_end(running.state.path)
        await _nobody_reads(running.state.path)
        said = await nfemu(
            "exec", "13800138000", "--", *_NFEMU, "--state", str(running.state.path), "subscriber", "list", status=1
        )
        assert "use a terminal that is not on the line" in said
        await nfemu("exec", "13800138000", "--", "sh", "-c", "ulimit -f 1; yes >long", status=128 + signal.SIGXFSZ)
    server.close()
    await core.stop()


async def _trusts(nfemu: Callable[..., Awaitable[str]], bundle: Path) -> None:
    """There, system roots and the caller's certificate store are the line's; the caller's own stay what they are."""
    roots = await nfemu("exec", "13800138000", "--", "cat", "/etc/ssl/certs/ca-certificates.crt")
    assert roots == (await _output("cat", str(bundle))).strip()
    home, _, store = map(_folder, ("home", "home/.pki", "home/.pki/nssdb"))
    listed = "exec", "13800138000", "--", "ls", str(store)
    assert "key4.db" in await nfemu(*listed, HOME=str(home))
    assert await nfemu(*listed) == ""
    assert await _output("ls", str(store)) == ""


def _folder(name: str) -> Path:
    folder = Path(name)
    folder.mkdir()
    return folder.absolute()


def _plugged_in(running: Running, entrance: Entrance) -> None:
    running.program.phone = PluggedIn(entrance.pid, entrance.network, "10.45.0.2", None, ["10.9.9.9"])
    with Client.find(running.state) as api:
        api.attach("13800138000")
    running.state.publish(replace(running.state.status(), access="bearer: for tests"))


async def _on_a_terminal(state: Path) -> None:
    """A shell has the terminal, and job control; it leaves the terminal to whoever had it before."""
    ours, theirs = os.openpty()
    told = 'nfemu="$0 -P -m nfemu.cli.main"; $nfemu shell 13800138000; echo "status $?"; read line; echo "read $line"'
    outer = await asyncio.create_subprocess_exec(
        *("setsid", "--ctty", "--wait", "sh", "-c", told, sys.executable),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "NFEMU_STATE": str(state), "SHELL": "/bin/bash", "PS1": "", "TERM": "dumb"},
    )
    os.close(theirs)
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(ours, "rb", closefd=False))
    os.write(ours, b"sleep 99 & jobs; echo li''ne $(cat /etc/resolv.conf); kill %1; exit 5\n")
    await reader.readuntil(b"Running")
    await reader.readuntil(b"line nameserver 10.9.9.9")
    await reader.readuntil(b"status 5")
    os.write(ours, b"after\n")
    await reader.readuntil(b"read after")
    assert await outer.wait() == 0
    os.close(ours)


async def _at_the_terminals_end(state: Path) -> None:
    """Of it the kernel tells the leader of the session alone, which is the stand-in here."""
    ours, theirs = os.openpty()
    program = ("exec", "13800138000", "--", "sh", "-c", "echo up; exec sleep 99")
    leader = await asyncio.create_subprocess_exec(
        *("env", "--default-signal=HUP", "setsid", "--ctty", *_NFEMU, "--state", str(state), *program),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    while b"up" not in await asyncio.to_thread(os.read, ours, 100):
        pass
    os.close(ours)
    assert await leader.wait() == -signal.SIGHUP


async def _nobody_reads(state: Path) -> None:
    """A capture ends with its reader, though no packet passes; and says what it cannot write."""
    capture = shlex.join([*_NFEMU, "--state", str(state), "capture", "13800138000", "-w"])
    assert await _output("sh", "-c", f"{capture} - 2>/dev/null | head -c 4 | wc -c") == "4\n"
    full = await _start(state, ("capture", "13800138000", "-w", "/dev/full"), {})
    assert full.stderr is not None
    assert (await full.stderr.read()).splitlines()[1:] == [
        b"nfemu: `/dev/full` cannot be written: No space left on device"
    ]


async def _start(state: Path, arguments: tuple[str, ...], environ: dict[str, str]) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    command = (*_NFEMU, "--state", str(state), *arguments)
    environ = {**os.environ, **environ}
    return await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe, env=environ)


async def _nfemu(state: Path, *arguments: str, status: int = 0, **environ: str) -> str:
    """What it prints; of one that is to fail, what it says of it."""
    process = await _start(state, arguments, environ)
    output, errors = await process.communicate()
    assert process.returncode == status, errors
    return (errors if status else output).decode().strip()


async def _output(*command: str) -> str:
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    assert process.returncode == 0
    return output.decode()


async def refused() -> None:
    """Where it is not possible, one line says why, and nothing is left."""
    core = CoreNetwork(Path("core.log"))
    try:
        await core.start()
    except Unavailable as error:
        sys.stdout.write(str(error))
    assert not Path(f"/proc/self/task/{os.getpid()}/children").read_text()  # noqa: ASYNC240


async def waiting() -> None:
    """A control process that is going to be killed; it tells who should end with it."""
    core = await started()
    entrance = await core.plug(phone(0))
    program = await OnLine(entrance).start("sh", "-c", "setsid sleep 98 & exec sleep 97")
    sys.stdout.write(json.dumps([entrance.pid, program.pid]) + "\n")
    sys.stdout.flush()
    await program.wait()


def _descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def _exists(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def _interfaces() -> list[str]:
    return sorted(name for _, name in socket.if_nameindex())


CASES: dict[str, Callable[[], Awaitable[None]]] = {
    case.__name__: case for case in (traffic, entering, residue, commands, refused, waiting)
}

if __name__ == "__main__":
    asyncio.run(CASES[sys.argv[1]]())  # type: ignore[arg-type]  # an async function's awaitable is a coroutine
