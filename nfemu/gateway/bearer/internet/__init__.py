"""What lies behind the core: the emulated Internet, and with `internet: real` the way to the real one.

Theory. The core's table says what a line may send out, and is the same whichever Internet is there: what it forwards is
judged, counted, and ended by a flip in the core's kernel. What comes out of the core arrives in a namespace of its own
(`topology`). There, what belongs to the emulated Internet goes to the origins' front (`rules`); of what is left, TCP
goes to a relay, and all else is refused. The relay's listeners were made in there and are read out here, in the host's
network, from where it dials and splices (`relay`). So the host's interfaces, routes and tables stay as they are,
whether root started the carrier or not.

A packet for an address that is nobody's to dial (private, the machine's own, a line's) is refused there, as a closed
port would be; the dialler refuses it once more. What that is, and for which families the machine has a way out, is
looked up every now and then (`surroundings`).
"""
