"""Doing what a step says, with the API and on the lines."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from nfemu.client import Client, ClientError, StateFolder
from nfemu.client.line import Answer, Heard, Phone, Ran, Told
from nfemu.client.line.phone import MOST
from nfemu.client.line.way import check_attached
from nfemu.client.values import Explanation
from nfemu.model.errors import Conflict, InvalidInput
from nfemu.model.moments import moment_of
from nfemu.scenario.forms import place_of
from nfemu.scenario.paying import last_link, pay_by_phone
from nfemu.scenario.saving import OwnStates
from nfemu.scenario.schema import Given, Pay, Step
from nfemu.scenario.values import Act

_JSON = ("Accept", "application/json")
"""The sites of the emulated Internet show what they received so that it can be read."""
_FOLLOWED = 8


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a step; one of these, or none. `refusal`: why it was refused, in the carrier's words."""

    answer: Answer | None = None
    told: Told | None = None
    heard: Heard | None = None
    ran: Ran | None = None
    explanation: Explanation | None = None
    changes: tuple[str, ...] = ()
    refusal: str = ""


NOTHING = Outcome()
Watch = Callable[[str], None]
"""Told of each line before a phone is used on it."""


@dataclass(slots=True)
class Actor:
    """A context, for one scenario: its phones and the states that it saved end with it."""

    client: Client
    state: StateFolder
    watch: Watch
    states: OwnStates
    _phones: dict[str, tuple[object, Phone]] = field(default_factory=dict)
    _interrupted: bool = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._hang_up()
        self.states.forget()

    def interrupt(self) -> None:
        """From another thread: what is under way fails, and so does what is begun after that."""
        self._interrupted = True
        self.client.interrupt()
        for _, phone in list(self._phones.values()):
            phone.interrupt()

    def prepare(self, given: Given) -> None:
        """What is so before the first step. Raises NfemuError."""
        clock = None if given.clock is None else moment_of(given.clock)
        self.client.load_state(given.state, clock)
        for number, profile in (given.profile or {}).items():
            self.client.order_profile(number, profile)
        for number, amount in (given.charged or {}).items():
            self.client.charge(number, amount)
        for number in given.restricted or ():
            self.client.restrict(number)
        for number in given.detached or ():
            self.client.detach(number)

    def act(self, act: Act, step: Step, number: str | None) -> Outcome:
        """What the carrier refuses is an outcome. Raises other NfemuErrors: it could not be done."""
        doing: Mapping[str, Callable[[Any, Step, str], Outcome]] = {
            "get": self._request,
            "head": self._request,
            "post": self._request,
            "dns": self._ask,
            "quic": self._quic,
            "tcp": self._exchange,
            "udp": self._datagram,
            "pay": self._pay,
            "click": self._click,
            "run": self._run,
            "explain": lambda url, _, line: Outcome(explanation=self.client.explain(line, url)),
            "reload": lambda *_: Outcome(changes=tuple(map(str, self.client.reload()))),
        }
        try:
            if act.name in doing:
                return doing[act.name](act.value, step, _needed(number, act))
            self._order(act, step, number)
        except (ClientError, Conflict) as error:
            return Outcome(refusal=str(error))
        return NOTHING

    def _order(self, act: Act, step: Step, number: str | None) -> None:
        """What is nothing but a call of the API."""
        client = self.client
        on_line: Mapping[str, Callable[[str, str], object]] = {
            "attach": lambda line, _: client.attach(line),
            "detach": lambda line, _: client.detach(line),
            "restrict": lambda line, _: client.restrict(line),
            "restore": lambda line, _: client.restore(line),
            "profile": client.order_profile,
            "charge": client.charge,
            "autodeduct": lambda line, how: (
                client.sign_auto_deduct(line) if how == "sign" else client.revoke_auto_deduct(line)
            ),
            "bank": client.set_bank,
        }
        if act.name in on_line:
            on_line[act.name](_needed(number, act), act.value)
        elif act.name == "advance":
            client.advance_clock(act.value, step.account)
        elif act.name == "load":
            self._hang_up()
            self.states.load(act.value)
        elif act.name == "save":
            self.states.save(act.value)

    def phone(self, number: str) -> Phone:
        """Kept for as long as the line's session is the same. Raises Conflict, Unavailable."""
        line = self.client.subscriber(number)
        check_attached(line)
        session = line.session
        kept = self._phones.get(line.e164)
        attached = None if session is None else (session.attached_at, session.generation)
        if kept is not None and kept[0] == attached:
            return kept[1]
        if kept is not None:
            kept[1].__exit__()
        self.watch(line.e164)
        phone = Phone.on_line(self.client, self.state, number)
        phone.__enter__()
        self._phones[line.e164] = attached, phone
        if self._interrupted:
            phone.interrupt()
        return phone

    def _request(self, url: str, step: Step, number: str) -> Outcome:
        method = next(name.upper() for name in ("get", "head", "post") if getattr(step, name) is not None)
        given = [(name, value) for name, values in (step.headers or {}).items() for value in values]
        if not any(name.lower() == "accept" for name, _ in given):
            given.insert(0, _JSON)
        body = (step.body or "").encode()
        follow = _FOLLOWED if step.follow else 0
        return Outcome(answer=self.phone(number).request(url, method, given, body, follow, step.at or ""))

    def _ask(self, name: str, step: Step, number: str) -> Outcome:
        return Outcome(told=self.phone(number).dig(name, step.kind or "A", step.resolver))

    def _quic(self, host: str, step: Step, number: str) -> Outcome:
        return Outcome(heard=self.phone(number).quic(host, at=step.at or ""))

    def _exchange(self, place: str, step: Step, number: str) -> Outcome:
        data = (step.send or "").encode()
        most = MOST if data else 0
        return Outcome(heard=self.phone(number).exchange(*place_of(place), data, at=step.at or "", most=most))

    def _datagram(self, place: str, step: Step, number: str) -> Outcome:
        return Outcome(
            heard=self.phone(number).datagram(*place_of(place), (step.send or "nfemu").encode(), step.at or "")
        )

    def _pay(self, pay: Pay, _: Step, number: str) -> Outcome:
        if pay.by == "phone":
            return Outcome(answer=pay_by_phone(self.client, self.phone(number), pay.amount))
        due = self.client.subscriber(number).shown_due
        if pay.amount is None and not due:
            raise Conflict(f"nothing is due on the line of {number}; write `pay: {{by: api, amount: …}}` to pay ahead")
        self.client.pay(number, pay.amount or due.amount)
        return NOTHING

    def _click(self, _: str, step: Step, number: str) -> Outcome:
        link = last_link(self.client, number)
        if link is None:
            raise Conflict(f"no message of {number} has a link")
        given = [(name, value) for name, values in (step.headers or {}).items() for value in values]
        return Outcome(answer=self.phone(number).request(link, headers=given, follow=_FOLLOWED))

    def _run(self, program: list[str], _: Step, number: str) -> Outcome:
        return Outcome(ran=self.phone(number).run(program))

    def _hang_up(self) -> None:
        for _, phone in self._phones.values():
            phone.__exit__()
        self._phones.clear()


def destination_of(act: Act, client: Client, number: str) -> str | None:
    """What an act wants to reach, as `explain` takes it; None where it is nothing."""
    match act.name:
        case "get" | "head" | "post" | "explain":
            return str(act.value)
        case "dns":
            return f"dns:{act.value}"
        case "quic":
            return f"udp://{act.value}:443"
        case "tcp" | "udp":
            return f"{act.name}://{act.value}"
        case "click":
            return last_link(client, number)
    return None


def _needed(number: str | None, act: Act) -> str:
    if number is None:
        raise InvalidInput(f"it is not said whose line `{act.name}` is for; write `as: 13800138000` with the step")
    return number
