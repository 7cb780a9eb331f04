"""Playing a scenario step by step, until one fails."""

import re
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event as Timer

from nfemu.client import Client, ClientError, StateFolder
from nfemu.model.errors import NfemuError
from nfemu.scenario.acting import NOTHING, Actor
from nfemu.scenario.evidence import evidence
from nfemu.scenario.expecting import compare
from nfemu.scenario.interrupting import Interruption
from nfemu.scenario.saving import OwnStates
from nfemu.scenario.values import ENDING, Mismatch, Played, Result, Scenario, ScenarioStep, Verdict
from nfemu.scenario.watching import before, watch

_PAUSE_S = 0.1
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_NEEDS_BEARER = "lines have no IP interface here (access is by proxy)"
_NEEDS_FAMILY = "the line has no {} address"
_NEEDS_CLOCK = "business time is the wall clock here; start the carrier with `nfemu up --clock test`"


@dataclass(frozen=True, slots=True)
class Carrier:
    """What scenarios are played on. `capture`: what a line carries goes into a file, until the context ends."""

    state: StateFolder
    capture: Callable[[str, Path], AbstractContextManager[object]] | None = None


def play(scenario: Scenario, carrier: Carrier, interruption: Interruption | None = None) -> Result:
    """From a known state. What goes wrong is in the result; raises Unavailable where there is no carrier."""
    started = time.perf_counter()
    with Client.find(carrier.state) as client, ExitStack() as kept:
        result = _play(scenario, carrier, client, kept, interruption or Interruption())
    return replace(result, elapsed_ms=(time.perf_counter() - started) * 1000)


def _play(scenario: Scenario, carrier: Carrier, client: Client, kept: ExitStack, interruption: Interruption) -> Result:
    if reason := _missing(scenario, carrier, client):
        return Result(scenario, Verdict.NOT_APPLICABLE, (), reason, 0)

    used: Counter[str] = Counter()

    def watched(number: str) -> None:
        used[number] += 1  # each session has a file of its own
        again = f"-{used[number]}" if used[number] > 1 else ""
        if carrier.capture is not None:
            kept.enter_context(carrier.capture(number, Path(f"{scenario.called}-{number}{again}.pcap")))

    tidying = kept.enter_context(Client.find(carrier.state))  # what was saved goes after an interruption, too
    actor = kept.enter_context(Actor(client, carrier.state, watched, OwnStates(tidying)))
    kept.enter_context(interruption.calls(actor.interrupt))
    try:
        actor.prepare(scenario.given)
    except NfemuError as error:
        if interruption.asked:
            return Result(scenario, Verdict.INTERRUPTED, (), "before its first step", 0)
        return Result(scenario, Verdict.FAILED, (), f"what is given cannot be: {error}", 0)
    if reason := _unknown(scenario, client):
        return Result(scenario, Verdict.FAILED, (), reason, 0)
    player = _Player(client, actor, carrier.state.status().has_bearers, interruption, scenario.line)
    played = player.play(scenario)
    ended = next((each for each in played if each.verdict in ENDING), None)
    if ended is None:
        return Result(scenario, Verdict.PASSED, played, "", 0)
    return Result(scenario, ended.verdict, played, "", 0, *evidence(client, ended))


def _missing(scenario: Scenario, carrier: Carrier, client: Client) -> str:
    """Why the scenario says nothing about this carrier; empty where it does."""
    if scenario.needs_bearer and not carrier.state.status().has_bearers:
        return _NEEDS_BEARER
    moves = any(step.written.advance is not None and step.written.account is None for step in scenario.steps)
    if (moves or scenario.given.clock is not None) and client.clock().kind != "test":
        return _NEEDS_CLOCK
    return ""


def _unknown(scenario: Scenario, client: Client) -> str:
    """Which line is nobody's, before anything is played for it; empty where it is known or meant to fail."""
    for step in scenario.steps:
        number = step.written.whose or scenario.line
        if number is None or step.written.expect.failure is not None:
            continue
        try:
            client.subscriber(number)
        except ClientError as error:
            return f"step {step.number} in line {step.line}: {error}"
    return ""


@dataclass(slots=True)
class _Player:
    client: Client
    actor: Actor
    bearers: bool
    interruption: Interruption
    number: str | None
    """Whose line, as of the last step that said so."""

    def play(self, scenario: Scenario) -> list[Played]:
        played: list[Played] = []
        for step in scenario.steps:
            self.number = step.written.whose or self.number
            played.append(self._played(step))
            if played[-1].verdict in ENDING:
                break
        return played

    def _played(self, step: ScenarioStep) -> Played:
        started = time.perf_counter()
        mismatches: list[Mismatch] = []
        error = ""
        try:
            if reason := self._lacking(step.written.needs):
                return Played(step, self.number, Verdict.NOT_APPLICABLE, (), reason, 0)
            mismatches = self._mismatches(step)
        except NfemuError as wrong:
            error = str(wrong)
        elapsed = (time.perf_counter() - started) * 1000
        if self.interruption.asked:
            return Played(step, self.number, Verdict.INTERRUPTED, (), "", elapsed)
        verdict = Verdict.FAILED if mismatches or error else Verdict.PASSED
        return Played(step, self.number, verdict, mismatches, error, elapsed)

    def _lacking(self, needs: str | None) -> str:
        """What the step needs and its line has not; empty where it has. A line without a session fails by itself."""
        if needs is not None and not self.bearers:
            return _NEEDS_BEARER
        if needs not in ("IPv4", "IPv6") or self.number is None:
            return ""
        session = self.client.subscriber(self.number).session
        if session is None or (session.ue_ipv4 if needs == "IPv4" else session.ue_ipv6):
            return ""
        return _NEEDS_FAMILY.format(needs)

    def _mismatches(self, step: ScenarioStep) -> list[Mismatch]:
        """As of the last time that it was done."""
        until = time.monotonic() + seconds(step.written.within)
        while (wrong := self._once(step)) and time.monotonic() < until:
            Timer().wait(_PAUSE_S)
        return wrong

    def _once(self, step: ScenarioStep) -> list[Mismatch]:
        expect = step.written.expect
        began = before(self.client, self.number, expect)
        outcome = NOTHING if step.act is None else self.actor.act(step.act, step.written, self.number)
        return compare(expect, outcome) or watch(self.client, self.number, expect, began)


def seconds(span: str | None) -> int:
    """`1m30s` is 90."""
    return sum(int(number) * _SECONDS[unit] for number, unit in re.findall("([0-9]+)([smhd])", span or ""))
