"""What the carrier knows, for whoever asks: lines, accounts, sessions, use. Nothing changes by it."""

from collections import Counter
from datetime import date, datetime

from nfemu.bss.fees import next_fees
from nfemu.bss.ledger import is_refund_by
from nfemu.carrier.bill import Bill
from nfemu.carrier.lines import line_state
from nfemu.carrier.ports import AccountView, LineState, Store
from nfemu.carrier.status import LineStatus, line_status
from nfemu.epc.catalogue import Catalogue
from nfemu.epc.pgw import is_active
from nfemu.model.account import LedgerEntry
from nfemu.model.consumption import Consumption
from nfemu.model.destination import IpAddress
from nfemu.model.errors import NotFound
from nfemu.model.identity import AccountId, Imsi, Msisdn, PaymentNo, PolicyName
from nfemu.model.listing import AccountsWanted, CardsWanted, PaymentsWanted
from nfemu.model.notices import Notice
from nfemu.model.orders import Payment
from nfemu.model.plans import Measured
from nfemu.model.session import PdnSession
from nfemu.model.subscriber import Subscriber
from nfemu.model.timeline import TimelineEvent
from nfemu.model.usage import Usage
from nfemu.runtime.account_clocks import AccountClocks
from nfemu.runtime.clocks import TestClock, WallClock
from nfemu.runtime.in_force import InForce
from nfemu.runtime.usage import UsageBook


