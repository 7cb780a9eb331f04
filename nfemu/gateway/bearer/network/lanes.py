"""Whether this kernel and this libnftables have what lanes need: the very table is tried."""

import logging

from nfemu.gateway.bearer.network.topology import take_gaps
from nfemu.gateway.bearer.nft import Nft
from nfemu.model.errors import Unavailable
from nfemu.policy.compile.lanes import render_trial, render_trial_end
from nfemu.policy.compile.steering import SteeringPlan

_log = logging.getLogger(__name__)


def lanes_possible(nft: Nft) -> bool:
    """In a core network that stands, where nothing else is in the tables yet, and nothing is on return. Old kernels and
    small ones, or an old libnftables, may lack a part: then every packet goes the long way, and the log says why.
    """
    try:
        nft.run(render_trial(SteeringPlan()))
        try:
            take_gaps()
        finally:
            nft.run(render_trial_end())
    except (OSError, Unavailable) as error:
        _log.warning("no lanes for bulk traffic of open lines, it takes the way of all packets: %s", error)
        return False
    return True
