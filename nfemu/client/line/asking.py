"""One DNS question, as a phone asks it: over UDP, and over TCP where the answer was cut."""

import secrets
import socket

from dnslib import QTYPE, RCODE, DNSError, DNSQuestion, DNSRecord

from nfemu.client.line.deadline import Deadline
from nfemu.model.errors import InvalidInput
from nfemu.model.signs import NO_DNS, REFUSED, RESET, SILENCE

PATIENCE_S = 15.0
_TRIES = 3
_TRY_S = 5.0
_LARGEST = 4096
_MOST_KIND = 65_535


def ask(resolver: str, port: int, name: str, kind: str, patience_s: float = PATIENCE_S) -> dict[str, object]:
    """The answer as `values.Told` has it. Raises InvalidInput for a question that cannot be asked."""
    question = _question(name, kind)
    deadline = Deadline(patience_s)
    for _ in range(_TRIES):
        try:
            answer = _by_udp(resolver, port, question, min(_TRY_S, deadline.left()))
            if answer.header.tc:
                answer = _by_tcp(resolver, port, question, deadline)
        except TimeoutError:
            continue
        except ConnectionResetError:
            return _none(RESET)
        except OSError:
            return _none(REFUSED)
        except DNSError:
            return _none(NO_DNS)
        records = [(QTYPE.get(each.rtype), each.ttl, str(each.rdata)) for each in answer.rr]
        return {"rcode": RCODE.get(answer.header.rcode), "records": records, "failure": ""}
    return _none(SILENCE)


def _none(failure: str) -> dict[str, object]:
    return {"rcode": "", "records": [], "failure": failure}


def number_of_kind(kind: str) -> int:
    """`AAAA` is 28. Raises InvalidInput for what no question can be about."""
    known = {name: number for number, name in QTYPE.forward.items()}
    number = int(kind) if kind.isdecimal() else known.get(kind.upper(), 0)
    if not 0 < number <= _MOST_KIND:
        raise InvalidInput(
            f"records of kind `{kind}` cannot be asked for; write a kind like AAAA, or a number from 1 to {_MOST_KIND}"
        )
    return number


def _question(name: str, kind: str) -> DNSRecord:
    asked = number_of_kind(kind)
    try:
        question = DNSRecord(q=DNSQuestion(name, asked))
        question.header.id = secrets.randbits(16)
        question.pack()
    except (DNSError, UnicodeError, ValueError) as error:
        raise InvalidInput(f"`{name}` `{kind}` cannot be asked ({error}); write it like news.example AAAA") from None
    return question


def _by_udp(resolver: str, port: int, question: DNSRecord, within_s: float) -> DNSRecord:
    """From a port of its own. Raises OSError, DNSError."""
    deadline = Deadline(within_s)
    with socket.socket(_family(resolver), socket.SOCK_DGRAM) as sock:
        sock.connect((resolver, port))
        sock.send(question.pack())
        while True:
            answer = DNSRecord.parse(deadline.allot(sock).recv(_LARGEST))
            if answer.header.id == question.header.id:
                return answer


def _by_tcp(resolver: str, port: int, question: DNSRecord, deadline: Deadline) -> DNSRecord:
    """RFC 1035 section 4.2.2. Raises OSError, DNSError."""
    packed = question.pack()
    with socket.create_connection((resolver, port), deadline.left()) as sock, sock.makefile("rb") as reading:
        sock.sendall(len(packed).to_bytes(2) + packed)
        return DNSRecord.parse(reading.read(int.from_bytes(reading.read(2))))


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET
