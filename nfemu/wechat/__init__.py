"""WeChat Pay API v3 as both of its sides see it: signatures, encrypted resources, what may happen to a trade, faults.

Pure, for the emulated provider, for the portal as its merchant, and for whoever looks into a signature. `cryptography`
does the arithmetic; keys, nonces and times are arguments. Money is in fen, as integers.
"""
