"""A small carrier on fakes: its people, its rules, and a service that can crash and start again on the same store."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Network

from nfemu.bss.auto_deduct import AutoDeductRules
from nfemu.bss.detection import DetectionRules
from nfemu.bss.dunning import DunningRules
from nfemu.bss.notices import Letterhead
from nfemu.carrier.payments import PaymentNotification
from nfemu.carrier.ports import AppendEntry, Change, PutAccount, PutSubscriber
from nfemu.carrier.rules import CarrierRules
from nfemu.epc.catalogue import Catalogue, Pool
from nfemu.model.account import Account, AccountKind, EntryKind, LedgerEntry
from nfemu.model.identity import AccountId, Apn, Imsi, Msisdn, PolicyName, PoolName, ProfileName
from nfemu.model.money import Money
from nfemu.model.notices import Notice
from nfemu.model.orders import Payment
from nfemu.model.subscriber import Ambr, ApnProfile, CardRole, OrderedProfile, PdnType, Subscriber
from nfemu.runtime import clocks
from nfemu.runtime.service import CarrierService
from tests.fakes.faults import Faults
from tests.fakes.outbox import MemoryOutbox
from tests.fakes.ports import CountingIds, FakeEnforcer, FakeNotifier, FakeProvider

START = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
HOLD = timedelta(minutes=10)

ZHANG = Msisdn("8613800138000")
LI = Msisdn("8613800138001")
WANG = Msisdn("8613800138002")
WANG_SECOND = Msisdn("8613800138003")
ACME_ONE = Msisdn("8613800138010")
ACME_TWO = Msisdn("8613800138011")
STATIC = Msisdn("8613800138020")
STATIC_IPV4 = IPv4Address("10.45.3.3")
EVERYBODY = (ZHANG, LI, WANG, WANG_SECOND, ACME_ONE, ACME_TWO, STATIC)


def imsi_of(msisdn: Msisdn) -> Imsi:
    return Imsi("46000" + msisdn.e164[3:])


def profile(
    name: str, policy: str, *, pool: str = "internet", gives_ip: bool = True, reactivate: bool = False
) -> ApnProfile:
    return ApnProfile(
        name=ProfileName(name),
        apn=Apn("internet"),
        pdn_type=PdnType.IPV4V6,
        pool=PoolName(pool) if gives_ip else None,
        dns=("10.45.0.1",),
        ambr=Ambr(1_000_000, 1_000_000),
        qci=9,
        arp=8,
        policy=PolicyName(policy),
        gives_ip=gives_ip,
        reactivate=reactivate,
    )


def catalogue(
    *,
    reactivate: bool = False,
    ipv4: str = "10.45.0.0/16",
    hold: timedelta = HOLD,
    restricted_policy: str = "arrears",
) -> Catalogue:
    profiles = [
        profile("internet", "open", reactivate=reactivate),
        profile("green", restricted_policy, reactivate=reactivate),
        profile("barred", "none", gives_ip=False),
        profile("inflight", "inflight", reactivate=reactivate),
    ]
    pool = Pool(PoolName("internet"), IPv4Network(ipv4), IPv6Network("2001:db8:4500::/40"), hold)
    return Catalogue(
        {pool.name: pool},
        {each.name: each for each in profiles},
        {
            OrderedProfile.OPEN: ProfileName("internet"),
            OrderedProfile.ARREARS: ProfileName("green"),
            OrderedProfile.BARRED: ProfileName("barred"),
        },
    )


def rules(
    restricted: OrderedProfile = OrderedProfile.ARREARS,
    *,
    shelves: Catalogue | None = None,
    resume_balance: Money | None = None,
    detection: DetectionRules | None = None,
) -> CarrierRules:
    return CarrierRules(
        shelves or catalogue(),
        DunningRules(restricted, resume_balance or Money(0)),
        Letterhead({"zh": "示例移动", "en": "Example Mobile"}, "http://portal.carrier.example/green"),
        AutoDeductRules(Money(20_000)),
        detection=detection or DetectionRules(),
    )


def link_of(notice: Notice) -> str:
    """The link that a message carries."""
    return f"http://portal.carrier.example/green?n={notice.id.partition('-')[2][:8]}"


def people() -> list[Change]:
    """Personal accounts with 30, 100 and 20 yuan, one with two cards; a unit account with 500."""
    changes: list[Change] = []
    for name, kind, balance, limit, cards in (
        ("zhang", AccountKind.PERSONAL, 3000, 0, [ZHANG]),
        ("li", AccountKind.PERSONAL, 10000, 2000, [LI]),
        ("wang", AccountKind.PERSONAL, 2000, 0, [WANG, WANG_SECOND]),
        ("acme", AccountKind.UNIT, 50000, 0, [ACME_ONE, ACME_TWO]),
        ("static", AccountKind.PERSONAL, 1000, 0, [STATIC]),
    ):
        account = AccountId(name)
        changes.append(PutAccount(Account(account, kind, "CNY", Money(limit))))
        for index, msisdn in enumerate(cards):
            role = CardRole.SECONDARY if kind is AccountKind.PERSONAL and index else CardRole.MAIN
            language = "en" if name == "li" else "zh"
            static = STATIC_IPV4 if msisdn == STATIC else None
            subscriber = Subscriber(imsi_of(msisdn), msisdn, account, role, language, static)
            changes.append(PutSubscriber(subscriber))
        changes.append(AppendEntry(LedgerEntry(account, EntryKind.PAYMENT, Money(balance), START, note="opening")))
    return changes


class World:
    """One store, one outside, and the service of the moment. `restart` is what a crash leaves and a start does."""

    def __init__(
        self, its_rules: CarrierRules | None = None, *, page_delivery: float = 3600.0, provider_within: float = 60.0
    ) -> None:
        self.faults = Faults()
        self.store = MemoryOutbox(self.faults)
        self.enforcer = FakeEnforcer(self.faults)
        self.notifier = FakeNotifier(self.faults)
        self.provider = FakeProvider(self.faults)
        self.ids = CountingIds()
        self.rules = its_rules or rules()
        self.happened: Callable[[], None] = lambda: None
        """Called when timelines have gone on."""
        self.page_delivery = page_delivery
        self.provider_within = provider_within
        self.service = self._service()

    async def start(self) -> CarrierService:
        await self.store.commit(people())
        await self.service.start()
        return self.service

    async def restart(self) -> CarrierService:
        """The process is gone, with its memory and its enforcement points; a new one comes up on the same store."""
        await self.service.stop()
        if self.faults.crashed:
            self.faults.heal()
        self.enforcer = FakeEnforcer(self.faults)
        self.service = self._service()
        await self.service.load()
        for state in self.service.line_states():
            self.enforcer.lines[state.imsi] = state
        await self.service.start()
        return self.service

    def _tell(self) -> None:
        self.happened()

    def _service(self) -> CarrierService:
        return CarrierService(
            store=self.store,
            enforcer=self.enforcer,
            notifier=self.notifier,
            provider=self.provider,
            clock=clocks.TestClock(self.store, START),
            ids=self.ids,
            rules=self.rules,
            happened=self._tell,
            page_delivery=self.page_delivery,
            provider_within=self.provider_within,
        )


def notification(payment: Payment, trade_no: str = "trade-1", amount: Money | None = None) -> PaymentNotification:
    """What the provider says about `payment`."""
    return PaymentNotification(payment.provider, payment.no, trade_no, amount or payment.amount, START)
