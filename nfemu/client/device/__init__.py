"""What a phone's operating system finds out about its line by itself: its connectivity checks, really sent.

from nfemu.client import Client, StateFolder
from nfemu.client.device import look

with Client.find() as nfemu:
    print(look(nfemu, StateFolder.default(), "13800138000", "android").because)

`table.py` has the systems as data; `judging.py` reads what came as they do; `looking.py` sends.
"""

from nfemu.client.device.looking import look
from nfemu.client.device.table import DEVICES
from nfemu.client.device.values import Finding, Report, Verdict

__all__ = ["DEVICES", "Finding", "Report", "Verdict", "look"]
