"""The core network's state: HSS, PGW and address pools, as plain functions and state machines.

Nothing here stores or sends. The HSS decides *whether* a line gets an address (G8), the PGW *which* (G9).
"""
