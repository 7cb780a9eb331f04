"""What holds at the moment; both are replaced together where new rules come."""

from dataclasses import dataclass

from nfemu.carrier.rules import CarrierRules
from nfemu.epc.pgw import Pgw


@dataclass(slots=True)
class InForce:
    """`pgw`: the table of sessions."""

    rules: CarrierRules
    pgw: Pgw
