"""Inside a tunnel: the name that TLS shows, and what is neither TLS nor plain HTTP."""

from nfemu.attack.expectations import enriched, forbidden, not_told, nothing, spliced
from nfemu.attack.hello import grease_and_ech, hello
from nfemu.attack.requests import SPOOF
from nfemu.attack.values import PROXY_TUNNELS, TUNNELS, Case, Expected, Family, Need, Send

_TRUSTED = "$trusted_host:$trusted_tls_port"
_OTHER = "$other_host:$other_tls_port"
_NAMES = frozenset((Need.NAMES,))
_RAW = "\0\1\2\3 no HTTP, $forged\r\n\r\n"


def _hello(
    name: str, text: str, open_: Expected | None = None, restricted: Expected | None = None, **more: str
) -> Case:
    """A ClientHello in a tunnel to the trusted origin: on an open line it always passes as it is."""
    expected = open_ or spliced(text)
    return Case(
        name,
        (Send(_literally(text), 0),),
        expected,
        restricted or expected,
        TUNNELS,
        more.get("to", _TRUSTED),
        needs=_NAMES,
    )


def _literally(text: str) -> str:
    """Octets that happen to be a `$` are no `$name`."""
    return text.replace("$", "$$")


def tls(trusted: str, other: str) -> Family:
    """The names stand in octets with lengths before them, so the table is made for them."""
    name, stranger = trusted.encode(), other.encode()
    own = hello([name])
    return Family(
        "tls",
        (
            _hello("the trusted name", own),
            _hello("the trusted name in capitals", hello([name.upper()])),
            _hello("with GREASE and an encrypted ClientHello", hello([name], grease_and_ech())),
            _hello("in many records", hello([name], record=7)),
            Case(
                "in many packets",
                (Send(_literally(own), 0, split=True),),
                spliced(own),
                forms=TUNNELS,
                to=_TRUSTED,
                needs=_NAMES,
            ),
            _hello("another name", hello([stranger]), restricted=nothing()),
            _hello("the trusted name with something behind", hello([name + b".evil.test"]), restricted=nothing()),
            _hello("the trusted name with a NUL behind", hello([name + b"\0.evil.test"]), restricted=nothing()),
            _hello("no server name", hello(), restricted=nothing()),
            _hello("an address as name", hello([b"198.18.0.1"]), restricted=nothing()),
            _hello("two names", hello([name, stranger]), not_told(), nothing()),
            _hello("two names, the other first", hello([stranger, name]), not_told(), nothing()),
            _hello(
                "another name inside an encrypted ClientHello only", hello((), grease_and_ech()), restricted=nothing()
            ),
            _hello("a record of impossible length", "\x16\x03\x01\x00\x00" + own, not_told(), nothing()),
            _hello("a hello that is no ClientHello", "\x16\x03\x01\x00\x04\x02\x00\x00\x00", not_told(), nothing()),
            _hello("SSL version 2", "\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10" + "\0" * 37, nothing()),
            _hello("the trusted name to another server", own, not_told(), forbidden(), to=_OTHER),
            _hello("a name known for HSTS, to its own server", hello([stranger]), not_told(), forbidden(), to=_OTHER),
            Case("TLS on the plain port", (Send(_literally(own), 0),), spliced(own), forms=PROXY_TUNNELS, needs=_NAMES),
            Case(
                "plain HTTP on the TLS port",
                (Send("GET /$mark HTTP/1.1\r\nHost: $trusted_host:$trusted_tls_port\r\n" + SPOOF + "\r\n"),),
                enriched(),
                forms=PROXY_TUNNELS,
                to=_TRUSTED,
            ),
            Case("neither, to the trusted origin", (Send(_RAW, 0),), nothing(), forms=TUNNELS),
            Case("neither, to somebody else", (Send(_RAW, 0),), not_told(), forbidden(), TUNNELS, _OTHER),
        ),
    )
