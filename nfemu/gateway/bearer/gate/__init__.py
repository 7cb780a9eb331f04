"""The SNI gate: TLS of restricted lines, and of any line at a sinkhole address, by the name in its ClientHello."""
