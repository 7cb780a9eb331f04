"""Which transactions the kernel gets for lines that change, one at a time and all at once."""

import asyncio
from dataclasses import replace

import pytest

from nfemu.gateway.bearer.kernel_policy import KernelPolicy, addresses_of
from nfemu.model.errors import Unavailable
from nfemu.model.identity import PolicyName
from nfemu.policy.compile.steering import SteeringPlan
from nfemu.policy.compile.updates import LineAddresses
from tests.fakes.gateway import line
from tests.fakes.gateway import rules as made_rules

OPEN, ARREARS = PolicyName("open"), PolicyName("arrears")


class Core:
    """Takes transactions when `free` is set; refuses those that `refused` is left for."""

    def __init__(self) -> None:
        self.transactions: list[str] = []
        self.free = asyncio.Event()
        self.free.set()
        self.refused = 0

    async def nft(self, text: str) -> None:
        await self.free.wait()
        self.transactions.append(text)
        if self.refused:
            self.refused -= 1
            raise Unavailable("nft refused the rules")


@pytest.fixture
async def core() -> Core:
    return Core()


@pytest.fixture
async def policy(core: Core) -> KernelPolicy:
    return KernelPolicy(SteeringPlan(), core.nft)


async def test_lines_that_change_meanwhile_go_together(core: Core, policy: KernelPolicy) -> None:
    core.free.clear()
    lines = [line(f"1380013800{digit}", OPEN) for digit in range(5)]
    first = asyncio.create_task(policy.change(lines[0]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    others = [asyncio.create_task(policy.change(each)) for each in lines[1:]]
    await asyncio.sleep(0)
    assert not any(task.done() for task in (first, *others))
    core.free.set()
    await asyncio.gather(first, *others)
    assert len(core.transactions) == 2
    assert all(str(each.ue_ipv4) in core.transactions[1] for each in lines[1:])


async def test_the_latest_state_of_a_line_is_in_force_when_either_change_returns(
    core: Core, policy: KernelPolicy
) -> None:
    state = line("13800138000", OPEN)
    await policy.change(state)
    await asyncio.gather(
        policy.change(replace(state, policy=ARREARS, version=2)), policy.change(replace(state, policy=None, version=3))
    )
    assert "delete element" in core.transactions[-1]
    assert "add element" not in core.transactions[-1]
    assert len(core.transactions) == 2


async def test_a_table_that_is_not_as_expected_is_put_anew_with_all_lines(core: Core, policy: KernelPolicy) -> None:
    here, changed = line("13800138000", OPEN), line("13800138001", OPEN)
    await policy.change(here)
    core.refused = 1
    await policy.change(changed)
    assert "flush" in core.transactions[-1]
    assert all(str(each.ue_ipv4) in core.transactions[-1] for each in (here, changed))


async def test_nobody_is_told_that_it_is_in_force_where_it_is_not(core: Core, policy: KernelPolicy) -> None:
    core.refused = 2
    outcomes = await asyncio.gather(
        *(policy.change(line(f"1380013800{digit}", OPEN)) for digit in range(3)), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [Unavailable] * 3


async def test_a_caller_that_goes_away_takes_nobody_with_it(core: Core, policy: KernelPolicy) -> None:
    core.free.clear()
    gone = asyncio.create_task(policy.change(line("13800138000", OPEN)))
    stays = asyncio.create_task(policy.change(line("13800138001", OPEN)))
    await asyncio.sleep(0)
    gone.cancel()
    core.free.set()
    await stays
    assert len(core.transactions) == 1


async def test_no_transaction_for_what_is_so_already(core: Core, policy: KernelPolicy) -> None:
    state = line("13800138000", OPEN)
    await policy.change(state)
    await policy.change(replace(state, version=2))
    assert len(core.transactions) == 1


async def test_other_people_find_nothing_of_those_before(core: Core, policy: KernelPolicy) -> None:
    """One transaction: at no moment is there no table, which would let everything pass."""
    rules = policy.compile(made_rules())
    await policy.load(rules, [line("13800138000", OPEN)])
    await policy.begin_anew(rules)
    assert core.transactions[1].splitlines()[:4] == [
        "add table inet nfemu",
        "delete table inet nfemu",
        "add table inet nfemu",
        "flush table inet nfemu",
    ]
    assert "10.45.0" not in core.transactions[1]
    await policy.change(line("13800138000", OPEN))
    assert core.transactions[2].startswith("add element inet nfemu policy4")


async def test_lanes_hear_of_every_change_in_the_same_transaction(core: Core) -> None:
    state = line("13800138000", OPEN)
    policy = KernelPolicy(SteeringPlan(), core.nft, lambda: True)
    await policy.load(policy.compile(made_rules()), [state])
    await policy.let_in("ue0", None, addresses_of(state))
    await policy.change(replace(state, policy=ARREARS, version=2))
    await policy.let_out("ue0", addresses_of(state))
    for text in core.transactions:
        assert text.count("inet nfemu") > 1
        assert f"{state.ue_ipv4}" in text.partition("netdev nfemu")[2]
    await policy.begin_anew(policy.compile(made_rules()))
    assert "delete table netdev nfemu" in core.transactions[-1]
    assert len(list(policy.counters())) == 8


async def test_an_address_that_comes_to_a_phone_before_it_leaves_another_leads_to_the_new_one(core: Core) -> None:
    """The kernel refuses a second way, and all that is in one transaction with it."""
    policy = KernelPolicy(SteeringPlan(), core.nft, lambda: True)
    own, nothing = addresses_of(line("13800138000", OPEN)), LineAddresses(None, None)
    away, back = f"delete element netdev nfemu ways4 {{ {own.ipv4} }}", f'ways4 {{ {own.ipv4} : "ue1" }}'
    await policy.let_in("ue0", None, own)
    await policy.let_in("ue1", None, own)
    assert core.transactions[1].index(away) < core.transactions[1].index(back)
    await policy.let_in("ue0", own, nothing)
    assert away not in core.transactions[2]
    await policy.let_out("ue1", own)
    assert away in core.transactions[3]
    assert "delete chain netdev nfemu ue1" in core.transactions[3]


async def test_without_lanes_nothing_is_said_of_them(core: Core, policy: KernelPolicy) -> None:
    state = line("13800138000", OPEN)
    await policy.load(policy.compile(made_rules()), [state])
    await policy.let_in("ue0", None, addresses_of(state))
    await policy.let_in("ue0", addresses_of(state), LineAddresses(None, None))
    await policy.let_out("ue0", LineAddresses(None, None))
    await policy.begin_anew(policy.compile(made_rules()))
    assert len(core.transactions) == 4
    assert not any("netdev" in text for text in core.transactions)
    assert len(list(policy.counters())) == 4
