"""nfemu: a mobile carrier's green channel on one machine."""

__version__ = "0.1.0"
