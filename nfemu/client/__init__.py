"""The Python SDK of the API: the standard library only, quick to import.

from nfemu.client import Client

with Client.find() as nfemu:
    nfemu.charge("13800138000", "59.00")
"""

from nfemu.client.api import Client
from nfemu.client.errors import ClientError
from nfemu.client.state import RunningStatus, StateFolder

__all__ = ["Client", "ClientError", "RunningStatus", "StateFolder"]
