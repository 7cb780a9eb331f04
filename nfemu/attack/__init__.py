"""A black-box attack on an enrichment proxy: raw bytes to the proxy, and what of them reached an origin.

Theory. A proxy that tells an origin whose phone is asking is only worth what the worst request says about it. So each
case is raw bytes, as no HTTP library would write them; two recording origins, one that the proxy trusts and one that
it does not, keep every byte that arrives; and a case is scored on what arrived there and what the client got.

`values.py` says what a case is; the tables are `spoofing.py`, `smuggling.py`, `authority.py`, `tls.py`, `state.py` and
`beyond.py` (rows of the catalogue that no proxy client can play); `expectations.py` says what is right; `access.py`
opens a connection in one of four forms; `runner.py` plays the cases one after the other; `report.py` prints.

It is a client like any other: it knows nothing of nfemu's gateway. It sends little, one connection at a time, each
case bounded in bytes and seconds, to loopback unless told that the network is the caller's own.
"""
