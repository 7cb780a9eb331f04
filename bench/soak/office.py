"""What the carrier's people and the payers do, through the API, and what the line may be meanwhile and afterwards."""

import asyncio
from collections import Counter
from collections.abc import Callable
from random import Random

from bench.soak.opinion import Situation, Watched
from nfemu.client import Client, ClientError
from nfemu.client.values import Session, Subscriber

_POLICIES = ("open", "arrears")


class Desks:
    """A few API connections, shared: a client is not for two threads at once."""

    def __init__(self, make: Callable[[], Client], count: int) -> None:
        self._free: asyncio.Queue[Client] = asyncio.Queue()
        self._all = [make() for _ in range(count)]
        for client in self._all:
            self._free.put_nowait(client)

    async def call(self, work: Callable[[Client], object]) -> object:
        """Raises what the client raises."""
        client = await self._free.get()
        try:
            return await asyncio.to_thread(work, client)
        finally:
            self._free.put_nowait(client)

    def close(self) -> None:
        for client in self._all:
            client.close()


class Account:
    """One subscriber at the office. `opinion` is what the line may be."""

    def __init__(self, subscriber: Subscriber, desks: Desks, done: Counter[str], wrong: list[str]) -> None:
        self.number = subscriber.number
        self.opinion = Watched(_situation(subscriber.session))
        self._subscriber = subscriber
        self._desks = desks
        self._done = done
        self._wrong = wrong

    async def act(self, random: Random) -> None:
        """Something at random that may change the line, acknowledged when this returns."""
        subscriber = self._subscriber
        attached = subscriber.session is not None and subscriber.session.state == "active"
        name, work = self._choose(random, attached=attached, due=subscriber.account.amount_due.amount)
        address = _situation(subscriber.session).address
        self.opinion.begin(*(Situation(policy, address) for policy in _POLICIES) if attached else ())
        if name in ("attach", "detach"):
            self.opinion.begin(Situation(None), *(Situation(policy) for policy in _POLICIES))
        try:
            await self._desks.call(work)
            self._done[name] += 1
        except ClientError as refusal:
            self._done[f"{name} refused ({refusal.status})"] += 1
        finally:
            await self._look()

    async def _look(self) -> None:
        """What is acknowledged now."""
        subscriber = await self._desks.call(lambda client: client.subscriber(self.number))
        assert isinstance(subscriber, Subscriber)
        self._subscriber = subscriber
        self.opinion.settle(_situation(subscriber.session))
        self._check(subscriber)

    def _check(self, subscriber: Subscriber) -> None:
        """The three values against one another, at rest."""
        session = subscriber.session
        if session is None or session.state != "active":
            return
        restricted = session.policy == "arrears"
        standing, hold = subscriber.account.standing, subscriber.hold
        owing = standing == "overdue"
        right = {"restrict": restricted, "restore": not restricted}.get(hold, restricted == owing)
        if not right:
            self._wrong.append(f"{self.number}: {standing}, hold {hold}, and the policy is {session.policy}")

    def _choose(self, random: Random, *, attached: bool, due: str) -> tuple[str, Callable[[Client], object]]:
        number, amount = self.number, f"{random.randint(1, 9000) / 100:.2f}"
        if not attached and random.random() < 0.7:
            return "attach", lambda client: client.attach(number)
        pay = due if due.strip("-0.") and random.random() < 0.8 else amount
        works: dict[str, Callable[[Client], object]] = {
            "charge": lambda client: client.charge(number, amount),
            "pay": lambda client: client.pay(number, pay),
            "restrict": lambda client: client.restrict(number),
            "restore": lambda client: client.restore(number),
            "detach": lambda client: client.detach(number),
        }
        name = random.choices(list(works), weights=(4, 5, 1, 2, 1))[0]
        return name, works[name]


def _situation(session: Session | None) -> Situation:
    """As acknowledged."""
    if session is None or session.state != "active":
        return Situation(None)
    return Situation(session.policy, session.ue_ipv4)
