"""The policy as one nftables table: pure data in, pure data out; `render` alone knows nft's grammar.

What may live here: the table that the kernel executes on bearers, the changes to it, and the specification that both
are compared with (`specification`). Nothing that loads a table.

The theory, in order of appearance:

* The kernel sees addresses and ports, never a name. So it forwards only what `decide` allows whatever name the flow
  may carry; where a name will decide, it steers to a point that reads one: HTTP engine, redirect responder, SNI gate.
  A rule of the policy that cannot be kept that way is refused with its id (`ports`), and nothing is loaded.
* A name that a restricted profile allows makes where it leads a place of its own for every line (`named`): TLS of open
  lines is read there too, since a restriction lets it go on by its name only.
* Names are read in HTTP and in TLS, and the port says by whom: TLS alone on `tls_ports` of the plan, both on port 80,
  every other port of a group with hosts, every other port of a trusted group, where the engine tells them apart by
  their first octet. A port means the same under all profiles.
* A subscriber is an element, never a rule. The source address gives the packet a mark, the number of its profile, and
  every hook goes by that mark: a flip changes one element for each address of the line and moves all its flows,
  new and open, because the filter judges every packet of a flow in both directions (`profile_chains`).
* A UE owns its /64 (TS 23.401 clause 5.3.1.2.2): whatever it takes from it is its own, so IPv6 is keyed by prefix.
* TCP that needs no more judging is sent on by a second table, which knows nothing but what the first has let through
  and the mark of each line (`lanes`).
* The rules are derived from the policy alone and are replaced whole; the elements outlive them (`render`, `updates`).
* An unknown source is dropped, a known one without a profile is refused, and so is one whose profile has gone.
"""
