"""`subscribers.yaml` in the model's types: every number, IMSI and static address once, every account known."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Network
from pathlib import Path

from nfemu.epc.catalogue import Catalogue, Pool
from nfemu.epc.pools import Ipv4Slots
from nfemu.files.findings import Finding, nearest
from nfemu.files.source import Source, ValuePath
from nfemu.model.account import Account, AccountKind
from nfemu.model.errors import InvalidInput, NotFound
from nfemu.model.identity import AccountId, Imsi, Msisdn, ProfileName
from nfemu.model.money import Money
from nfemu.model.subscriber import CardRole, OrderedProfile, Segment, Subscriber
from nfemu.settings.gathering import Gathering, check_fees, check_ipv4, check_ipv6, imsi_key, prefix_key
from nfemu.settings.people import AttachAtStart, NumberRange, OpeningAccount, People, Terms, opening, own_account
from nfemu.settings.people_csv_part import read_people
from nfemu.settings.register import Double, Register
from nfemu.settings.scalars import amount, credit_limit, static_ipv4, static_ipv6
from nfemu.settings.schema import AccountSection, RangeSection, SubscriberSection, SubscribersFile


def people_part(
    file: SubscribersFile, source: Source, terms: Terms, catalogue: Catalogue | None, directory: Path
) -> tuple[People, Register]:
    """Convert and check; mistakes are reported to `source`. Also the register of all numbers."""
    pool = None
    if catalogue is not None:
        pool = catalogue.pool(catalogue.meaning(OrderedProfile.OPEN))
    gathered = Gathering(terms, file.accounts, source, pool)
    for name, section in file.accounts.items():
        _account(name, section, gathered)
    listed = [_listed(index, section, gathered) for index, section in enumerate(file.subscribers)]
    _check_main_cards(file, source)
    ranges = [_range(index, section, gathered, catalogue) for index, section in enumerate(file.ranges)]
    csv = read_people(file.csv, directory, gathered) if file.csv is not None else None
    _report_doubles(gathered)
    people = People(
        terms,
        tuple(gathered.opened),
        tuple(subscriber for subscriber in listed if subscriber is not None),
        tuple(part for part in ranges if part is not None),
        csv,
        AttachAtStart(file.attach),
        _profiles(file, source, terms, catalogue),
    )
    _check_room(people, pool, source)
    return people, gathered.numbers


def _check_room(people: People, pool: Pool | None, source: Source) -> None:
    """Everybody who is attached at start can get an address."""
    if pool is None or pool.ipv4 is None:
        return
    wanted, room = people.count_at_start(), Ipv4Slots(pool.ipv4).room
    if wanted > room:
        text = f"{wanted} subscribers are attached at start, and pool `{pool.name}` ({pool.ipv4}) has room for {room}; "
        text += "give the pool a larger network in apns.yaml, or attach fewer (`listed`, `none`)"
        source.report(("attach",), text)


def _account(name: str, section: AccountSection, gathered: Gathering) -> None:
    path: ValuePath = ("accounts", name)
    if name.isdigit():
        text = f"account `{name}` is all digits, as only accounts of single numbers are; put a letter into its name"
        gathered.source.report(path, text)
    terms = gathered.terms
    limit = terms.credit_limit
    if section.credit_limit is not None:
        limit = _limit((*path, "credit_limit"), section.credit_limit, gathered) or limit
    balance = gathered.source.attempt((*path, "balance"), amount, section.balance, terms.currency)
    if balance is not None:
        account = Account(AccountId(name), AccountKind(section.kind), terms.currency, limit, section.level)
        gathered.opened.append(OpeningAccount(account, balance))


def _limit(path: ValuePath, text: str, gathered: Gathering) -> Money | None:
    return gathered.source.attempt(path, credit_limit, text, gathered.terms.currency)


def _listed(index: int, section: SubscriberSection, gathered: Gathering) -> Subscriber | None:
    path: ValuePath = ("subscribers", index)
    source, terms = gathered.source, gathered.terms
    msisdn = source.attempt((*path, "number"), Msisdn.parse, section.number, terms.country_code)
    imsi = source.attempt((*path, "imsi"), Imsi, section.imsi)
    if msisdn is not None:
        gathered.numbers.add(int(msisdn.e164), gathered.place((*path, "number")))
    if imsi is not None:
        gathered.imsis.add(imsi_key(imsi.digits), gathered.place((*path, "imsi")))
    ipv4, ipv6 = _static(path, section, gathered)
    if msisdn is None or imsi is None:
        return None
    account = _account_of(path, section, msisdn, gathered)
    plan, services = check_fees(path, section.plan, section.services, gathered)
    return Subscriber(
        imsi,
        msisdn,
        account,
        CardRole(section.role),
        section.language,
        ipv4,
        ipv6,
        plan,
        services,
        Segment(section.segment),
        section.wechat,
    )


def _account_of(path: ValuePath, section: SubscriberSection, msisdn: Msisdn, gathered: Gathering) -> AccountId:
    if section.account is None:
        own = own_account(msisdn)
        balance = gathered.source.attempt((*path, "balance"), amount, section.balance or "0", gathered.terms.currency)
        if balance is not None:
            gathered.opened.append(opening(own, balance, gathered.terms))
        return own
    if section.account not in gathered.accounts:
        text = f"account `{section.account}` does not exist; {nearest(section.account, gathered.accounts)}"
        gathered.source.report((*path, "account"), text)
    if section.balance is not None:
        text = f"`balance` belongs to the account; set it under `accounts.{section.account}`"
        gathered.source.report((*path, "balance"), text)
    return AccountId(section.account)


def _profiles(file: SubscribersFile, source: Source, terms: Terms, catalogue: Catalogue | None) -> dict[Msisdn, str]:
    profiles = {}
    for index, section in enumerate(file.subscribers):
        if section.profile is None or catalogue is None:
            continue
        _profile(("subscribers", index), section.profile, source, catalogue)
        number = _number(section.number, terms.country_code)
        if number is not None:
            profiles[number] = section.profile
    return profiles


def _profile(path: ValuePath, name: str | None, source: Source, catalogue: Catalogue | None) -> ProfileName | None:
    """The profile that a line is given; None: what `open` means."""
    if name is None or catalogue is None:
        return None
    try:
        return catalogue.orderable(name)
    except (InvalidInput, NotFound) as error:
        source.report((*path, "profile"), f"`profile`: {error}")
        return None


def _number(text: str, country_code: str) -> Msisdn | None:
    """None where it is no number, which was reported with its own key."""
    try:
        return Msisdn.parse(text, country_code)
    except InvalidInput:
        return None


def _check_main_cards(file: SubscribersFile, source: Source) -> None:
    """A secondary card shares a main card's account (S11). Main cards may also stand in the CSV file."""
    with_main = {section.account for section in file.subscribers if section.role == "main"}
    for index, section in enumerate(file.subscribers):
        if section.role == "secondary" and section.account is None:
            text = "a secondary card has no account of its own; add `account:` with the main card's account"
            source.report(("subscribers", index, "role"), text)
        elif section.role == "secondary" and file.csv is None and section.account not in with_main:
            text = f"account `{section.account}` has no main card; add one, or write `role: main` here"
            source.report(("subscribers", index, "role"), text)


