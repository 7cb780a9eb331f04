"""Use cases that join core network and back office, their events, and the ports that the outside implements.

A use case is a generator: it yields commands (`commands.py`) and receives their results; one runner outside
executes them. It decides, it never waits, reads a clock or touches a socket, and it can be stopped and resumed at
any command, because everything that must be finished is stored before it is begun.
"""
