"""The raw requests that the tables are written with. `$names` are filled in when a case is played:

`$trusted`, `$other`: authorities; `$at_trusted`, `$at_other`: what stands before the path at an HTTP proxy, nothing
elsewhere; `$who`: the proxy's user name where one is asked for; `$forged`: the attacker's number; `$header`: the
enrichment header; `$mark`: a path of the case's own. What stands in `<<` and `>>` is there at an HTTP proxy only.
"""

from nfemu.attack.values import Send

HOST = "Host: $trusted\r\n"
SPOOF = "$header: $forged\r\n"


def to_trusted(
    extra: str = "",
    body: str = "",
    *,
    method: str = "GET",
    host: str = HOST,
    path: str = "/$mark",
    version: str = "1.1",
) -> str:
    """A whole request; `extra` are field lines behind Host."""
    return f"{method} $at_trusted{path} HTTP/{version}\r\n{host}${{who}}{extra}\r\n{body}"


def to_other(extra: str = "", body: str = "", *, method: str = "GET", host: str = "$other") -> str:
    """The same to the destination that is not trusted."""
    return f"{method} $at_other/$mark HTTP/1.1\r\nHost: {host}\r\n${{who}}{extra}\r\n{body}"


def at(authority: str) -> str:
    """A spoofed request to that authority, whoever it is."""
    return f"GET <<http://{authority}>>/$mark HTTP/1.1\r\nHost: {authority}\r\n${{who}}{SPOOF}\r\n"


def line(first: str, fields: str = HOST, end: str = "\r\n") -> str:
    """A request whose first line is as given."""
    return f"{first}\r\n{fields}${{who}}{end}"


def send(text: str, answers: int = 1) -> tuple[Send, ...]:
    return (Send(text, answers),)


def utf8(text: str) -> str:
    """Non-ASCII text as its octets."""
    return text.encode().decode("latin-1")
