"""What may be written in a scenario file. The JSON Schema for editors is made from these models."""

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StrictBool,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from nfemu.files.sections import CUSTOM, Section
from nfemu.model.identity import Msisdn
from nfemu.model.moments import moment_of
from nfemu.scenario.forms import (
    check_event,
    check_field_name,
    check_field_value,
    check_message,
    check_record_kind,
    check_state,
    check_url,
    checked,
    place_of,
)

_PLAIN: dict[str, Any] = {"type": ["string", "number"]}
"""In an editor's eyes a phone number and an amount are numbers."""


def _listed(value: object) -> object:
    """One where several are possible."""
    return [value] if isinstance(value, str | dict) else value


def _words(value: object) -> object:
    """A command as a shell user writes it."""
    import shlex

    if not isinstance(value, str):
        return value
    try:
        return shlex.split(value)
    except ValueError as error:
        text = f"`{value}` has an open quote ({error}); close it"
        raise PydanticCustomError(CUSTOM, "{text}", {"text": text}) from None


def _amount_alone(value: object) -> object:
    """`pay: 29.00`."""
    return {"amount": value} if isinstance(value, str) else value


def _kind_alone(value: object) -> object:
    """A message of any text."""
    return {value: "*"} if isinstance(value, str) else value


def _digits(value: object) -> object:
    return int(value) if isinstance(value, str) and value.isdigit() else value


def _only_true(value: bool) -> bool:
    if not value:
        raise PydanticCustomError(CUSTOM, "`false` does nothing; write `true`, or leave the step out")
    return value


