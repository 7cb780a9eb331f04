"""Whose request is it: names, addresses, and every place where a request says them twice."""

from nfemu.attack.expectations import enriched, forbidden, not_told, nothing, refused
from nfemu.attack.requests import HOST, SPOOF, at, line, send, to_other, to_trusted
from nfemu.attack.values import PLAIN, PROXY_TUNNELS, TUNNELS, Case, Expected, Family, Form, Need

_PROXY = frozenset((Form.PROXY,))
_CONNECT = frozenset((Form.CONNECT,))
_SOCKS = frozenset((Form.SOCKS,))
_NAMES = frozenset((Need.NAMES,))
_ADDRESSES = frozenset((Need.ADDRESSES,))
_OTHER = "Host: $other\r\n"


def _host(name: str, host: str) -> Case:
    return Case(name, send(to_trusted(SPOOF, host=host)), refused())


def _target(name: str, target: str, expected: Expected | None = None) -> Case:
    return Case(name, send(line(f"GET {target} HTTP/1.1", HOST + SPOOF)), expected or refused())


def _absolute(name: str, uri: str, host: str, expected: Expected, forms: frozenset[Form] = PLAIN) -> Case:
    return Case(name, send(line(f"GET {uri}/$mark HTTP/1.1", host + SPOOF)), expected, forms=forms)


def _spelling(name: str, host: str) -> Case:
    """The trusted name, written otherwise, everywhere in the request and where the tunnel leads."""
    return Case(name, send(at(f"{host}$trusted_colon_port")), enriched(), to=f"{host}:$trusted_port", needs=_NAMES)


def _stranger(name: str, host: str) -> Case:
    """Another name that looks like the trusted one."""
    return Case(
        name, send(at(f"{host}$trusted_colon_port")), not_told(), forbidden(), to=f"{host}:$trusted_port", needs=_NAMES
    )


def _literal(name: str, host: str, port: str = "$trusted_port_here") -> Case:
    """An address of this machine or of a private network, where something listens."""
    return Case(name, send(at(f"{host}:{port}")), nothing(), to=f"{host}:{port}", needs=_NAMES | {Need.GUARD})


def _tunnel_at(name: str, to: str, host: str, expected: Expected, forms: frozenset[Form] = TUNNELS) -> Case:
    """Client-side DNS: the tunnel leads to an address, the request in it claims a name."""
    text = f"GET /$mark HTTP/1.1\r\nHost: {host}\r\n{SPOOF}\r\n"
    return Case(name, send(text), expected, forbidden(), forms=forms, to=to, needs=_ADDRESSES)


def _connect(name: str, first: str, expected: Expected, host: str = HOST) -> Case:
    """A CONNECT request as it stands, at the proxy itself."""
    return Case(name, send(f"{first}\r\n{host}$user\r\n" + to_trusted(SPOOF), 2), expected, forms=_CONNECT, raw=True)


def _socks(name: str, text: str) -> Case:
    return Case(name, send(text + to_trusted(SPOOF), 0), nothing(), forms=_SOCKS, raw=True)


