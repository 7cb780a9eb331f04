"""The core network in namespaces of its own: phones, the emulated Internet, and nftables between them.

A child process of the control process lives there (`core.py`) and does what needs to be done inside; everything that
decides stays outside. The control process asks it over one socket (`client.py`, `messages.py`) and is given listening
sockets that were made inside: a socket belongs to the namespace in which it was made, wherever it is read.
"""
