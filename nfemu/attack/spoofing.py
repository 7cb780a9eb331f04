"""The phone says a number itself: in every spelling, place and framing that some server takes for the header."""

from nfemu.attack.expectations import enriched, forbidden, nothing, plain, refused
from nfemu.attack.requests import HOST, SPOOF, line, send, to_other, to_trusted, utf8
from nfemu.attack.values import TUNNELS, Case, Expected, Family, Form, Need

SEEN_IN_NETWORKS = (
    "X-MSISDN",
    "MSISDN",
    "x-up-calling-line-id",
    "x-nokia-msisdn",
    "x-jinny-cid",
    "x-hts-clid",
    "x-fh-msisdn",
    "x-h3g-msisdn",
    "x-wte-msisdn",
    "x-up-subno",
    "x-network-info",
    "X-WAP-NETWORK-CLIENT-MSISDN",
    "X-WAP-3GPP-IMSI",
    "X-WAP-3GPP-SGSN-ADDRESS",
    "X-WAP-3GPP-RAT-TYPE",
    "x-acr",
    "x-vf-acr",
    "X-UIDH",
)
_ALL = "".join(f"{name}: $forged\r\n" for name in SEEN_IN_NETWORKS)
_BODY = "POST", "Content-Length: 4\r\n"
_TWO = "Proxy-Authorization: Basic $forged_credentials\r\n"


def _removed(name: str, extra: str, body: str = "", *, method: str = "GET") -> Case:
    return Case(name, send(to_trusted(extra, body, method=method)), enriched())


def _malformed(name: str, extra: str, expected: Expected | None = None) -> Case:
    return Case(name, send(to_trusted(extra)), expected or refused())