AUTHORITY = Family(
    "authority",
    (
        _host("two different Hosts", "Host: $trusted\r\nHost: $other\r\n"),
        _host("two different Hosts, the other first", "Host: $other\r\nHost: $trusted\r\n"),
        _host("two equal Hosts", "Host: $trusted\r\nHost: $trusted\r\n"),
        _host("no Host on HTTP/1.1", ""),
        _host("an empty Host", "Host: \r\n"),
        _host("Host with a blank before the colon", "Host : $trusted\r\n"),
        _host("Host on a folded line", "Host:\r\n $trusted\r\n"),
        _host("Host as a list", "Host: $trusted, $other\r\n"),
        _host("Host with a blank inside", "Host: $trusted $other\r\n"),
        _host("Host with a tab inside", "Host: $trusted\t$other\r\n"),
        _host("Host with user information", "Host: $other@$trusted\r\n"),
        _host("Host with the trusted name as user information", "Host: $trusted@$other\r\n"),
        _host("Host with a path", "Host: $trusted/\r\n"),
        _host("Host with a question mark", "Host: $trusted?$other\r\n"),
        _host("Host with a backslash", "Host: $trusted\\\r\n"),
        _host("Host with a scheme", "Host: http://$trusted\r\n"),
        _host("Host with port 0", "Host: $trusted_host:0\r\n"),
        _host("Host with port 65616", "Host: $trusted_host:65616\r\n"),
        _host("Host with port 80x", "Host: $trusted_host:80x\r\n"),
        _host("Host with two ports", "Host: $trusted_host:80:80\r\n"),
        _host("Host with NUL", "Host: $trusted\0.evil.test\r\n"),
        _host("Host percent-encoded", "Host: $trusted_encoded\r\n"),
        _absolute("absolute URI that differs from Host", "http://$trusted", _OTHER, refused()),
        _absolute("absolute URI of somebody else, Host trusted", "http://$other", HOST, refused()),
        _absolute("absolute URI of somebody else inside a tunnel", "http://$other", _OTHER, refused(), PROXY_TUNNELS),
        _absolute("absolute URI in capitals", "HTTP://$trusted", HOST, enriched()),
        _target("user information in the target", "http://$other@$trusted/$mark"),
        _target("the trusted name as user information", "http://$trusted@$other/$mark"),
        _target("a backslash in the target's authority", "http://$trusted\\@$other/$mark"),
        _target("a fragment in the target", "$at_trusted/$mark#@$other/"),
        _target("https in the target", "https://$trusted/$mark"),
        _target("ftp in the target", "ftp://$trusted/$mark"),
        _target("ws in the target", "ws://$trusted/$mark"),
        _target("file in the target", "file:///etc/passwd"),
        _target("a target with an empty authority", "http:///$mark"),
        _target("a target with one slash", "http:/$trusted/$mark"),
        _target("a target without slashes", "http:$trusted/$mark"),
        _target("a target that is a name", "$trusted"),
        _target("an asterisk for GET", "*"),
        Case(
            "a target with two slashes", send(line("GET $at_trusted//$other/$mark HTTP/1.1", HOST + SPOOF)), enriched()
        ),
        Case(
            "HTTP/1.0 without Host", send(line("GET http://$trusted/$mark HTTP/1.0", SPOOF)), enriched(), forms=_PROXY
        ),
        _spelling("capitals", "$trusted_upper"),
        _spelling("a dot at the end", "$trusted_host."),
        Case(
            "its port written out",
            send(at("$trusted_host:$trusted_port")),
            enriched(),
        ),
        _spelling("full-width letters (UTS-46)", "$trusted_wide"),
        _stranger("a prefix in front", "evil$trusted_host"),
        _stranger("a label in front", "evil.$trusted_host"),
        _stranger("a suffix behind", "$trusted_host.evil.test"),
        _stranger("one letter short", "$trusted_short"),
        _stranger("a Cyrillic letter", "$trusted_cyrillic"),
        _stranger("an underscore for a dot", "$trusted_underscored"),
        Case(
            "an ill-formed name",
            send(at("$trusted_host..$trusted_colon_port")),
            refused(),
            to="$trusted_host..:$trusted_port",
            forms=PLAIN,
            needs=_NAMES,
        ),
        _literal("127.0.0.1", "127.0.0.1"),
        _literal("127.1", "127.1"),
        _literal("0x7f000001", "0x7f000001"),
        _literal("2130706433", "2130706433"),
        _literal("0177.0.0.1", "0177.0.0.1"),
        _literal("0.0.0.0", "0.0.0.0"),
        _literal("localhost", "localhost"),
        _literal("[::ffff:127.0.0.1]", "[::ffff:127.0.0.1]"),
        _literal("[::1]", "[::1]"),
        _literal("169.254.169.254", "169.254.169.254", "80"),
        _tunnel_at("the trusted name at another address", "$other_address:80", "$trusted", not_told()),
        _tunnel_at("another name at the trusted address", "$trusted_address:$trusted_port", "$other", not_told()),
        _tunnel_at(
            "the trusted name at its own address",
            "$trusted_address:$trusted_port",
            "$trusted",
            enriched(),
            PROXY_TUNNELS,
        ),
        Case(
            "a tunnel to the trusted name, Host of somebody else",
            send(to_other(SPOOF)),
            not_told(),
            refused(400, 302),
            forms=TUNNELS,
        ),
        Case(
            "a tunnel to somebody else, Host trusted",
            send(to_trusted(SPOOF)),
            not_told(),
            forbidden(),
            forms=TUNNELS,
            to="$other_host:$other_port",
        ),
        _connect("CONNECT without a port", "CONNECT $trusted_host HTTP/1.1", refused()),
        _connect("CONNECT in lower case", "connect $trusted_host:$trusted_port HTTP/1.1", refused()),
        _connect("CONNECT with a URL", "CONNECT http://$trusted/ HTTP/1.1", refused()),
        _connect(
            "CONNECT with another Host",
            "CONNECT $trusted_host:$trusted_port HTTP/1.1",
            refused(),
            "Host: $other_host:81\r\n",
        ),
        Case(
            "CONNECT inside a tunnel",
            send(line("CONNECT $trusted_host:$trusted_port HTTP/1.1", "Host: $trusted_host:$trusted_port\r\n")),
            refused(),
            forms=TUNNELS,
        ),
        _socks("SOCKS version 4", "\x04\x01\x00\x50\x0a\x00\x00\x01x\x00"),
        _socks("SOCKS without a user name", "\x05\x01\x00\x05\x01\x00\x03$trusted_counted\x00\x50"),
        _socks("SOCKS BIND", "$socks\x05\x02\x00\x03$trusted_counted\x00\x50"),
        _socks("SOCKS UDP ASSOCIATE", "$socks\x05\x03\x00\x03$trusted_counted\x00\x50"),
        _socks("SOCKS with an unknown address type", "$socks\x05\x01\x00\x02$trusted_counted\x00\x50"),
        _socks("SOCKS with a reserved octet set", "$socks\x05\x01\x01\x03$trusted_counted\x00\x50"),
        _socks("SOCKS port 0", "$socks\x05\x01\x00\x03$trusted_counted\x00\x00"),
        _socks("SOCKS with an address as a name", "$socks\x05\x01\x00\x03\x09127.0.0.1${trusted_port_octets}"),
        _socks("SOCKS name with a NUL", "$socks\x05\x01\x00\x03$trusted_nul_counted\x00\x50"),
    ),
)