def _static(
    path: ValuePath, section: SubscriberSection, gathered: Gathering
) -> tuple[IPv4Address | None, IPv6Network | None]:
    source = gathered.source
    ipv4 = source.attempt((*path, "static_ipv4"), static_ipv4, section.static_ipv4) if section.static_ipv4 else None
    ipv6 = source.attempt((*path, "static_ipv6"), static_ipv6, section.static_ipv6) if section.static_ipv6 else None
    if ipv4 is not None:
        gathered.ipv4.add(int(ipv4), gathered.place((*path, "static_ipv4")))
        source.attempt((*path, "static_ipv4"), check_ipv4, ipv4, gathered.pool)
    if ipv6 is not None:
        gathered.ipv6.add(prefix_key(ipv6), gathered.place((*path, "static_ipv6")))
        source.attempt((*path, "static_ipv6"), check_ipv6, ipv6, gathered.pool)
    return ipv4, ipv6


def _range(index: int, section: RangeSection, gathered: Gathering, catalogue: Catalogue | None) -> NumberRange | None:
    path: ValuePath = ("ranges", index)
    source, terms = gathered.source, gathered.terms
    msisdn = source.attempt((*path, "first_number"), Msisdn.parse, section.first_number, terms.country_code)
    imsi = source.attempt((*path, "first_imsi"), Imsi, section.first_imsi)
    balance = source.attempt((*path, "balance"), amount, section.balance, terms.currency)
    if msisdn is None or imsi is None or balance is None:
        return None
    for key, digits in (("first_number", msisdn.e164), ("first_imsi", imsi.digits)):
        if int(digits) + section.count > 10 ** len(digits):
            text = f"`{digits}` and the {section.count - 1} behind it run out of digits; start lower or lower `count`"
            source.report((*path, key), text)
            return None
    gathered.numbers.add_range(int(msisdn.e164), section.count, gathered.place(path))
    gathered.imsis.add_range(imsi_key(imsi.digits), section.count, gathered.place(path))
    profile = _profile(path, section.profile, source, catalogue)
    plan, services = check_fees(path, section.plan, section.services, gathered)
    return NumberRange(
        int(msisdn.e164),
        imsi.digits,
        section.count,
        balance,
        section.language,
        profile,
        plan,
        services,
        Segment(section.segment),
        section.wechat,
    )


def _report_doubles(gathered: Gathering) -> None:
    country = gathered.terms.country_code
    kinds: tuple[tuple[Register, str, Callable[[int], str]], ...] = (
        (gathered.numbers, "number", lambda value: Msisdn(str(value)).national(country)),
        (gathered.imsis, "IMSI", lambda value: f"{value % 10**15:0{value // 10**15}d}"),
        (gathered.ipv4, "static address", lambda value: str(IPv4Address(value))),
        (gathered.ipv6, "static prefix", lambda value: str(IPv6Network((value << 64, 64)))),
    )
    for register, kind, shown in kinds:
        for double in register.doubles():
            gathered.source.findings.append(_double(kind, shown(double.value), double))


def _double(kind: str, value: str, double: Double) -> Finding:
    first = double.first.seen_from(double.place.file)
    text = f"{kind} `{value}` is already given on {first}; every {kind} may occur once, change one of the two"
    return Finding(double.place.file, double.place.line, text)
