"""What a reload cannot do though the files are valid, since the carrier itself stands in the way; known beforehand."""

from collections.abc import Mapping, Sequence

from nfemu.carrier.ports import Store
from nfemu.model.errors import Conflict
from nfemu.model.subscriber import Subscriber

_EVERYWHERE = ("0.0.0.0", "::")

Places = Mapping[str, tuple[str, int]]
"""Setting in carrier.yaml → host and port."""


def refuse_own_ports(before: Places, wanted: Places, bound: Places) -> None:
    """`before` and `wanted` are as configured, port 0 any free one; `bound` is what is open.

    Raises Conflict where a listener is to open on a port that another one of the carrier's, or itself on another host,
    has until the switch.
    """
    for setting, (host, port) in wanted.items():
        if before.get(setting) == (host, port):
            continue
        for holder, (its_host, its_port) in bound.items():
            if port == its_port and (host == its_host or host in _EVERYWHERE or its_host in _EVERYWHERE):
                raise Conflict(
                    f"nothing was applied: port `{port}` on {host}, which `{setting}` wants, is held by the carrier's "
                    f"own `{holder}`, and new listeners open before old ones close; move it in two reloads: give "
                    f"`{holder}` another port first, or take it out"
                )


async def refuse_known_numbers(store: Store, newcomers: Sequence[Subscriber]) -> None:
    """Raises Conflict where the store has the number of a card that is new in the files on another one; Unavailable."""
    for card in newcomers:
        known = await store.subscriber(card.msisdn)
        if known is not None and known.imsi != card.imsi:
            raise Conflict(
                f"nothing was applied: number `{card.msisdn}` of IMSI `{card.imsi}` is stored for IMSI `{known.imsi}`, "
                "and a card keeps its number; set its `imsi` back, or use `nfemu down` and `nfemu reset`"
            )