class _OrPlain:
    """For an editor, one plain value is possible in place of the mapping."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [handler(schema), _PLAIN]}


Number = Annotated[
    str,
    Field(pattern=r"^\+?[0-9]{3,15}$", examples=["13800138000"]),
    checked(Msisdn.parse),
    WithJsonSchema(_PLAIN),
]
Amount = Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)?$", examples=["59.00"]), WithJsonSchema(_PLAIN)]
Span = Annotated[str, Field(pattern=r"^([0-9]+[smhd])+$", examples=["15m"])]
Moment = Annotated[str, checked(moment_of)]
Url = Annotated[str, checked(check_url)]
HostPort = Annotated[str, checked(place_of)]
StateName = Annotated[str, checked(check_state)]
Whole = Annotated[int, BeforeValidator(_digits)]
Pattern = Annotated[str, Field(examples=["http://portal.carrier.example/*"])]
"""`*` stands for anything."""
_SEVERAL = WithJsonSchema({"type": ["string", "array"], "items": {"type": "string"}})
Patterns = Annotated[list[Pattern], BeforeValidator(_listed), Field(min_length=1), _SEVERAL]
PatternsOrNone = Annotated[list[Pattern], BeforeValidator(_listed), _SEVERAL]
"""An empty list says that there is nothing."""
Events = Annotated[
    list[Annotated[str, checked(check_event)]],
    BeforeValidator(_listed),
    _SEVERAL,
]
Fields = dict[
    Annotated[str, checked(check_field_name)],
    Annotated[
        list[Annotated[str, checked(check_field_value)]],
        BeforeValidator(_listed),
        _SEVERAL,
    ],
]
Kind = Annotated[str, checked(check_message)]
Message = Annotated[dict[Kind, Pattern], BeforeValidator(_kind_alone), WithJsonSchema({"type": ["string", "object"]})]
Numbers = Annotated[
    list[Number], BeforeValidator(_listed), WithJsonSchema({"type": ["array", "string", "number"], "items": _PLAIN})
]
Command = Annotated[
    list[str],
    BeforeValidator(_words),
    Field(min_length=1, examples=["curl -si http://news.example/"]),
    _SEVERAL,
]


def _documented(text: str, **more: Any) -> Any:
    return Field(default=None, description=text, **more)


class Written(Section):
    """Fields are written under their aliases."""

    model_config = ConfigDict(populate_by_name=False)


class Given(Written):
    """What is so before the first step. The carrier is as in `state`, and nothing else has happened."""

    carrier: str | None = _documented("A carrier's overlay; it is then played on a temporary carrier.")
    settings: dict[str, Annotated[str, WithJsonSchema(_PLAIN)]] | None = _documented(
        "Single values of the configuration, as `--set` takes them; it is then played on a temporary carrier.",
        examples=["{dunning.restricted_profile: barred}"],
    )
    state: StateName = Field(default="initial", description="The saved state that it starts from.")
    clock: Moment | None = _documented("What time it is, with its zone; needs a test clock.")
    charged: dict[Number, Amount] | None = _documented("Fees, by number.", examples=["{13800138000: 59.00}"])
    restricted: Numbers | None = _documented("Lines that are restricted by hand.")
    detached: Numbers | None = _documented("Lines that have no session.")
    profile: dict[Number, str] | None = _documented("APN profiles, by number.", examples=["{13800138000: inflight}"])


class Pay(Written):
    line: Number | None = _documented("Whose bill; the step's line without it.", alias="as")
    amount: Amount | None = _documented("All that is due without it.")
    by: Literal["phone", "api"] = Field(default="phone", description="Through portal and provider, or by API.")


class Used(Written):
    least: Whole = 1
    most: Whole | None = None


class Expect(Written):
    """What must come of a step. Patterns: `*` stands for anything that is there."""

    status: Whole | None = _documented("HTTP status.", examples=["302"])
    redirect: Pattern | None = _documented("Where the answer leads.")
    arrives: Pattern | None = _documented("The URL where the redirects ended.")
    refused: StrictBool | None = _documented("Turned away at once: reset, refused, or CONNECT answered with 403.")
    failure: Pattern | None = _documented(
        "What failed, in words such as `no such name` or `no answer in time`; `*`: something did.", min_length=1
    )
    shows: Patterns | None = _documented("Each is somewhere in the answer.")
    hides: Patterns | None = _documented("None of them is in the answer.")
    headers: dict[str, Pattern] | None = _documented("Headers of the answer, the first of each name.", min_length=1)
    received: dict[str, Pattern] | None = _documented(
        "Headers that the site received, each once; with `*` once or more often.", min_length=1
    )
    not_received: Patterns | None = _documented("Headers that the site did not receive, in any spelling.")
    answer: Patterns | None = _documented(
        "Of a DNS question: `real`, `sinkhole`, `no data`, `no such name`, or records."
    )
    exit: Whole | None = _documented("Exit status of a program; 0 without it.")
    prints: Patterns | None = _documented("Each is somewhere in what a program printed.")
    verdict: Literal["allow", "redirect", "reject"] | None = _documented("Of `explain`.")
    rule: Pattern | None = _documented("Of `explain`.")
    changes: PatternsOrNone | None = _documented("Lines of a reload's answer; `[]`: nothing changes.")
    balance: Annotated[str, WithJsonSchema(_PLAIN)] | None = _documented("Of the account, as 1.00.")
    standing: Literal["in credit", "in grace", "overdue"] | None = None
    ordered: Literal["open", "arrears", "barred"] | None = _documented("The profile that the HSS holds.")
    effective: Pattern | None = _documented("The APN profile that is in force; `none` where there is none.")
    attached: StrictBool | None = None
    notices: list[Message] | None = _documented(
        "The messages of this step, and no other: each its kind, or its kind and its text; `[]`: none.",
        examples=['[restored, {payment confirmed: "*¥29.00*"}]'],
    )
    events: Events | None = _documented(
        "Events on the line's timeline in this step, in this order; others may lie between. `[]`: none."
    )
    used: dict[str, Used] | None = _documented(
        "Octets of the line today, by destination group; `none`: of no group.", min_length=1
    )


class Step(Written):
    """One thing that is done, and what must come of it."""

    line: Number | None = _documented("Whose line; the one before without it.", alias="as")
    needs: Literal["bearer", "IPv4", "IPv6"] | None = _documented(
        "Left out where lines have no IP interface, or this one no address of that family."
    )
    get: Url | None = _documented("Ask for a URL.", examples=["http://news.example/"])
    head: Url | None = None
    post: Url | None = None
    headers: Fields | None = _documented("Sent with the request; several of one name as a list.")
    body: str | None = _documented("Sent with the request.")
    follow: StrictBool | None = _documented("Whether to follow redirects.")
    within: Span | None = _documented("Done again, for so long, until it is as expected.", examples=["5s"])
    at: str | None = _documented("The address to go to, instead of asking for the name.")
    dns: str | None = _documented("Ask the DNS for a name.", examples=["news.example"])
    kind: Annotated[str, checked(check_record_kind)] | None = _documented("Of DNS records; A without it.")
    resolver: str | None = _documented("Another than the line's own.")
    quic: str | None = _documented("Knock with QUIC at a site.", examples=["news.example"])
    tcp: HostPort | None = _documented("Connect to HOST:PORT.", examples=["192.0.2.1:22"])
    udp: HostPort | None = _documented("Send a datagram to HOST:PORT.", examples=["192.0.2.1:53"])
    send: str | None = _documented("Octets for `tcp` and `udp`, as text.")
    attach: Number | None = None
    detach: Number | None = None
    restrict: Number | None = _documented("By hand; holds until a restore.")
    restore: Number | None = None
    profile: str | None = _documented("Give the line another APN profile.", examples=["inflight"])
    charge: Amount | None = _documented("A fee.")
    pay: Annotated[Pay, BeforeValidator(_amount_alone), _OrPlain()] | None = _documented("Pay what is due, or so much.")
    autodeduct: Literal["sign", "revoke"] | None = None
    bank: Literal["accept", "decline", "unreachable", "silent"] | None = _documented("What the bank answers.")
    advance: Span | None = _documented("Move business time; needs a test clock, unless of an `account` alone.")
    account: str | None = _documented("Whose own clock is advanced; the carrier's goes on as before.")
    reload: Annotated[StrictBool, AfterValidator(_only_true)] | None = _documented("Read the configuration again.")
    click: Literal["sms"] | None = _documented("Open the link in the last message.")
    run: Command | None = _documented("A program on the line.")
    explain: str | None = _documented("May the line go there, and by which rule?")
    save: StateName | None = _documented("Keep the whole carrier as a state of that name, until the scenario ends.")
    load: StateName | None = _documented("Go back to a state that the scenario saved, else to one of the carrier's.")
    expect: Expect = Expect()

    @property
    def whose(self) -> str | None:
        """The line that it is about, where it says so."""
        paying = self.pay.line if self.pay is not None else None
        own = (self.attach, self.detach, self.restrict, self.restore)
        return self.line or paying or next((number for number in own if number is not None), None)


class ScenarioFile(Written):
    """A journey of one subscriber or several."""

    name: str = Field(min_length=1, examples=["G4 a blocked page leads to the portal"])
    about: str = Field(default="", description="Why it is so, for readers.")
    needs: Literal["bearer"] | None = _documented("Left out where lines have no IP interface.")
    line: Number | None = _documented("Whose line, until a step says otherwise.", alias="as")
    given: Given = Given()
    steps: list[Step] = Field(min_length=1, examples=["[{get: http://news.example/, expect: {status: 302}}]"])
