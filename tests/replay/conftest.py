"""A running carrier, as for the SDK."""

from tests.client.conftest import nfemu, running

__all__ = ["nfemu", "running"]
