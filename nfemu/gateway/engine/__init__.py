"""The data plane inside one worker: mitmproxy's connection handling and HTTP state machine, our judgement.

Theory. A client connection is a stack of layers (mitmproxy's sans-IO generators) that take events and yield commands;
`connection.py` alone performs them. The stack has one entrance for bytes that ask for something:

* `client_side.py` reads request heads strictly, has each judged, and answers refusals itself, so that mitmproxy's
  streams exist for allowed requests only and no byte of a refused one goes any further;
* `socks.py` does the same for SOCKS requests;
* `tunnel.py` looks at the first bytes inside a CONNECT or SOCKS tunnel: TLS is spliced, plain HTTP goes back to the
  first.

`judge.py` asks the policy; `dial.py` opens what was allowed; `flows.py` knows what to cut when a line changes, and
`keeping.py` cuts it.

What knows no mitmproxy (these four, `meter.py`, `responses.py`) serves in the control process too, behind bearers:
so this package imports nothing by itself.
"""
