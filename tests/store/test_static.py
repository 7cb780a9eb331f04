"""Cards with a static address are found among the others."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv6Network

from nfemu.carrier.ports import PutAccount, PutSubscriber
from nfemu.store import SqlStore
from tests.store.people import ACCOUNTS, MAIN, PHONE

FOUR = replace(MAIN, static_ipv4=IPv4Address("10.45.3.3"), static_ipv6=None)
SIX = replace(PHONE, static_ipv4=None, static_ipv6=IPv6Network("2001:db8:4500:7::/64"))


async def test_cards_with_a_static_address(sql_store: SqlStore) -> None:
    await sql_store.commit([*map(PutAccount, ACCOUNTS), PutSubscriber(replace(FOUR, static_ipv4=None))])
    assert await sql_store.static_subscribers() == []
    await sql_store.commit([PutSubscriber(FOUR), PutSubscriber(SIX)])
    assert {card.imsi: card for card in await sql_store.static_subscribers()} == {FOUR.imsi: FOUR, SIX.imsi: SIX}
