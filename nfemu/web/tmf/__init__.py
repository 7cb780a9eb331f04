"""TM Forum's Open APIs over the same carrier: TMF629, TMF654, and the hub of TMF688 (docs/tm-forum.md)."""
