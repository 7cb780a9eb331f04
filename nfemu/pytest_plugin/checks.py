"""Assertions that say, where they fail, what was expected, what came, and which rule of the policy decided."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nfemu.pytest_plugin.line import Response

HEADER = "X-MSISDN"
"""That carries the number to trusted sites, as shipped."""
_GIVES = {"Heard": "`quic`", "Told": "`dig`", "Ran": "`run`"}


def assert_open(response: "Response", status: int = 200) -> None:
    """The site itself answered."""
    __tracebackhide__ = True
    _check_kind(response)
    if response.status != status or response.location is not None:
        _fail(response, f"{status} from the site", _came(response))


def assert_redirected(response: "Response", to: str = "*") -> None:
    """To a place like `to`, in which `*` stands for anything."""
    __tracebackhide__ = True
    _check_kind(response)
    from nfemu.scenario.matching import matches

    if response.location is None or not matches(to, response.location):
        _fail(response, f"a redirect to {to}", _came(response))


def assert_refused(response: "Response") -> None:
    """At once, before a request could be sent: reset, refused, or CONNECT answered with 403."""
    __tracebackhide__ = True
    _check_kind(response)
    if not response.refused:
        _fail(response, "refused at once", _came(response))


def assert_enriched(response: "Response", value: str | None = None, header: str = HEADER) -> None:
    """The site received the header, once; with `value`, else the line's own number."""
    __tracebackhide__ = True
    _check_kind(response)
    wanted = value if value is not None else response.line.e164
    values = [text for name, text in _received(response) if name.lower() == header.lower()]
    if values != [wanted]:
        _fail(response, f"the site receives {header}: {wanted}", _listed(header, values))


def assert_not_enriched(response: "Response", header: str = HEADER) -> None:
    """The site received no such header in any spelling (`x_msisdn`), nor the line's number in another."""
    __tracebackhide__ = True
    _check_kind(response)
    number = response.line.line
    telling = [
        (name, text)
        for name, text in _received(response)
        if name.lower().replace("_", "-") == header.lower() or number.e164 in text or number.imsi in text
    ]
    if telling:
        got = ", ".join(f"{name}: {text}" for name, text in telling)
        _fail(response, f"the site receives no {header} and no number", f"it receives {got}")


def _check_kind(response: object) -> None:
    """Raises TypeError for what is no answer to a request."""
    __tracebackhide__ = True
    from nfemu.pytest_plugin.line import Response

    if not isinstance(response, Response):
        gave = _GIVES.get(type(response).__name__, type(response).__name__)
        raise TypeError(
            f"an answer of `get`, `post` or `request` is judged here, and this is what {gave} gave; look at its fields"
        )


def _received(response: "Response") -> list[tuple[str, str]]:
    __tracebackhide__ = True
    from nfemu.scenario.expecting import received_by_site

    received = received_by_site(response)
    if received is None:
        _fail(response, "a site of the emulated Internet, which shows what it received", _came(response))
    return received or []


def _listed(header: str, values: list[str]) -> str:
    return "it receives " + (", ".join(f"{header}: {text}" for text in values) if values else f"no {header}")


def _came(response: "Response") -> str:
    """In a few words."""
    if response.status:
        leads = f" to {response.location}" if response.location is not None else ""
        return f"{response.status}{leads}"
    return f"{response.failure} ({response.stage.value})"


def _fail(response: "Response", expected: str, got: str) -> None:
    __tracebackhide__ = True
    raise AssertionError(
        f"{response.method} {response.url} on {response.line.number}\n"
        f"  expected  {expected}\n"
        f"  got       {got}\n"
        f"  rule      {_rule(response)}"
    )


def _rule(response: "Response") -> str:
    from nfemu.model.errors import NfemuError
    from nfemu.scenario.report.text import ruled

    try:
        return ruled(response.line.explain(response.url))
    except NfemuError as error:
        return f"not to be had: {error}"
