"""The small parts: return addresses, tickets, logins."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address

import pytest

from nfemu.model.identity import Apn, Imsi, Msisdn, PolicyName, ProfileName, SessionId
from nfemu.model.session import PdnSession
from nfemu.web.portal import tickets
from nfemu.web.portal.back_url import safe_back_url, shown_host
from nfemu.web.portal.login import LoginSeal
from nfemu.web.portal.tickets import TicketDesk

NOW = datetime(2026, 11, 1, tzinfo=UTC)
ZHANG = Msisdn("8613800138000")
SESSION = SessionId("ses-1")
OWN = PdnSession(
    id=SESSION,
    imsi=Imsi("460001380013800"),
    msisdn=ZHANG,
    apn=Apn("internet"),
    profile=ProfileName("green"),
    policy=PolicyName("arrears"),
    ue_ipv4=IPv4Address("10.45.0.1"),
    ue_ipv6=None,
    generation=1,
    policy_version=1,
    acknowledged_version=1,
    attached_at=NOW,
)


@pytest.mark.parametrize(
    "url",
    [
        "http://news.example",
        "https://news.example/a/b?c=d&e=f#g",
        "HTTP://NEWS.example:8080/%E4%B8%AD",
        "http://[2001:db8::1]/",
        "http://xn--fiq228c.example?x",
    ],
)
def test_ordinary_addresses_are_kept(url: str) -> None:
    assert safe_back_url(url, "portal.carrier.example") == url
    assert shown_host(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "news.example",
        "/order",
        "//evil.example/",
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://news.example/",
        "http:///x",
        "http://user@news.example/",
        "http://news.example\\@evil.example/",
        "http://news.example/ x",
        "http://news.example/\r\nSet-Cookie: a=b",
        'http://news.example/"x',
        "http://news.example/<x>",
        "http://news.example:port/",
        "http://news.example:99999/",
        "http://[::1/",
        "http://中国.example/",
        "\\\\evil.example/",
        "/\\evil.example/",
        "///evil.example/",
        "http:/evil.example/",
        "http:evil.example",
        "https:\\\\evil.example/",
        "http://\\evil.example/",
        " http://news.example/",
        "http://news.example/\n",
        "http://news.example/%0d%0aSet-Cookie: a=b",
        "http://news.example@evil.example/",
        "http://news.example%40evil.example/",
        "http://news.example:80@evil.example/",
        "http://a[b].example/",
        "JaVaScRiPt:alert(1)//http://news.example/",
        "vbscript:x",
        "http://news\u3002example/",
        "http://news.example\u2044evil/",
        "http://news.example/\u202egnp.exe",
        "http://portal.carrier.example:80/",
        "http://PORTAL.carrier.example/",
        "http://portal.carrier.example/green",
        "https://PORTAL.carrier.example./",
        "http://news.example/" + "x" * 1500,
    ],
)
def test_anything_else_is_dropped(url: str) -> None:
    assert safe_back_url(url, "portal.carrier.example") is None


class Wall:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def issue(desk: TicketDesk, session: PdnSession = OWN) -> str:
    return desk.issue(session, None, None)


def test_a_ticket_is_spent_by_its_own_session_and_generation_only() -> None:
    desk = TicketDesk(Wall())
    text = issue(desk)
    for session in (None, replace(OWN, id=SessionId("ses-2")), replace(OWN, generation=2)):
        assert desk.redeem(text, session) is None
    assert desk.redeem(text, OWN) is not None
    assert desk.redeem(text, OWN) is None


def test_tickets_are_bounded_per_line() -> None:
    desk = TicketDesk(Wall())
    issued = [issue(desk) for _ in range(6)]
    assert desk.redeem(issued[0], OWN) is None
    assert all(desk.redeem(text, OWN) is not None for text in issued[1:])


def test_tickets_are_bounded_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tickets, "_AT_ONCE", 2)
    desk = TicketDesk(Wall())
    issued = [issue(desk, replace(OWN, msisdn=Msisdn(f"861380013800{n}"))) for n in range(3)]
    assert [desk.redeem(text, OWN) is not None for text in issued] == [False, True, True]


def test_whoever_asks_again_and_again_has_one_ticket_until_half_its_life_is_over() -> None:
    wall = Wall()
    desk = TicketDesk(wall)
    first = desk.current(OWN)
    wall.now += timedelta(seconds=30)
    assert desk.current(OWN) == first
    assert desk.current(replace(OWN, generation=2)) != first
    wall.now += timedelta(seconds=1)
    second = desk.current(OWN)
    assert second != first
    assert [desk.redeem(text, OWN) is not None for text in (first, second)] == [True, True]
    assert desk.current(OWN) not in (first, second)


def test_expired_tickets_are_swept() -> None:
    wall = Wall()
    desk = TicketDesk(wall)
    old = issue(desk)
    wall.now += timedelta(seconds=59)
    kept = desk.issue(OWN, "http://a.example/", "en")
    wall.now += timedelta(seconds=1)
    fresh = issue(desk)
    assert desk.redeem(old, OWN) is None
    ticket = desk.redeem(kept, OWN)
    assert ticket is not None
    assert (ticket.back, ticket.language) == ("http://a.example/", "en")
    assert desk.redeem(fresh, OWN) is not None


def test_a_login_survives_the_round_trip_and_only_with_its_key() -> None:
    seal = LoginSeal(b"a" * 32)
    login = seal.open(ZHANG, SESSION, 3, NOW, "http://a.example/" + "x" * 1400, "en")
    value = seal.cookie_value(login)
    assert len(value) < 4000
    assert seal.read(value, NOW) == login
    assert seal.read(value, NOW + timedelta(minutes=15)) is None
    assert LoginSeal(b"b" * 32).read(value, NOW) is None
    assert seal.is_csrf_token(login, seal.csrf_token(login))
    assert not seal.is_csrf_token(seal.open(ZHANG, SESSION, 3, NOW), seal.csrf_token(login))
