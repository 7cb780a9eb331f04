"""The subscribers' CSV file, line by line: streamed once, nothing of it kept but the identities."""

from pathlib import Path

from nfemu.files.findings import Finding, nearest
from nfemu.model.errors import InvalidInput
from nfemu.model.subscriber import CardRole, Subscriber
from nfemu.settings.gathering import Gathering, check_ipv4, check_ipv6, imsi_key, prefix_key
from nfemu.settings.people_csv import CsvRefused, CsvRow, PeopleCsv, scan

_MAX_FINDINGS = 20


def read_people(text: str, directory: Path, gathered: Gathering) -> PeopleCsv | None:
    """Check every line; mistakes are reported beside those of the YAML file."""
    path = directory / text
    name = str(Path(gathered.source.name).parent / text)
    registers = (gathered.numbers, gathered.imsis, gathered.ipv4, gathered.ipv6)
    for register in registers:
        register.bulk_file = name
    count = refused = 0
    checker = _CsvChecker(gathered)
    try:
        for line, number, imsi, row in scan(path):
            count += 1
            if row is None:
                checker.enter(line, number, imsi)
                continue
            problem = checker.check(line, row)
            if problem:
                refused += 1
                if refused <= _MAX_FINDINGS:
                    gathered.source.findings.append(Finding(name, line, problem))
    except CsvRefused as error:
        gathered.source.findings.append(Finding(name, error.line, str(error)))
    if refused > _MAX_FINDINGS:
        more = f"{refused - _MAX_FINDINGS} more lines are wrong; correct the ones above first"
        gathered.source.findings.append(Finding(name, 0, more))
    return PeopleCsv(path, count)


class _CsvChecker:
    """Judges one line at a time and enters its identities."""

    def __init__(self, gathered: Gathering) -> None:
        self._gathered = gathered
        self._numbers, self._imsis = gathered.numbers, gathered.imsis
        self._prefix = int(gathered.terms.country_code) * 10**11
        self._imsi = 15 * 10**15

    def enter(self, line: int, number: str, imsi: str) -> None:
        """A line of 11 and 15 digits, which cannot be wrong in itself."""
        self._numbers.add_bulk(self._prefix + int(number), line)
        self._imsis.add_bulk(self._imsi + int(imsi), line)

    def check(self, line: int, row: CsvRow) -> str:
        """What is wrong with the line, or nothing."""
        gathered = self._gathered
        try:
            subscriber = row.subscriber(gathered.terms.country_code)
            row.opening_balance(gathered.terms.currency)
            self._check_account(row, subscriber)
            self._check_fees(subscriber)
            self._static(line, subscriber)
        except InvalidInput as error:
            return str(error)
        gathered.numbers.add_bulk(int(subscriber.msisdn.e164), line)
        gathered.imsis.add_bulk(imsi_key(subscriber.imsi.digits), line)
        return ""

    def _check_account(self, row: CsvRow, subscriber: Subscriber) -> None:
        accounts = self._gathered.accounts
        if row.account and row.account not in accounts:
            raise InvalidInput(f"account `{row.account}` does not exist; {nearest(row.account, accounts)}")
        if subscriber.role is CardRole.SECONDARY and not row.account:
            raise InvalidInput("a secondary card has no account of its own; name the main card's in `account`")

    def _check_fees(self, subscriber: Subscriber) -> None:
        prices = self._gathered.terms.prices
        if prices is None:
            return
        if subscriber.plan is not None and subscriber.plan not in prices.plans:
            raise InvalidInput(f"plan `{subscriber.plan}` does not exist; {nearest(subscriber.plan, prices.plans)}")
        for name in subscriber.services:
            if name not in prices.services:
                raise InvalidInput(f"service `{name}` does not exist; {nearest(name, prices.services)}")

    def _static(self, line: int, subscriber: Subscriber) -> None:
        gathered = self._gathered
        if subscriber.static_ipv4 is not None:
            check_ipv4(subscriber.static_ipv4, gathered.pool)
            gathered.ipv4.add_bulk(int(subscriber.static_ipv4), line)
        if subscriber.static_ipv6 is not None:
            check_ipv6(subscriber.static_ipv6, gathered.pool)
            gathered.ipv6.add_bulk(prefix_key(subscriber.static_ipv6), line)
