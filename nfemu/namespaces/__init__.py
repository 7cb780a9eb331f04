"""Linux namespaces: the system calls, and the way onto a phone's line.

A room of its own, since both sides need it: the gateway, which makes the networks, and clients, which enter them. It
knows neither; the standard library only, since commands answer at once.
"""
