import asyncio
import random
from dataclasses import replace
from ipaddress import IPv4Address, ip_address

import pytest
from dnslib import EDNS0, QTYPE, RCODE, DNSRecord

from nfemu.gateway.bearer.dns import desk, pace
from nfemu.model.errors import NfemuError, NotFound, Unavailable
from nfemu.policy.dns import BOUND_FOR
from tests.gateway.bearer.dns.serving import NOW, RULES, real, route, serving, udp_client
from tests.gateway.samples import line

PORTAL, PAY, NEWS = "portal.carrier.example", "www.pay.example", "news.example"


def rcode(answer: DNSRecord) -> str:
    return str(RCODE[answer.header.rcode])


async def test_a_restricted_line_reaches_allowed_names_and_sinkholes() -> None:
    async with serving() as phone:
        assert await phone.addresses(PAY) == ["198.18.0.16"]
        assert await phone.addresses(PAY, "AAAA") == ["2001:2::10"]
        assert await phone.addresses(NEWS) == ["100.100.0.16"]
        assert await phone.addresses(NEWS, "AAAA") == ["fd53:696e:6b00::10"]
        assert phone.world.asked == [PAY]
        state = phone.lines.state
        assert state is not None
        assert phone.sinkholes.name_of(state.imsi, IPv4Address("100.100.0.16"), NOW) == NEWS


async def test_of_other_types_a_restricted_line_gets_nothing_and_nobody_is_asked() -> None:
    async with serving() as phone:
        for name, kind in [
            (PAY, "HTTPS"),
            (PAY, "TXT"),
            (NEWS, "TXT"),
            (NEWS, "NULL"),
            ("x" * 60 + ".t.example", "TXT"),
        ]:
            answer = await phone.ask(name, kind)
            assert (rcode(answer), answer.rr, QTYPE[answer.auth[0].rtype]) == ("NOERROR", [], "SOA")
            assert answer.auth[0].ttl == 5
        await phone.change("training")
        assert rcode(await phone.ask(NEWS)) == rcode(await phone.ask(NEWS, "TXT")) == "NXDOMAIN"
        assert phone.world.asked == []


async def test_an_answer_leaves_after_its_binding_and_lives_shorter() -> None:
    async with serving() as phone, udp_client(phone.port) as client:
        binding, acknowledged = asyncio.Event(), asyncio.Event()

        async def hold() -> None:
            binding.set()
            await acknowledged.wait()

        phone.bindings.before = hold
        client.send(DNSRecord.question(PAY).pack())
        await binding.wait()
        client.send(DNSRecord.question(NEWS).pack())
        first = DNSRecord.parse(await client.receive())
        assert first.q.qname == NEWS  # the allowed name's answer is still held back
        acknowledged.set()
        second = DNSRecord.parse(await client.receive())
        assert second.q.qname == PAY
        ((version, name, addresses, until),) = phone.bindings.bound
        assert (version, name, addresses) == (1, PAY, (ip_address("198.18.0.16"), ip_address("2001:2::10")))
        assert until == NOW + BOUND_FOR
        assert second.rr[0].ttl == 60 < BOUND_FOR.total_seconds() / 3


@pytest.mark.parametrize("failure", [Unavailable("the core network is gone"), NotFound("no such line")])
async def test_without_a_binding_there_is_no_answer(failure: NfemuError) -> None:
    async with serving() as phone:
        phone.bindings.failure = failure
        assert rcode(await phone.ask(PAY)) == "SERVFAIL"
        phone.bindings.failure = None
        assert await phone.addresses(PAY) == ["198.18.0.16"]


@pytest.mark.parametrize(
    ("failure", "expected"), [(NotFound("no such name"), "NXDOMAIN"), (Unavailable("no answer"), "SERVFAIL")]
)
async def test_names_that_lead_nowhere(failure: NotFound | Unavailable, expected: str) -> None:
    async with serving() as phone:
        phone.world.names[PAY] = failure
        assert rcode(await phone.ask(PAY)) == expected
        assert phone.bindings.bound == []
        del phone.world.names[PAY]
        assert rcode(await phone.ask(PAY, "AAAA")) == "NOERROR"


async def test_an_open_line_gets_every_name_and_only_listed_ones_are_bound() -> None:
    async with serving("open") as phone:
        assert await phone.addresses(NEWS) == await phone.addresses(PORTAL) == await phone.addresses(PAY)
        assert [name for _, name, _, _ in phone.bindings.bound] == [PORTAL, PAY]
        answer = await phone.ask(NEWS, "TXT")
        assert (rcode(answer), answer.rr) == ("NOERROR", [])