class Queries:
    """Those about a number raise NotFound where nobody has it; all that read the store raise Unavailable."""

    def __init__(self, store: Store, clock: WallClock | TestClock, in_force: InForce, usage: UsageBook) -> None:
        self.clock = clock
        self.clocks = AccountClocks(store, clock)
        self._store = store
        self._in_force = in_force
        self._usage = usage

    @property
    def catalogue(self) -> Catalogue:
        return self._in_force.rules.catalogue

    def now(self) -> datetime:
        """The carrier's business time."""
        return self.clock.now()

    async def now_of(self, msisdn: Msisdn) -> datetime:
        """The business time of the number's account."""
        return self.clocks.now((await self._subscriber(msisdn)).account)

    def line_states(self) -> list[LineState]:
        """What a (re)starting enforcement point must know: every line that ever attached, as committed."""
        return [line_state(session, self.catalogue) for session in self._in_force.pgw.sessions()]

    def lines_by_policy(self) -> Counter[PolicyName]:
        """How many lines are attached under each policy."""
        return Counter(session.policy for session in self._in_force.pgw.sessions() if is_active(session))

    def session_at(self, address: IpAddress) -> PdnSession | None:
        """The active session that owns `address` (IPv6: whose /64 contains it)."""
        return self._in_force.pgw.by_address(address)

    def session_of(self, imsi: Imsi) -> PdnSession | None:
        """Its latest, active or released."""
        return self._in_force.pgw.latest(imsi)

    async def find(self, number: str) -> Subscriber:
        """The subscriber of a number in any spelling. Raises InvalidInput, NotFound."""
        return await self._subscriber(Msisdn.parse(number, self._in_force.rules.letterhead.country_code))

    async def card_of(self, imsi: Imsi) -> Subscriber:
        """Raises NotFound."""
        card = await self._store.subscriber_by_imsi(imsi)
        if card is None:
            raise NotFound(f"no subscriber has the IMSI `{imsi}`; `nfemu subscriber list` shows all")
        return card

    async def number_of(self, imsi: Imsi) -> str:
        """The card's, as dialled inside its country. Raises NotFound."""
        return (await self.card_of(imsi)).msisdn.national(self._in_force.rules.letterhead.country_code)

    async def lines(self, wanted: CardsWanted, offset: int, limit: int) -> tuple[list[LineStatus], int]:
        """By number, so many of them left out; and how many there are."""
        found, total = await self._store.cards(wanted, offset, limit)
        return [await self.status(card.msisdn) for card in found], total

    async def accounts(self, wanted: AccountsWanted, offset: int, limit: int) -> tuple[list[AccountView], int]:
        """By name, so many of them left out; and how many there are."""
        names, total = await self._store.accounts(wanted, offset, limit)
        return [await self.account(name) for name in names], total

    async def account(self, account: AccountId) -> AccountView:
        """Raises NotFound."""
        return await self._account(account)

    async def payments(self, wanted: PaymentsWanted, offset: int, limit: int) -> tuple[list[Payment], int]:
        """Newest first, so many of them left out; and how many there are."""
        return await self._store.payments(wanted, offset, limit)

    async def payments_posted_since(self, since: datetime) -> list[Payment]:
        """Booked at or after `since`, in that order."""
        return await self._store.payments_posted_since(since)

    async def payments_ordered(self, since: datetime, until: datetime) -> list[Payment]:
        """Ordered at or after `since` and before `until`, in that order."""
        return await self._store.payments_ordered(since, until)

    async def entry(self, trade_no: str) -> LedgerEntry | None:
        """What the ledger has under a number."""
        return await self._store.entry(trade_no)

    async def refunds_booked(self, provider: str, since: datetime, until: datetime) -> list[LedgerEntry]:
        """What has gone back by that provider, booked at or after `since` and before `until`."""
        return [each for each in await self._store.refund_entries(since, until) if is_refund_by(provider, each)]

    async def subscribers(self, after: Msisdn | None = None, limit: int = 100) -> list[Subscriber]:
        """By number, starting behind `after`."""
        return await self._store.subscribers(after=after, limit=limit)

    async def count_subscribers(self) -> int:
        return await self._store.count_subscribers()

    async def status(self, msisdn: Msisdn) -> LineStatus:
        """Raises NotFound."""
        subscriber = await self._subscriber(msisdn)
        return line_status(self._in_force.rules, await self._account(subscriber.account), subscriber.imsi)

    async def timeline(self, msisdn: Msisdn, limit: int = 500) -> list[TimelineEvent]:
        """Oldest first. Raises NotFound."""
        return await self._store.events((await self._subscriber(msisdn)).imsi, limit)

    async def inbox(self, msisdn: Msisdn, limit: int = 100) -> list[Notice]:
        """Newest first. Raises NotFound."""
        return await self._store.notices((await self._subscriber(msisdn)).imsi, limit)

    async def ledger(self, msisdn: Msisdn, limit: int = 100) -> list[LedgerEntry]:
        """The account's, newest first. Raises NotFound."""
        return await self._store.ledger((await self._subscriber(msisdn)).account, limit)

    async def usage(self, msisdn: Msisdn, day: date | None = None) -> list[Usage]:
        """What the line has used that business day (None: today), by policy and group (G7). Raises NotFound."""
        imsi = (await self._subscriber(msisdn)).imsi
        return await self._usage.of(imsi, day or self._usage.today())

    def today(self) -> date:
        """The business day, in the carrier's zone."""
        return self._usage.today()

    def day_ends(self) -> datetime:
        """When it ends, in the carrier's zone."""
        return self._usage.ends_at()

    def used_at_start(self) -> dict[tuple[Imsi, PolicyName], int]:
        """Octets that lines had used in this business day before this process began, by policy."""
        return self._usage.used_at_start()

    async def bill(self, msisdn: Msisdn) -> Bill:
        """What the line costs, what is to come, and what it has used this month. Raises NotFound."""
        card = await self._subscriber(msisdn)
        view = await self._account(card.account)
        now = self.clocks.now(card.account)
        month = now.astimezone(self._in_force.rules.fees.zone).date().replace(day=1)
        used = [await self._store.consumption(card.imsi, month, measured) for measured in Measured]
        return Bill(
            card,
            tuple(
                each or Consumption(card.imsi, month, measured) for each, measured in zip(used, Measured, strict=True)
            ),
            next_fees(self._in_force.rules.fees, view.account.id, [line.subscriber for line in view.lines], now),
            tuple(await self._store.open_grants(view.account.id)),
        )

    async def payment(self, no: PaymentNo) -> Payment:
        """Raises NotFound."""
        found = await self._store.payment(no)
        if found is None:
            raise NotFound(f"there is no payment order `{no}`; order one first")
        return found

    async def _subscriber(self, msisdn: Msisdn) -> Subscriber:
        found = await self._store.subscriber(msisdn)
        if found is None:
            raise NotFound(f"no subscriber has the number `{msisdn}`; `nfemu subscriber list` shows all")
        return found

    async def _account(self, account: AccountId) -> AccountView:
        found = await self._store.account(account)
        if found is None:
            raise NotFound(f"account `{account}` does not exist")
        return found
