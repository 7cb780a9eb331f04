"""Access by IP bearer: the subscriber has an interface with the address that the PGW assigned."""
