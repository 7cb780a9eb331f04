"""A capture's client side, sent again over a line: what became of each flow.

`flows.py` finds the flows of a capture, `kinds.py` what each was (a question, requests, a TLS hello, octets),
`sending.py` sends it over a line's `Phone`, and `playing.py` does all of it. A client of lines that reads octets by
`wire`; it knows the API and nothing of the carrier.
"""
