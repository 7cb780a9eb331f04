"""The header fields that leave the gateway: hop-by-hop ones end here (RFC 9110 section 7.6.1).

What a client nominates in `Connection` is for this hop and removed too, except what frames and routes the message:
nominating those must not change where it goes or where it ends.
"""

from nfemu.wire.http_head import Fields, RequestHead

_HOP_BY_HOP = frozenset(
    (b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"upgrade", b"http2-settings")
)
_KEPT = frozenset((b"host", b"content-length", b"transfer-encoding", b"sec-websocket-key", b"sec-websocket-version"))
_ORDINARY = frozenset((b"close", b"keep-alive"))
_WEBSOCKET: Fields = [(b"Connection", b"Upgrade"), (b"Upgrade", b"websocket")]


def forwarded_fields(head: RequestHead, host: str) -> Fields:
    """The request's fields without those of the client's connection; a WebSocket upgrade is asked for anew. Any other,
    and one without what its handshake needs, goes on as an ordinary request.

    `host` is what was judged, in one spelling, and is what the origin is told, also where an HTTP/1.0 client left Host
    out beside an absolute target (RFC 9112 section 3.2.2).
    """
    dropped = _HOP_BY_HOP
    options = head.connection_options
    if not options <= _ORDINARY:
        dropped = (dropped | options) - _KEPT
    if head.expects_continue:
        dropped = dropped | {b"expect"}
    dropped |= {b"host"}
    fields = [(b"Host", host.encode()), *(item for item in head.fields if item[0].lower() not in dropped)]
    return fields + _WEBSOCKET if head.wants_websocket else fields
