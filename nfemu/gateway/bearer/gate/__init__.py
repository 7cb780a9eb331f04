"""The SNI gate: TLS by the name in its ClientHello: of restricted lines, and of any line at a sinkhole address or
where a name leads that a restricted line may reach."""
