"""`nfemu scenario`: journeys as files, run on this machine's carriers."""
