"""Opening a connection in one of the five forms, up to where a case's own bytes begin."""

from ipaddress import ip_address

from nfemu.attack.plan import Plan
from nfemu.attack.talk import Talk
from nfemu.attack.values import TUNNELS, Form
from nfemu.model.errors import Unavailable

REFUSED = 0
OPENED = 200


async def enter(plan: Plan, form: Form, to: str, *, raw: bool) -> tuple[Talk, int | None]:
    """A connection and its tunnel's status (see Observation), None where no tunnel is needed.

    Raises Unavailable when the proxy is not there.
    """
    if form is Form.BEARER:
        return await _on_line(plan, to), None
    talk = await Talk.open(*plan.entries[form], plan.patience_s)
    if raw or form not in TUNNELS:
        return talk, None
    host, _, port = to.rpartition(":")
    return talk, await (_connect(talk, plan, to) if form is Form.CONNECT else _socks(talk, plan, host, int(port)))


async def _on_line(plan: Plan, to: str) -> Talk:
    """As a phone does: it asks for the names, then connects; other names are written for the trusted address."""
    host, _, port = to.rpartition(":")
    addresses = {place.host: place.address for place in (plan.trusted, plan.other)}
    address = addresses.get(host, plan.trusted.address if _is_name(host) else host.strip("[]"))
    if plan.line is None or address is None:
        raise Unavailable("the line's sockets and the destinations' addresses are needed; see `--bearer`")
    for name in addresses:
        plan.line.ask(name, address)
    return await Talk.on(plan.line.tcp(address), address, int(port), plan.patience_s)


async def _connect(talk: Talk, plan: Plan, to: str) -> int:
    user = plan.names(Form.PROXY, "")["user"]
    await talk.send(f"CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n{user}\r\n".encode("latin-1"))
    answer = await talk.answer(head_only=True)
    return answer.status if answer is not None else REFUSED


async def _socks(talk: Talk, plan: Plan, host: str, port: int) -> int:
    """RFC 1928, RFC 1929; without user name where the proxy asks for none."""
    greeting, expected = (plan.names(Form.SOCKS, "")["socks"], 4) if plan.user is not None else ("\x05\x01\x00", 2)
    await talk.send(greeting.encode("latin-1"))
    if (await talk.take(expected))[-1:] != b"\0":
        return REFUSED
    await talk.send(b"\x05\x01\x00" + _address(host) + port.to_bytes(2, "big"))
    reply = await talk.take(10)
    return OPENED if reply[1:2] == b"\0" else REFUSED


def _is_name(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return True
    return False


def _address(host: str) -> bytes:
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        name = host.encode("latin-1")
        return b"\x03" + bytes((len(name),)) + name
    return (b"\x01" if address.version == 4 else b"\x04") + address.packed
