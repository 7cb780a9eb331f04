"""A line under each policy that is compared, with addresses of its own."""

from ipaddress import IPv4Address

from nfemu.carrier.ports import LineState
from nfemu.model.identity import Apn, Imsi, Msisdn, PolicyName, SessionId

OPEN, ARREARS = PolicyName("open"), PolicyName("arrears")
_PLACES = {OPEN: 2, ARREARS: 3}


def line(policy: PolicyName) -> LineState:
    place = _PLACES[policy]
    return LineState(
        imsi=Imsi(f"46000138001380{place}"),
        msisdn=Msisdn(f"861380013800{place}"),
        session=SessionId(f"ses-{place}"),
        policy=policy,
        apn=Apn("internet"),
        generation=1,
        version=1,
        ue_ipv4=IPv4Address(f"10.45.0.{place}"),
        ue_ipv6=None,
    )
