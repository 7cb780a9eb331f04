"""Acting as a subscriber: traffic and programs on a line, over IP bearers and by proxy alike.

from nfemu.client import Client, StateFolder
from nfemu.client.line import Phone

with Client.find() as nfemu, Phone.on_line(nfemu, StateFolder.default(), "13800138000") as phone:
    print(phone.get("http://news.example/").status)

`agent.py` is the process that sends; `phone.py` is what it is asked by. `programs.py` runs any program on a line.
"""

from nfemu.client.line.phone import Phone
from nfemu.client.line.values import Answer, Heard, Ran, Stage, Told
from nfemu.client.line.way import ByProxy, OnBearer

__all__ = ["Answer", "ByProxy", "Heard", "OnBearer", "Phone", "Ran", "Stage", "Told"]