async def test_a_name_asked_a_hundred_times_at_once_is_looked_up_and_bound_once() -> None:
    async with serving() as phone, udp_client(phone.port) as client:
        looking, release = asyncio.Event(), asyncio.Event()

        async def hold() -> None:
            looking.set()
            await release.wait()

        phone.world.before = hold
        for number in range(100):
            client.send(DNSRecord.question(PAY, "A" if number % 2 else "AAAA").pack())
        await looking.wait()
        release.set()
        for _ in range(100):
            assert DNSRecord.parse(await client.receive()).rr
        assert (phone.world.asked, len(phone.bindings.bound)) == ([PAY], 1)


async def test_answers_are_remembered_by_policy_or_by_line() -> None:
    async with serving("open") as phone:
        for _ in range(3):
            await phone.addresses(NEWS)
            await phone.addresses(PORTAL)
        assert phone.world.asked == [NEWS, PORTAL]
        assert len(phone.bindings.bound) == 1
        await phone.change("open")
        await phone.addresses(NEWS)
        await phone.addresses(PORTAL)
        # the first is the policy's, the second this line's at its version
        assert (phone.world.asked, len(phone.bindings.bound)) == ([NEWS, PORTAL, PORTAL], 2)


async def test_what_may_not_be_kept_is_asked_for_again() -> None:
    async with serving("open") as phone:
        phone.world.ttl_s = 0.5
        await phone.ask(NEWS)
        await phone.ask(NEWS)
        assert phone.world.asked == [NEWS, NEWS]


async def test_a_change_of_the_line_is_in_force_when_it_is_acknowledged() -> None:
    async with serving("open") as phone:
        assert await phone.addresses(NEWS) == ["198.18.0.16"]
        await phone.change("arrears")
        assert await phone.addresses(NEWS) == ["100.100.0.16"]
        state = await phone.change("open")
        assert await phone.addresses(NEWS) == ["198.18.0.16"]
        assert phone.sinkholes.name_of(state.imsi, IPv4Address("100.100.0.16"), NOW) == NEWS
        await phone.change(None)
        assert rcode(await phone.ask(NEWS)) == "REFUSED"


async def test_a_question_that_is_under_way_during_a_change_is_judged_again() -> None:
    async with serving("open") as phone:

        async def restricted_meanwhile() -> None:
            if phone.lines.state == line(policy="open"):
                await phone.change("arrears")

        phone.world.before = restricted_meanwhile
        assert await phone.addresses(NEWS) == ["100.100.0.16"]


async def test_a_line_that_never_stands_still_gets_no_answer() -> None:
    async with serving("open") as phone:

        async def again() -> None:
            await phone.change("open")

        phone.world.before = again
        assert rcode(await phone.ask(NEWS)) == "SERVFAIL"


async def test_new_rules_end_everything_that_is_remembered() -> None:
    async with serving("open") as phone:
        await phone.addresses(NEWS)
        phone.lines.gateway = replace(RULES)
        phone.world.names[NEWS] = route("198.18.0.99")
        assert await phone.addresses(NEWS) == ["198.18.0.99"]


async def test_a_look_up_from_before_a_change_of_rules_answers_nobody_after_it() -> None:
    async with serving("open") as phone:

        async def moved() -> None:
            phone.world.before = at_once
            phone.world.names[NEWS] = route("198.18.0.99")
            phone.lines.gateway = replace(RULES)

        async def at_once() -> None:
            pass

        phone.world.names[NEWS] = NotFound("not yet")
        phone.world.before = moved
        assert await phone.addresses(NEWS) == ["198.18.0.99"]
        assert phone.world.asked == [NEWS, NEWS]


async def test_who_is_not_attached_is_refused_and_so_is_everybody_while_nothing_is_certain() -> None:
    async with serving("open") as phone:
        assert await phone.addresses(NEWS)
        phone.lines.is_fresh = False
        assert rcode(await phone.ask(NEWS)) == "REFUSED"
        phone.lines.is_fresh = True
        question = DNSRecord.question(NEWS)
        async with udp_client(phone.port, local="127.0.0.2") as stranger:
            stranger.send(question.pack())
            assert rcode(DNSRecord.parse(await stranger.receive())) == "REFUSED"
        phone.lines.state = line(policy="holiday")
        await phone.service.apply(phone.lines.state)
        assert rcode(await phone.ask(NEWS)) == "REFUSED"


@pytest.mark.parametrize("policy", ["open", "arrears"])
@pytest.mark.parametrize(
    "private", ["10.0.0.1", "127.0.0.1", "198.18.0.16", "100.100.0.16", "::1", "fd00::1", "64:ff9b::a00:1"]
)
async def test_a_real_name_that_leads_to_a_private_address_is_not_told(policy: str, private: str) -> None:
    async with serving(policy) as phone:
        phone.world.names[PAY] = real(private)
        for kind in ("A", "AAAA"):
            assert (await phone.ask(PAY, kind)).rr == []
        phone.world.names["cdn.pay.example"] = real(private, "93.184.216.34")
        assert await phone.addresses("cdn.pay.example") == ["93.184.216.34"]
        assert [each[2] for each in phone.bindings.bound] == [(ip_address("93.184.216.34"),)]


