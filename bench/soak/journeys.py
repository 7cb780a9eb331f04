"""One subscriber's random journey, and the judgement of everything that it sees."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random

from bench.soak.browsing import Browser, Failed, KeptEnded, Page
from bench.soak.office import Account
from bench.soak.opinion import Seen, Situation, Watched, expected
from nfemu.model.destination import Scheme
from nfemu.model.identity import Msisdn
from nfemu.policy.rules import PolicySet

NEWS, PORTAL, EXTRA, PAYMENT = "news.example", "portal.carrier.example", "extra.example", "pay.provider.example"
_PATIENCE_S = 30.0
_THINK_S = 2.4
"""Longest pause between two steps."""


@dataclass(slots=True)
class Surroundings:
    """What all journeys share.

    `trouble`: whether a worker is being killed and replaced. The carrier takes out a worker that is late by itself,
    which is heard of afterwards: `restarts` is the last known number of replacements, `count_restarts` asks for it.
    """

    rules: Watched[int]
    variants: list[PolicySet]
    trouble: Watched[bool]
    count_restarts: Callable[[], Awaitable[int]]
    restarts: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    unexplained: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    going: asyncio.Event = field(default_factory=asyncio.Event)

    async def has_lost_workers(self, since: int) -> bool:
        """Whether there are more replacements than `since`."""
        self.restarts = await self.count_restarts()
        return self.restarts > since


class Journey:
    def __init__(self, account: Account, browser: Browser, surroundings: Surroundings, random: Random) -> None:
        self._account = account
        self._browser = browser
        self._here = surroundings
        self._random = random

    async def travel(self, ended: asyncio.Event) -> None:
        """Until `ended`; between steps it waits while the surroundings are not going, everything hung up."""
        while not ended.is_set():
            if not self._here.going.is_set():
                self._browser.hang_up()
                await self._here.going.wait()
            if self._random.random() < 0.12:
                await self._account.act(self._random)
            else:
                await self._browse()
            await asyncio.sleep(self._random.random() * _THINK_S)
        self._browser.hang_up()

    async def _browse(self) -> None:
        name, form, host, scheme = self._choose()
        restarts = self._here.restarts
        with (
            self._account.opinion.watch() as situations,
            self._here.rules.watch() as rules,
            self._here.trouble.watch() as trouble,
        ):
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    page = await form(host)
            except TimeoutError:
                outcome: Page | Failed = Failed("no answer in time")
            except Failed as failure:
                outcome = failure
            else:
                outcome = page
        allowed = {
            expected(self._here.variants[variant], situation, host, scheme)
            for situation in situations
            for variant in rules
        }
        if isinstance(outcome, Failed):
            explained = len(situations) > 1 or len(rules) > 1 or True in trouble
            self._failed(name, outcome, explained=explained or await self._here.has_lost_workers(restarts))
            return
        self._here.seen[f"{name} {outcome.seen.value}"] += 1
        if outcome.seen not in allowed:
            self._wrong(name, host, f"{outcome.seen.value}, allowed {[each.value for each in allowed]}", situations)
        elif outcome.seen is Seen.SERVED and scheme is Scheme.HTTP:
            self._check_identity(name, host, outcome.text, situations)

    def _choose(self) -> tuple[str, Callable[[str], Awaitable[Page]], str, Scheme]:
        browser, random = self._browser, self._random
        host = random.choices((NEWS, PORTAL, EXTRA, PAYMENT), weights=(5, 3, 2, 2))[0]
        if browser.tunnel_host is not None and random.random() < 0.3:
            return "kept tunnel", browser.again_in_tunnel, browser.tunnel_host, Scheme.RAW
        tunnels = {"CONNECT": browser.connect, "SOCKS5": browser.socks}
        if host == PAYMENT or random.random() < 0.25:
            name = random.choice(list(tunnels))
            return name, tunnels[name], host, Scheme.RAW
        plain = {"GET": browser.get, "kept GET": browser.get_kept, "POST": browser.post}
        if browser.has_own:
            plain["own listener"] = browser.get_at_own
        name = random.choice(list(plain)) if host != PORTAL else "kept GET"
        return name, plain[name], host, Scheme.HTTP

    def _failed(self, name: str, failure: Failed, *, explained: bool) -> None:
        kind = f"{name}: {failure}"
        self._here.errors[kind] += 1
        if not explained and not isinstance(failure, KeptEnded):
            self._here.unexplained[kind] += 1

    def _check_identity(self, name: str, host: str, text: str, situations: set[Situation]) -> None:
        """The portal sees this number, everybody else this address and no number (G10, G12)."""
        if host == PORTAL:
            right = Msisdn.parse(self._account.number).masked() in text
        else:
            shown = [line.split()[-1] for line in text.splitlines() if line.startswith("  ue address")]
            addresses = {each.address for each in situations}
            right = "msisdn" not in text.lower() and (None in addresses or set(shown) <= addresses) and len(shown) == 1
        if not right:
            self._wrong(name, host, f"shows another identity: {text[:400]!r}", situations)

    def _wrong(self, name: str, host: str, what: str, situations: set[Situation]) -> None:
        self._here.wrong.append(f"{self._account.number} {name} {host}: {what}; line {situations}")
