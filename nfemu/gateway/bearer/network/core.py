"""The core process: `python -P -m nfemu.gateway.bearer.network.core SOCKET`, started by `client.py` only.

It makes the namespaces, is the first process of its own PID namespace, and ends when the control process does; then the
kernel ends whatever runs in there, and the networks with it. It decides nothing.
"""

import contextlib
import errno
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, TypeVar

from nfemu.gateway.bearer.network.counters import Counters
from nfemu.gateway.bearer.network.lanes import lanes_possible
from nfemu.gateway.bearer.network.messages import (
    HEAD,
    REPLIES,
    REQUESTS,
    Count,
    Counted,
    Done,
    Failed,
    Listen,
    Mode,
    Nft,
    Phone,
    Plug,
    Plugged,
    Reply,
    Request,
    Started,
    Transport,
    Unplug,
    Where,
)
from nfemu.gateway.bearer.network.solicitations import solicitations
from nfemu.gateway.bearer.network.topology import Network, build_core, cut, cut_off, give, mend, plug, shape, take
from nfemu.gateway.bearer.nft import Nft as NftContext
from nfemu.model.errors import Unavailable
from nfemu.namespaces.system import (
    CAP_NET_ADMIN,
    CAP_NET_BIND_SERVICE,
    CAP_SYS_ADMIN,
    Namespace,
    die_with_parent,
    has_capabilities,
    mount_proc,
    own_mounts,
    unshare,
)
from nfemu.runtime.descriptors import ask_for_descriptors
from nfemu.runtime.logs import log_to_stderr

T = TypeVar("T")
_BACKLOG = 4096
_READ = 1 << 20


class Core:
    """The networks, and what is done in them."""

    def __init__(self) -> None:
        """In a namespace that is new. Raises OSError, Unavailable."""
        core = Network.here()
        internet = build_core(core)
        self._networks = {Where.CORE: core, Where.INTERNET: internet}
        self._tables = {where: self._in(where, NftContext) for where in Where}
        self._counters = Counters()
        self.lanes = lanes_possible(self._tables[Where.CORE])
        self._phones: dict[int, tuple[Phone, Network]] = {}

    def answer(self, request: Request) -> tuple[Reply, socket.socket | None]:
        """Raises OSError, Unavailable; then nothing was done."""
        match request:
            case Listen():
                return Done(), self._in(request.where, lambda: _listen(request))
            case Nft():
                return Done(self._tables[request.where].run(request.text)), None
            case Count():
                return Counted(tuple(one for name in request.sets for one in self._counters.read(name))), None
            case Plug():
                return Plugged(self._plug(request.phone)), None
            case Unplug():
                self._unplug(request.index)
                return Done(), None

    def _in(self, where: Where, make: Callable[[], T]) -> T:
        core = self._networks[Where.CORE]
        with self._networks[where].entered(core):
            return make()

    def _plug(self, phone: Phone) -> int:
        core = self._networks[Where.CORE]
        held = self._phones.get(phone.index)
        if held is None:
            network = plug(core, phone)
        else:
            before, network = held
            if before == phone:
                mend(core, network, phone)
            if (before.ipv4, before.ipv6) != (phone.ipv4, phone.ipv6):
                take(core, network, before)
                give(core, network, phone)
            if (before.uplink, before.downlink) != (phone.uplink, phone.downlink):
                shape(core, network, before, phone)
        self._phones[phone.index] = phone, network
        return network.descriptor

    def _unplug(self, index: int) -> None:
        """The interface goes at once, whoever still holds the phone's namespace."""
        held = self._phones.pop(index, None)
        if held is not None:
            cut(index)
            held[1].close()