async def test_the_answer_has_the_clients_spelling_and_the_policy_has_its_own() -> None:
    async with serving() as phone:
        question = DNSRecord.question("wWw.PaY.eXaMpLe")
        answer = await phone.send(question.pack())
        assert b"\3wWw\3PaY\7eXaMpLe\0" in answer
        assert phone.world.asked == [PAY]
        assert (await phone.addresses("WWW.pay.example")) == ["198.18.0.16"]


async def test_who_asks_with_edns_is_told_the_rule() -> None:
    async with serving() as phone:
        question = DNSRecord.question(NEWS)
        question.add_ar(EDNS0(udp_len=4096))
        answer = await phone.exchange(question)
        ((opt,),) = [each.rdata for each in answer.ar]
        assert (opt.code, opt.data) == (15, b"\0\4arrears/default")
        assert (await phone.ask(NEWS)).ar == []


async def test_whatever_arrives_the_next_question_is_answered() -> None:
    noise = random.Random(4)
    good = bytes(DNSRecord.question(NEWS).pack())
    async with serving() as phone, udp_client(phone.port) as client:
        client.send(good[:-1])
        assert rcode(DNSRecord.parse(await client.receive())) == "FORMERR"
        client.send(b"")
        client.send(good[:2] + b"\x80" + good[3:])  # an answer: to be passed over
        client.send(good)
        assert DNSRecord.parse(await client.receive()).rr
        for number in range(10):
            for _ in range(20):
                client.send(noise.randbytes(noise.randrange(100)))
                client.send(good[: noise.randrange(len(good))])
            assert (await phone.ask(f"n{number}.example")).rr
        assert phone.world.asked == []


async def test_rules_that_change_during_a_binding_have_it_bound_again() -> None:
    async with serving() as phone:

        async def changed() -> None:
            if phone.lines.gateway is RULES:
                phone.lines.gateway = replace(RULES)
                await phone.ask(NEWS)

        phone.bindings.before = changed
        assert await phone.addresses(PAY) == ["198.18.0.16"]
        assert [name for _, name, _, _ in phone.bindings.bound] == [PAY, PAY]
        assert await phone.addresses(PAY, "AAAA") == ["2001:2::10"]
        assert len(phone.bindings.bound) == 2


async def test_the_emulated_internet_has_addresses_only() -> None:
    async with serving("open") as phone:
        for name in ("1.0.0.127", NEWS):
            answer = await phone.ask(name, "PTR")
            assert (rcode(answer), answer.rr) == ("NOERROR", [])


async def test_the_queue_is_bounded_and_takes_new_questions_when_it_empties(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "_WAITING_OF_A_LINE", 8)
    async with serving() as phone, udp_client(phone.port) as client:
        full, release = asyncio.Event(), asyncio.Event()

        async def hold() -> None:
            if len(phone.world.asked) == 8:
                full.set()
            await release.wait()

        phone.world.before = hold
        for number in range(8):
            client.send(DNSRecord.question(f"a{number}.pay.example").pack())
        await full.wait()
        client.send(DNSRecord.question("late.pay.example").pack())
        assert rcode(DNSRecord.parse(await phone.send(b"ab" + bytes(10)))) == "FORMERR"  # the late one has been read
        release.set()
        for _ in range(8):
            assert DNSRecord.parse(await client.receive()).rr
        assert "late.pay.example" not in phone.world.asked
        assert await phone.addresses("late.pay.example")


async def test_who_asks_too_much_is_not_heard_but_what_is_remembered_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "QUESTIONS_A_SECOND", 2)
    async with serving() as phone, udp_client(phone.port) as client:
        for name in ("a.pay.example", "b.pay.example", "late.pay.example"):
            client.send(DNSRecord.question(name).pack())
        for _ in range(2):
            assert DNSRecord.parse(await client.receive()).rr
        assert await phone.addresses("a.pay.example")
        assert phone.world.asked == ["a.pay.example", "b.pay.example"]


async def test_stopping_leaves_questions_unanswered_and_nothing_behind() -> None:
    async with serving() as phone, udp_client(phone.port) as client:
        binding = asyncio.Event()

        async def forever() -> None:
            binding.set()
            await asyncio.Event().wait()

        phone.bindings.before = forever
        client.send(DNSRecord.question(PAY).pack())
        await binding.wait()
        await phone.service.stop()
        assert len(asyncio.all_tasks()) == 1
