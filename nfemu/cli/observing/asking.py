"""One DNS question over UDP, as a phone asks it."""

import asyncio
import secrets
import socket
from ipaddress import ip_address

from dnslib import QTYPE, RCODE, DNSError, DNSRecord

from nfemu.model.destination import IpAddress
from nfemu.policy.points import NO_ANSWER, NO_DATA, NO_NAME, SINKHOLE
from nfemu.policy.sinkholes import is_sinkhole

_PORT = 53
_TRIES = 3
_PATIENCE_S = 5.0
_LARGEST = 4096
NOTHING = "silence"


async def ask(resolver: str, name: str, kind: str) -> tuple[str, list[IpAddress]]:
    """The sign of the answer (see `policy.points`), and its addresses. `kind` is `A` or `AAAA`. Raises nothing."""
    for _ in range(_TRIES):
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return _read(await _exchange(resolver, name, kind))
        except TimeoutError:
            continue
        except (OSError, DNSError) as error:
            return f"{type(error).__name__}: {error}", []
    return NOTHING, []


async def _exchange(resolver: str, name: str, kind: str) -> DNSRecord:
    """From a port of its own. Raises OSError, DNSError."""
    question = DNSRecord.question(name, kind)
    question.header.id = secrets.randbits(16)
    loop = asyncio.get_running_loop()
    family = socket.AF_INET6 if ":" in resolver else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.connect((resolver, _PORT))
        await loop.sock_sendall(sock, question.pack())
        while True:
            answer = DNSRecord.parse(await loop.sock_recv(sock, _LARGEST))
            if answer.header.id == question.header.id:
                return answer


def _read(answer: DNSRecord) -> tuple[str, list[IpAddress]]:
    rcode = RCODE[answer.header.rcode]
    found = [ip_address(str(each.rdata)) for each in answer.rr if QTYPE[each.rtype] in ("A", "AAAA")]
    if rcode != "NOERROR" or not found:
        return {"NOERROR": NO_DATA, "NXDOMAIN": NO_NAME, "SERVFAIL": NO_ANSWER}.get(rcode, rcode), []
    if any(map(is_sinkhole, found)):
        return SINKHOLE, found
    return ", ".join(sorted(map(str, found))), found
