"""The whole journey, each state shown by packets: attach, overdue and refused, paid and open.

    python examples/traffic/walk.py 13800138000

Not by `nfemu exec`: it steers the carrier by its API, as tests do, and sends on the line what the other scripts send.
Needs an IP bearer. Exit status 1 where the network answers otherwise than the line's state says.
"""

import sys
from decimal import Decimal
from pathlib import Path

from nfemu.client import Client, StateFolder
from nfemu.client.line import Phone

SCRIPTS = [str(Path(__file__).with_name(name)) for name in ("quic_initial.py", "dns_queries.py")]


def show(phone: Phone, expect: str) -> bool:
    """Whether all is as a line in that state has it."""
    statuses = []
    for script in SCRIPTS:
        done = phone.run([sys.executable, script, "--expect", expect])
        print(f"{expect}:\n{done.out}{done.err}")
        statuses.append(done.status)
    return not any(statuses)


def main(number: str) -> int:
    state = StateFolder.default()
    with Client.find(state) as nfemu:
        session = nfemu.subscriber(number).session
        if session is None or session.state != "active":
            nfemu.attach(number)
        with Phone.on_line(nfemu, state, number) as phone:
            as_attached = show(phone, "open")
            balance = Decimal(nfemu.subscriber(number).account.balance.amount)
            owing = nfemu.charge(number, str(balance + 29))
            as_overdue = show(phone, "restricted")
            nfemu.pay(number, owing.account.amount_due.amount)
            as_paid = show(phone, "open")
    return 0 if as_attached and as_overdue and as_paid else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
