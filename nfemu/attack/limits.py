"""What keeps an attack harmless: how much, how long, and at whom."""

from ipaddress import ip_address

from nfemu.model.errors import InvalidInput

PATIENCE_S = 3.0
"""Seconds that one step of a case may take; a proxy that says nothing for so long has said nothing."""
SETTLE_S = 0.5
"""Seconds after a case until its connections to origins have to have ended: some proxies keep theirs."""
MAX_SENT = 128 * 1024
"""Octets that one case sends, at most."""
MAX_RECEIVED = 256 * 1024
"""Octets of answers that one case reads, at most."""
MAX_RECORDED = 512 * 1024
"""Octets that an origin keeps of one connection, at most."""


def check_loopback(host: str, *, own_network: bool) -> None:
    """Raises InvalidInput for an address that is not this machine's, unless the caller says that it is theirs."""
    if own_network or host == "localhost":
        return
    try:
        loopback = ip_address(host.strip("[]")).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise InvalidInput(f"`{host}` is not this machine; with `--i-own-this-network` you say that you may attack it")
