"""A flow's client side over a line, and what the line made of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import assert_never

from nfemu.client.line import Answer, Heard, Phone, Stage, Told
from nfemu.model.errors import InvalidInput
from nfemu.model.signs import CLOSED, LATE, REFUSED, RESET, SILENCE, SINKHOLE
from nfemu.replay.flows import Flow
from nfemu.replay.kinds import Datagrams, Echo, Hello, Kind, Octets, Question, Questions, Request, Requests
from nfemu.replay.values import Fate, Verdict

PATIENCE_S = 5.0
_ENOUGH = 64 * 1024
_ALERT = b"\x15"
"""First octet of a TLS record that says no (RFC 8446 section 5.1)."""
_HTTP = b" HTTP/1."
"""In a request's first line."""
_STATUS_END = len(b"HTTP/1.1 302")
_BY_NAME = (Requests, Hello)
"""What a proxy takes."""


def host_of(flow: Flow, kind: Kind) -> str:
    """The name that the client itself said, else the one that the capture's DNS tells, else the address."""
    said = kind.host if isinstance(kind, _BY_NAME) else None
    return said or flow.name or str(flow.server)


@dataclass(frozen=True, slots=True)
class Resender:
    """`to_address`: to the captured addresses, instead of asking for the names anew."""

    phone: Phone
    to_address: bool = False

    def send(self, flow: Flow, kind: Kind) -> Fate:
        """Raises Unavailable where the line is gone."""
        if flow.missing:  # what it was for cannot be told either
            return Fate(Verdict.NOT_SENT, flow.missing)
        if not self.phone.has_bearer and not isinstance(kind, _BY_NAME):
            return Fate(Verdict.NOT_APPLICABLE, "by proxy")
        if (version := self._lacking(flow, kind)) is not None:
            return Fate(Verdict.REFUSED, f"the line has no IPv{version} address", by_phone=True)
        try:
            return self._sent(flow, kind)
        except InvalidInput as error:
            return Fate(Verdict.NOT_SENT, str(error))

    def _lacking(self, flow: Flow, kind: Kind) -> int | None:
        """The version of IP that it goes by, where the phone has no address of that."""
        if not self.phone.has_bearer or (isinstance(kind, Questions) and not self.to_address):
            return None
        try:
            address = flow.server if self.to_address else ip_address(host_of(flow, kind))
        except ValueError:
            return None  # what is asked for is told for the families that there are
        return None if address.version in self.phone.families else address.version

    def _sent(self, flow: Flow, kind: Kind) -> Fate:
        host, port, at = host_of(flow, kind), flow.server_port, str(flow.server) if self.to_address else ""
        match kind:
            case Questions(asked):
                return _worst(self._ask(each, at) for each in asked)
            case Requests(_, requests):
                return _worst(self._request(each, host, port, at) for each in requests)
            case Hello(_, octets):
                heard = self._octets(host, port, octets, at)
                return of_stream(heard, "TLS alert" if heard.data == _ALERT else "TLS")
            case Octets(octets):
                heard = self._octets(host, port, octets, at, _enough_of(octets))
                return of_stream(heard) if octets or heard.failure else Fate(Verdict.CONNECTED)
            case Datagrams(datagrams):
                return of_datagram(self.phone.datagrams(host, port, datagrams, at))
            case Echo(data):
                return of_datagram(self.phone.ping(host, data, at))
            case _:
                assert_never(kind)

    def _ask(self, question: Question, resolver: str) -> Fate:
        return of_answer(self.phone.dig(question.name, question.kind, resolver or None, patience_s=PATIENCE_S))

    def _octets(self, host: str, port: int, octets: bytes, at: str, most: int = 1) -> Heard:
        """One octet says that somebody answers."""
        return self.phone.exchange(host, port, octets, at=at, patience_s=PATIENCE_S, most=most)

    def _request(self, request: Request, host: str, port: int, at: str) -> Fate:
        authority = f"[{host}]" if ":" in host else host
        answer = self.phone.request(
            f"http://{authority}:{port}{request.target}",
            request.method,
            request.headers,
            request.body,
            at=at,
            patience_s=PATIENCE_S,
            most=_ENOUGH,
        )
        return of_request(answer)


def _enough_of(octets: bytes) -> int:
    """How many octets say what was answered; who says nothing is only connected to."""
    if not octets:
        return 0
    return _STATUS_END if _HTTP in octets.partition(b"\r\n")[0] else 1


def _worst(fates: Iterable[Fate]) -> Fate:
    """The first that was not answered, else the last: one flow, one verdict."""
    fate = Fate(Verdict.NOT_SENT, "there was nothing in it")
    for fate in fates:
        if fate.verdict is not Verdict.ANSWERED:
            break
    return fate


def of_answer(told: Told) -> Fate:
    if told.failure:
        return Fate(_VERDICTS.get(told.failure, Verdict.ANSWERED), told.sign)
    shown = SINKHOLE if told.is_sinkhole else ", ".join(map(str, told.addresses))
    return Fate(Verdict.ANSWERED, shown or told.sign or f"{len(told.records)} records")


def of_request(answer: Answer) -> Fate:
    if answer.stage is not Stage.ANSWER:
        return _of_failure(answer)
    if answer.location is not None:
        return Fate(Verdict.REDIRECTED, f"{answer.status} to {answer.location}")
    return Fate(Verdict.ANSWERED, str(answer.status))


def of_stream(heard: Heard, answered: str = "") -> Fate:
    if heard.failure or heard.status:
        return _of_failure(heard)
    if (status := _status_in(heard.data)) is not None:
        return Fate(Verdict.REDIRECTED if status.startswith("3") else Verdict.ANSWERED, status)
    return Fate(Verdict.ANSWERED, answered) if heard.data else Fate(Verdict.TIMED_OUT)


def _status_in(data: bytes) -> str | None:
    """Of the HTTP answer that begins so."""
    status = data[_STATUS_END - 3 : _STATUS_END].decode("latin-1")
    return status if data.startswith(b"HTTP/1.") and status.isdecimal() else None


def of_datagram(heard: Heard) -> Fate:
    if heard.failure:
        return _of_failure(heard)
    return Fate(Verdict.ANSWERED, f"{len(heard.data)} octets") if heard.data else Fate(Verdict.TIMED_OUT)


def _of_failure(fate: Answer | Heard) -> Fate:
    if fate.stage is Stage.NAME:
        return Fate(Verdict.NO_ADDRESS, fate.failure)
    if fate.stage is Stage.TUNNEL and fate.status:
        return Fate(Verdict.REFUSED if fate.refused else Verdict.ANSWERED, f"{fate.status} to CONNECT")
    if fate.failure in _VERDICTS:
        return Fate(_VERDICTS[fate.failure])
    return Fate(Verdict.ANSWERED, fate.failure)


_VERDICTS = {
    REFUSED: Verdict.REFUSED,
    RESET: Verdict.RESET,
    CLOSED: Verdict.CLOSED,
    LATE: Verdict.TIMED_OUT,
    SILENCE: Verdict.TIMED_OUT,
}
