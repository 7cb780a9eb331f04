"""The DNS of bearers: all port-53 traffic of all lines comes here (architecture, section 5; `policy.dns` says what each
question gets).

From outside to inside: `udp` and `tcp` carry messages on sockets that were made in the core network; `desk` finds the
line and remembers answers; `answering` turns a verdict into octets (`messages`); `truth` looks names up and has them
bound; `upstream` passes on what only the real Internet knows. Rules:

* A source that is no attached line's is refused, and so is everybody while the lines may be out of date.
* A bound name's addresses are told when the binding is acknowledged, and no answer is given without one in force: a
  binding lasts ten minutes, and what is remembered of one or made from it is one or two minutes old at the most.
* Everything that a client makes us keep is bounded: questions under way, connections, remembered answers, sinkholes.
"""

from nfemu.gateway.bearer.dns.service import DnsService, DnsSockets

__all__ = ["DnsService", "DnsSockets"]
