"""Measurements on a carrier of their own: what `nfemu bench` prints and `make bench` puts beside its peers."""