SPOOFING = Family(
    "spoofing",
    (
        Case("nothing forged", send(to_trusted()), enriched()),
        _removed("the header itself", SPOOF),
        _removed("the header twice", SPOOF + SPOOF),
        _removed("the true value and a forged one", "$header: $value\r\n" + SPOOF),
        _removed("two values in one field", "$header: $value, $forged\r\n"),
        _removed("another case", "$header_swapped: $forged\r\n"),
        _removed("underscores", "$header_underscored: $forged\r\n"),
        _removed("mixed dashes and underscores, other case", "$header_mixed: $forged\r\n"),
        _removed("dots", "$header_dotted: $forged\r\n"),
        _removed("a dash percent-encoded", "$header_encoded: $forged\r\n"),
        _removed("a dash at the end", "$header-: $forged\r\n"),
        _removed("every name seen in networks", _ALL),
        _removed("in a cookie", "Cookie: a=b; User-Identity-Forward-msisdn=$forged\r\n"),
        _removed(
            "X-Forwarded-For, Forwarded, X-Real-IP",
            "".join(f"{name}: $forged\r\n" for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP")),
        ),
        _removed("behind 120 other fields", "".join(f"X-{number}: x\r\n" for number in range(120)) + SPOOF),
        _removed("beside a body", _BODY[1] + SPOOF, "abcd", method=_BODY[0]),
        _removed(
            "in a trailer", "Transfer-Encoding: chunked\r\n", "4\r\nabcd\r\n0\r\n" + SPOOF + "\r\n", method="POST"
        ),
        _removed(
            "in a trailer that is announced",
            "Trailer: $header\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n",
            "4\r\nabcd\r\n0\r\n" + SPOOF + "\r\n",
            method="POST",
        ),
        _removed("nominated in Connection", "Connection: $header\r\n" + SPOOF),
        _removed("nominated in Connection beside others", "Connection: keep-alive, $header, x-a\r\n" + SPOOF),
        _removed("nominated with close", "Connection: close, $header\r\n" + SPOOF),
        _removed("Host nominated in Connection", "Connection: Host\r\n" + SPOOF),
        _removed("nominated, and the true value sent", "Connection: $header\r\n$header: $value\r\n"),
        Case("HTTP/1.0", send(to_trusted(SPOOF, version="1.0")), enriched()),
        _removed("method override", "X-HTTP-Method-Override: PUT\r\n" + SPOOF),
        _removed(
            "Expect: 100-continue with a body",
            "Expect: 100-continue\r\nContent-Length: 4\r\n" + SPOOF,
            "abcd",
            method="POST",
        ),
        Case("second pipelined request", send(to_trusted() + to_trusted(SPOOF), 2), enriched(2)),
        Case(
            "third of three kept-alive requests",
            (*send(to_trusted()), *send(to_trusted()), *send(to_trusted(SPOOF))),
            enriched(3),
        ),
        Case(
            "behind a body",
            send(to_trusted("Content-Length: 4\r\n", "abcd", method="POST") + to_trusted(SPOOF), 2),
            enriched(2),
        ),
        Case("after empty lines", send("\r\n\r\n" + to_trusted(SPOOF)), enriched()),
        _malformed("blank before the colon", "$header : $forged\r\n"),
        _malformed("tab before the colon", "$header\t: $forged\r\n"),
        _malformed("folded line (obs-fold)", "X-A: a\r\n $header: $forged\r\n"),
        _malformed("folded line with a tab", "X-A: a\r\n\t$header: $forged\r\n"),
        Case("folded first line", send(to_trusted(host=" $header: $forged\r\n" + HOST)), refused()),
        _malformed("NUL in the name", "$header\0: $forged\r\n"),
        _malformed("NUL in the value", "X-A: a\0\r\n" + SPOOF),
        _malformed("control character before the name", "\x0b$header: $forged\r\n"),
        _malformed("control character in a value", "X-A: a\x0b\r\n" + SPOOF),
        _malformed("DEL in a value", "X-A: a\x7f\r\n" + SPOOF),
        _malformed("bare CR as line end", "X-A: a\r$header: $forged\r\n"),
        _malformed("bare LF as line end", "X-A: a\n$header: $forged\r\n"),
        _malformed("CR CR LF as line end", "X-A: a\r\r\n$header: $forged\r\n"),
        Case(
            "every line with bare LF",
            send("GET $at_trusted/$mark HTTP/1.1\nHost: $trusted\n$who_lf$header: $forged\n\n"),
            refused(),
        ),
        Case(
            "LF LF, then more fields",
            send("GET $at_trusted/$mark HTTP/1.1\r\nHost: $trusted\r\n$who\n\n" + SPOOF + "\r\n"),
            refused(),
        ),
        _malformed("unicode dash in the name", utf8("X\u2010MSISDN: $forged\r\n")),
        _malformed("no name", ": $forged\r\n"),
        _malformed("no colon", "$header $forged\r\n"),
        _malformed("quotes in the name", '"$header": $forged\r\n'),
        _malformed("70 KiB of fields before it", "X-A: " + "a" * 70_000 + "\r\n" + SPOOF, refused()),
        _malformed("1,500 fields before it", "X-A: a\r\n" * 1500 + SPOOF, refused()),
        Case("70 KiB of target", send(to_trusted(SPOOF, path="/" + "a" * 70_000)), refused()),
        Case("HTTP/0.9", send("GET $at_trusted/$mark\r\n" + SPOOF + "\r\n"), nothing()),
        Case(
            "to a destination that is not trusted",
            send(to_other(_ALL)),
            plain(),
            forbidden(),
            to="$other_host:$other_port",
        ),
        Case(
            "second request to a destination that is not trusted",
            send(to_other() + to_other(_ALL), 2),
            plain(2),
            forbidden(),
            to="$other_host:$other_port",
        ),
        Case(
            "two numbers as proxy user name",
            send(to_trusted(_TWO)),
            refused(407, 400),
            forms=frozenset((Form.PROXY,)),
            needs=frozenset((Need.USER_NAME,)),
        ),
        Case(
            "another number as user name of the second request",
            (*send(to_trusted()), *send("GET $at_trusted/$mark HTTP/1.1\r\n" + HOST + _TWO + "\r\n")),
            enriched(1),
            forms=frozenset((Form.PROXY,)),
            needs=frozenset((Need.USER_NAME,)),
        ),
        Case("another number as user name inside a tunnel", send(to_trusted(_TWO)), enriched(), forms=TUNNELS),
        Case(
            "a nobody's number as user name",
            send("GET $at_trusted/ HTTP/1.1\r\n" + HOST + _TWO + "\r\n"),
            refused(407, 403),
            forms=frozenset((Form.PROXY,)),
            needs=frozenset((Need.USER_NAME,)),
        ),
        Case(
            "Authorization instead of Proxy-Authorization",
            send("GET $at_trusted/ HTTP/1.1\r\n" + HOST + "Authorization: Basic $forged_credentials\r\n\r\n"),
            refused(407, 403),
            forms=frozenset((Form.PROXY,)),
            needs=frozenset((Need.USER_NAME,)),
        ),
        Case(
            "PROXY protocol version 1 in front", send("PROXY TCP4 10.0.0.1 10.0.0.2 1 80\r\n" + to_trusted()), refused()
        ),
        Case(
            "PROXY protocol version 2 in front",
            send("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x0a\0\0\1\x0a\0\0\2\0\1\0\x50" + to_trusted()),
            nothing(),
        ),
        Case("HTTP/2 with prior knowledge", send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"), nothing()),
        Case("a line without a method", send(line("$at_trusted/$mark HTTP/1.1", HOST + SPOOF)), refused()),
    ),
)
