"""Foreign proxies that enrich headers, set up as their users would, under the same attack (docs/attack-matrix.md)."""
