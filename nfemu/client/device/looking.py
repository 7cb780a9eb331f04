"""Sending a system's checks on a line, in its order."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from nfemu.client.api import Client
from nfemu.client.device.judging import judge, needs_fallback, not_sent, read_api, read_check, read_question
from nfemu.client.device.table import DEVICES
from nfemu.client.device.values import Check, Device, Finding, Question, Report, Role, Sign, Verdict
from nfemu.client.line import Phone
from nfemu.client.line.way import check_attached
from nfemu.client.state import StateFolder
from nfemu.model.errors import Conflict, InvalidInput, NotFound
from nfemu.model.urls import can_be_asked_for

_ACCEPT_API = ("Accept", "application/captive+json")
_API = "https://portal.carrier.example/captive-api"
_BY_PROXY = "it needs an IP line, and access is by proxy here"


def look(client: Client, state: StateFolder, number: str, device: str, api: str | None = None) -> Report:
    """What `device` finds out on that line. `api`: as if the network had named a captive-portal API (RFC 8910).

    A line without a session is a finding, not an error. Raises NotFound for a device that is not in the table,
    InvalidInput for an API that is no URL, Unavailable.
    """
    system = _system(device)
    if api is not None and not can_be_asked_for(api):
        raise InvalidInput(f"`{api}` is not the address of a captive-portal API; write it like {_API}")
    line = client.subscriber(number)
    try:
        check_attached(line)
    except Conflict as error:
        return Report(device, line.number, (), Verdict.NO_INTERNET, f"there is no network: {error}", system.note)
    with Phone.on_line(client, state, number) as phone:
        return look_by(phone, system, api)


def look_by(phone: Phone, device: Device, api: str | None = None) -> Report:
    """As `look`, by a phone that is on its line already. Raises InvalidInput, Unavailable."""
    findings = [_ask_api(phone, device, api)] if api is not None and device.knows_api else []
    if not findings or findings[0].sign is not Sign.PORTAL:
        findings += _sent(phone, device, lambda role: role is not Role.FALLBACK)
        if needs_fallback(findings):
            findings += _sent(phone, device, lambda role: role is Role.FALLBACK)
    verdict, because = judge(findings)
    return Report(device.name, phone.number, findings, verdict, because, device.note)


def _system(name: str) -> Device:
    if name not in DEVICES:
        raise NotFound(f"there is no device `{name}`; there are: {', '.join(DEVICES)}")
    return DEVICES[name]


def _ask_api(phone: Phone, device: Device, url: str) -> Finding:
    return read_api(url, phone.get(url, (*device.headers, _ACCEPT_API)))


def _sent(phone: Phone, device: Device, wanted: Callable[[Role], bool]) -> Iterator[Finding]:
    for probe in device.probes:
        if wanted(probe.role):
            yield _ask(phone, probe) if isinstance(probe, Question) else _check(phone, device, probe)


def _ask(phone: Phone, question: Question) -> Finding:
    if not phone.has_bearer:
        return not_sent(question, _BY_PROXY)
    return read_question(question, phone.dig(question.name, question.kind))


def _check(phone: Phone, device: Device, check: Check) -> Finding:
    """Over its family of IP; by proxy, the gateway's."""
    if not phone.has_bearer or check.family == 0:
        return read_check(device, check, phone.get(check.url, device.headers))
    if check.family not in phone.families:
        return not_sent(check, f"the line has no IPv{check.family}")
    told = phone.dig(urlsplit(check.url).hostname or "", "A" if check.family == 4 else "AAAA")
    if not told.addresses:
        return Finding(check.url, check.role, str(check.expected), told.sign, Sign.FAILED)
    return read_check(device, check, phone.request(check.url, headers=device.headers, at=str(told.addresses[0])))