def _listen(request: Listen) -> socket.socket:
    if request.transport is Transport.ROUTER_SOLICITATIONS:
        return solicitations()
    family = socket.AF_INET if request.version == 4 else socket.AF_INET6
    stream = request.transport is Transport.TCP
    sock = socket.socket(family, socket.SOCK_STREAM if stream else socket.SOCK_DGRAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if request.version == 6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(("", request.port))
        if stream:
            sock.listen(_BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


def main() -> int:
    """Exit status 0 when the control process has closed its end, 1 when the networks could not be made."""
    log_to_stderr(f"core[{os.getpid()}]")
    control = socket.socket(fileno=int(sys.argv[1]))
    die_with_parent(int(sys.argv[2]))
    os.chdir("/")  # whoever wants to take the caller's folder away may
    try:
        mode = _leave_the_hosts_network()
    except OSError as error:
        _send(control, Failed(_no_namespaces(error)), None)
        return 1
    here = Network.here()
    child = os.fork()
    if child:
        control.close()
        status = os.waitpid(child, 0)[1]
        _cut_off(here)
        return os.waitstatus_to_exitcode(status)
    signal.signal(signal.SIGTERM, lambda *_: _end(here))
    die_with_parent(0, signal.SIGTERM)  # as it looks from a PID namespace that the parent is not in
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the first process inherits orphans, and has none of its own
    return _serve(control, mode)


def _end(here: Network) -> NoReturn:
    """Wherever this process is and whatever it does."""
    _cut_off(here)
    os._exit(1)


def _cut_off(here: Network) -> None:
    """The network lasts as long as anybody holds a socket in it, as workers do, and its tables are of the past: a
    restriction does not come there any more. Whichever of the two processes is killed, the other one does this.
    """
    with contextlib.suppress(OSError):  # it never came to be
        cut_off(here)


def _leave_the_hosts_network() -> Mode:
    """By the caller's own right, else as the owner of a user namespace, which most machines allow. Raises OSError."""
    uid, gid = os.getuid(), os.getgid()
    own = Namespace.NETWORK | Namespace.PID | Namespace.MOUNT
    if has_capabilities(CAP_SYS_ADMIN, CAP_NET_ADMIN, CAP_NET_BIND_SERVICE):
        unshare(own)
        return Mode.ROOT
    unshare(own | Namespace.USER)
    # The caller's own ids are the only ones there, so that files stay whose they are.
    for name, value in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        Path(f"/proc/self/{name}").write_text(value)
    return Mode.ROOTLESS


def _no_namespaces(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return "user namespaces are switched off here (`sysctl user.max_user_namespaces` must not be 0)"
    return (
        f"this user may make no network namespaces here ({error.strerror}): permit user namespaces; a container needs "
        "`--cap-add SYS_ADMIN --security-opt apparmor=unconfined`"
    )


def _told(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.EROFS:
        return (
            f"`{error.filename}` is read-only, as in most containers; `--security-opt systempaths=unconfined`, or in a "
            "container that starts as root `--cap-add SYS_ADMIN`, lets it have its own"
        )
    return str(error)


def _serve(control: socket.socket, mode: Mode) -> int:
    try:
        _prepare()
        core = Core()
    except (OSError, Unavailable) as error:
        _send(control, Failed(f"the core network cannot be made: {_told(error)}"), None)
        return 1
    _send(control, Started(mode, core.lanes), None)
    while (request := _receive(control)) is not None:
        try:
            reply, sock = core.answer(request)
        except (OSError, Unavailable) as error:
            reply, sock = Failed(str(error)), None
        _send(control, reply, sock)
    return 0


def _prepare() -> None:
    """A /proc of our own PID namespace, whose /proc/sys may be written where the container's may not; and a
    descriptor for each phone. Raises OSError.
    """
    own_mounts()
    with contextlib.suppress(PermissionError):  # where parts of /proc are covered; then its /proc/sys has to do
        mount_proc()
    ask_for_descriptors()


def _receive(control: socket.socket) -> Request | None:
    """None at the end of the stream."""
    head = _exactly(control, HEAD.size)
    body = None if head is None else _exactly(control, HEAD.unpack(head)[0])
    return None if body is None else REQUESTS.validate_json(body)


def _exactly(control: socket.socket, size: int) -> bytes | None:
    data = bytearray()
    while len(data) < size:
        part = control.recv(min(size - len(data), _READ))
        if not part:
            return None
        data += part
    return bytes(data)


def _send(control: socket.socket, reply: Reply, sock: socket.socket | None) -> None:
    body = REPLIES.dump_json(reply)
    head = HEAD.pack(len(body))
    if sock is None:
        control.sendall(head + body)
        return
    with sock:
        socket.send_fds(control, [head], [sock.fileno()])
    control.sendall(body)


if __name__ == "__main__":
    sys.exit(main())
