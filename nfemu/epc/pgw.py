"""The PGW's sessions (G9): how one is made, changed, moved and released, and the table that finds it.

A session is a value; the functions below return the next one. Two counters keep every copy honest:
`policy_version` rises with every change of a line and never falls, over detach and attach too;
`generation` rises with every new address. The table holds only what has been committed: `reserve` takes
addresses aside, `accept` enters a committed session, `cancel` gives the addresses back.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, IPv6Network

from nfemu.epc.catalogue import Catalogue, Pool
from nfemu.epc.pools import Held, Ipv4Slots, Ipv6Slots, Lease, Slots, fixed_ipv4, fixed_ipv6, lowest
from nfemu.model.errors import Conflict
from nfemu.model.identity import Imsi, SessionId
from nfemu.model.session import PdnSession, SessionState
from nfemu.model.subscriber import ApnProfile, PdnType, Subscriber


@dataclass(frozen=True, slots=True)
class Reservation:
    """Addresses set aside for one session that is about to be committed."""

    ipv4: IPv4Address | None
    ipv6: IPv6Network | None
    leases: tuple[Lease, ...]


def create(
    identifier: SessionId,
    subscriber: Subscriber,
    profile: ApnProfile,
    addresses: Reservation,
    previous: PdnSession | None,
    now: datetime,
) -> PdnSession:
    """A new session; its counters go on from the line's `previous` one."""
    return PdnSession(
        id=identifier,
        imsi=subscriber.imsi,
        msisdn=subscriber.msisdn,
        apn=profile.apn,
        profile=profile.name,
        policy=profile.policy,
        ue_ipv4=addresses.ipv4,
        ue_ipv6=addresses.ipv6,
        generation=previous.generation + 1 if previous else 1,
        policy_version=previous.policy_version + 1 if previous else 1,
        acknowledged_version=0,
        attached_at=now,
    )


def modify(session: PdnSession, profile: ApnProfile) -> PdnSession:
    """The session changed in place: same address and generation, next policy version. Raises Conflict if released."""
    _require_active(session)
    return replace(
        session, apn=profile.apn, profile=profile.name, policy=profile.policy, policy_version=session.policy_version + 1
    )


def release(session: PdnSession, now: datetime) -> PdnSession:
    """The session ended; its addresses go on hold. Raises Conflict if it already is."""
    _require_active(session)
    return replace(session, state=SessionState.RELEASED, released_at=now, policy_version=session.policy_version + 1)


def cut_off(session: PdnSession, profile: ApnProfile, now: datetime) -> PdnSession:
    """The session ended by `profile`, which gives no IP. It keeps the name of what ended it. Raises Conflict."""
    return replace(release(session, now), apn=profile.apn, profile=profile.name, policy=profile.policy)


def is_cut_off(session: PdnSession, catalogue: Catalogue) -> bool:
    """Was it ended by a profile that gives no IP, and not by a detach? Then the phone is on and wants a session."""
    profile = catalogue.profiles.get(session.profile)
    return not is_active(session) and profile is not None and not profile.gives_ip


def acknowledge(session: PdnSession) -> PdnSession:
    """Every enforcement point holds this version: the profile is effective."""
    return replace(session, acknowledged_version=session.policy_version)


def is_acknowledged(session: PdnSession) -> bool:
    return session.acknowledged_version == session.policy_version


def is_new(session: PdnSession) -> bool:
    """No enforcement point has confirmed it yet."""
    return session.acknowledged_version == 0


def is_active(session: PdnSession | None) -> bool:
    return session is not None and session.state is SessionState.ACTIVE


def _require_active(session: PdnSession) -> None:
    if not is_active(session):
        raise Conflict(f"session `{session.id}` of {session.msisdn.masked()} is released; attach the line first")


class Pgw:
    """The session table, by IMSI and by address, and the pools behind it."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._ipv4 = {name: Ipv4Slots(pool.ipv4) for name, pool in catalogue.pools.items() if pool.ipv4 is not None}
        self._ipv6 = {name: Ipv6Slots(pool.ipv6) for name, pool in catalogue.pools.items() if pool.ipv6 is not None}
        self._latest: dict[Imsi, PdnSession] = {}
        self._by_address: dict[tuple[int, int], Imsi] = {}

    def restore(self, latest: Iterable[PdnSession], released: Iterable[PdnSession]) -> None:
        """Fill the empty table at start: the latest session of every line, and former ones that may be on hold."""
        for session in latest:
            self._latest[session.imsi] = session
            if is_active(session):
                self._enter(session)
        for session in (*released, *self._latest.values()):
            if not is_active(session):
                self._hold(session)

    def assign(self, subscribers: Iterable[Subscriber]) -> None:
        """Keep static addresses for their owners. One outside every pool is refused when its owner attaches."""
        for subscriber in subscribers:
            for slots, slot, _ in self._slots_of(subscriber.static_ipv4, subscriber.static_ipv6):
                slots.assign(slot, subscriber.imsi)

    def reserve(self, subscriber: Subscriber, profile: ApnProfile, now: datetime) -> Reservation:
        """Set addresses aside as `profile` and the subscriber's static ones ask. Raises Conflict, taking nothing."""
        pool = self._catalogue.pool(profile)
        leases: list[Lease] = []
        ipv4: IPv4Address | None = None
        ipv6: IPv6Network | None = None
        try:
            if profile.pdn_type is not PdnType.IPV6:
                space4 = self._ipv4[pool.name]
                leases.append(_lease_ipv4(space4, pool, subscriber, now))
                ipv4 = space4.address(leases[-1].slot)
            if profile.pdn_type is not PdnType.IPV4:
                space6 = self._ipv6[pool.name]
                leases.append(_lease_ipv6(space6, pool, subscriber, now))
                ipv6 = space6.address(leases[-1].slot)
        except Conflict:
            _undo(leases)
            raise
        return Reservation(ipv4, ipv6, tuple(leases))

    def cancel(self, reservation: Reservation) -> None:
        """The session was not committed: the addresses are as free as before."""
        _undo(reservation.leases)

    def accept(self, session: PdnSession) -> None:
        """Enter a session that has been committed; one released gives its addresses to the hold."""
        known = self._latest.get(session.imsi)
        if known is None or known.policy_version <= session.policy_version:
            self._latest[session.imsi] = session
        if is_active(session):
            self._enter(session)
        else:
            self._leave(session)

    def latest(self, imsi: Imsi) -> PdnSession | None:
        """The line's latest session, active or released."""
        return self._latest.get(imsi)

    def sessions(self) -> list[PdnSession]:
        """The latest session of every line that ever attached."""
        return list(self._latest.values())

    def by_address(self, address: IPv4Address | IPv6Address) -> PdnSession | None:
        """The active session that owns `address`, or whose /64 contains it."""
        imsi = self._by_address.get(_key(address))
        return self._latest[imsi] if imsi is not None else None

    def _enter(self, session: PdnSession) -> None:
        for slots, slot, _ in self._slots_of(session.ue_ipv4, session.ue_ipv6):
            slots.occupy(slot, session.imsi)
        for key in _keys(session):
            self._by_address[key] = session.imsi

    def _leave(self, session: PdnSession) -> None:
        """Only the owner leaves: a second report of the same release must not touch the next owner."""
        for key in _keys(session):
            if self._by_address.get(key) == session.imsi:
                del self._by_address[key]
        for slots, slot, _ in self._slots_of(session.ue_ipv4, session.ue_ipv6):
            if slots.owner(slot) == session.imsi:
                slots.free(slot)
        self._hold(session)

    def _hold(self, session: PdnSession) -> None:
        released_at = session.released_at or session.attached_at
        for slots, slot, hold in self._slots_of(session.ue_ipv4, session.ue_ipv6):
            slots.hold(slot, Held(session.imsi, released_at + hold))

    def _slots_of(self, ipv4: IPv4Address | None, ipv6: IPv6Network | None) -> list[tuple[Slots, int, timedelta]]:
        """The addresses as slots with their pool's hold; one that no pool has (any more) is left out."""
        found: list[tuple[Slots, int, timedelta]] = []
        for name, pool in self._catalogue.pools.items():
            space4, space6 = self._ipv4.get(name), self._ipv6.get(name)
            if space4 is not None and ipv4 is not None and ipv4 in space4.network:
                found.append((space4.slots, space4.slot(ipv4), pool.hold))
            if space6 is not None and ipv6 is not None and ipv6.subnet_of(space6.network):
                found.append((space6.slots, space6.slot(ipv6), pool.hold))
        return found


def _key(address: IPv4Address | IPv6Address) -> tuple[int, int]:
    """IPv4: the address. IPv6: its /64, since that is what a UE owns."""
    return (4, int(address)) if isinstance(address, IPv4Address) else (6, int(address) >> 64)


def _keys(session: PdnSession) -> list[tuple[int, int]]:
    addresses = (session.ue_ipv4, session.ue_ipv6.network_address if session.ue_ipv6 is not None else None)
    return [_key(address) for address in addresses if address is not None]


def _lease_ipv4(space: Ipv4Slots, pool: Pool, subscriber: Subscriber, now: datetime) -> Lease:
    if subscriber.static_ipv4 is None:
        return lowest(space, pool, subscriber.imsi, now)
    return fixed_ipv4(space, pool, subscriber.static_ipv4, subscriber.imsi, now)


def _lease_ipv6(space: Ipv6Slots, pool: Pool, subscriber: Subscriber, now: datetime) -> Lease:
    if subscriber.static_ipv6 is None:
        return lowest(space, pool, subscriber.imsi, now)
    return fixed_ipv6(space, pool, subscriber.static_ipv6, subscriber.imsi, now)


def _undo(leases: Iterable[Lease]) -> None:
    for lease in leases:
        lease.undo()
