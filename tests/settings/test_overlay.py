"""Carriers as overlays: what lies over what, and where a mistake is reported (G15)."""

from pathlib import Path

import pytest

from nfemu.enrichment.values import Encoding
from nfemu.model.errors import InvalidInput
from nfemu.model.money import Money
from nfemu.settings import ConfigurationError, carriers, load
from tests.settings.conftest import SHIPPED


def write(folder: Path, file: str, text: str) -> None:
    """A file of carrier `mine`'s overlay."""
    path = folder / "carriers" / "mine" / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")


def findings(folder: Path, carrier: str = "mine") -> list[str]:
    with pytest.raises(ConfigurationError) as refused:
        load(folder, carrier=carrier)
    return str(refused.value).replace(f"{folder}/", "").splitlines()


@pytest.mark.parametrize(
    ("name", "plmn", "currency", "due", "encoding", "language", "emergency"),
    [
        ("huaxing", "999-10", "CNY", "¥1,234.50", Encoding.PLAIN, "zh", ("110", "119", "120")),
        ("fujimi", "999-20", "JPY", "¥123,450", Encoding.PSEUDONYM, "en", ("110", "119", "118")),
        ("rheinfunk", "999-30", "EUR", "1.234,50 €", Encoding.TOKEN, "en", ("112", "110")),
    ],
)
def test_the_shipped_carriers(
    name: str, plmn: str, currency: str, due: str, encoding: Encoding, language: str, emergency: tuple[str, ...]
) -> None:
    configuration = load(SHIPPED, carrier=name)
    carrier = configuration.carrier
    assert (str(carrier.plmn), carrier.currency, configuration.overlay) == (plmn, currency, name)
    assert str(Money(123_450, carrier.currency)) == due
    assert (carrier.language, carrier.emergency) == (language, emergency)
    assert [rule.encoding for rule in configuration.enrichment.headers] == [encoding]
    assert {str(profile.apn) for profile in configuration.catalogue.profiles.values()} != {"internet"}
    assert all(card.imsi.digits.startswith(plmn.replace("-", "")) for card in configuration.people)
    assert len({page.host for page in configuration.landing} | {carrier.portal.host}) == 4


def test_every_shipped_carrier_is_tried() -> None:
    assert carriers(SHIPPED) == ["fujimi", "huaxing", "rheinfunk"]


def test_what_lies_over_what(folder: Path) -> None:
    """Mappings key by key, lists and plain values as a whole; a key with nothing behind it takes the base's away."""
    write(folder, "carrier.yaml", "name: {en: Mine}\nproxy: {workers: 3}\n")
    write(
        folder, "internet.yaml", "sites:\n  news.example:\n  mine.example: {title: Mine}\nshared: [[a.test, b.test]]\n"
    )
    base, mine = load(folder), load(folder, carrier="mine")
    assert mine.carrier.name == {"zh": "示例移动", "en": "Mine"}
    assert (mine.carrier.proxy.workers, mine.carrier.proxy.http_port) == (3, base.carrier.proxy.http_port)
    assert set(mine.internet.sites) == {"slow.example", "broken.example", "mine.example"}
    assert mine.internet.shared == (("a.test", "b.test"),)
    assert (base.overlay, base.policies.groups, base.people) == (None, mine.policies.groups, mine.people)


def test_a_file_that_the_base_leaves_out(folder: Path) -> None:
    (folder / "dunning.yaml").unlink()
    write(folder, "dunning.yaml", "order_expiry: 5m\n")
    assert load(folder, carrier="mine").dunning.order_expiry.total_seconds() == 300


def test_a_csv_file_lies_beside_the_file_that_names_it(folder: Path) -> None:
    write(folder, "people.csv", "number,imsi\n13700000000,460001370000000\n")
    write(folder, "subscribers.yaml", "csv: people.csv\n")
    assert len(load(folder, carrier="mine").people) == 27


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        (
            "carrier.yaml",
            "# mine\nname: {fr: Mien}\n",
            "carriers/mine/carrier.yaml:2: unknown key `fr` in `name`; writ",
        ),
        (
            "carrier.yaml",
            "\n\ncurrency: RMB\n",
            "carriers/mine/carrier.yaml:3: `currency`: currency `RMB` is not known",
        ),
        ("carrier.yaml", "name:\n  en:\n", "carriers/mine/carrier.yaml:2: `en` is missing in `name`; add `en: Example"),
        ("carrier.yaml", "plmn:\n", "carriers/mine/carrier.yaml:1: `plmn` is missing; add `plmn: "),
        ("carrier.yaml", "name: {\n", "carriers/mine/carrier.yaml:2: is not valid YAML: "),
        (
            "carrier.yaml",
            "database:\n",
            "carriers/mine/carrier.yaml:1: `database` takes nothing away, since nothing is ",
        ),
        (
            "policies.yaml",
            "groups:\n  payment: {hosts: [.com]}\n",
            "carriers/mine/policies.yaml:2: `groups.payment.hos",
        ),
        (
            "policies.yaml",
            "profiles:\n  inflight: {redirect_to: 'http://x.test/'}\n",
            "carriers/mine/policies.yaml:2: ",
        ),
        (
            "policies.yaml",
            "groups: {inflight-page: {hosts: [x.test]}}\n",
            "policies.yaml:40: `profiles.inflight.redire",
        ),
        (
            "carrier.yaml",
            "portal: {host: x.test}\n",
            "carriers/mine/carrier.yaml:1: `portal.host`: no group in policie",
        ),
        (
            "polices.yaml",
            "groups: {}\n",
            "carriers/mine/polices.yaml: is not a file of the configuration and would be i",
        ),
        (
            "carrier.yml",
            "currency: EUR\n",
            "carriers/mine/carrier.yml: is not a file of the configuration and would be ",
        ),
    ],
)
def test_a_mistake_is_reported_where_it_was_written(folder: Path, file: str, text: str, said: str) -> None:
    write(folder, file, text)
    assert any(line.startswith(said) for line in findings(folder)), findings(folder)


def test_identities_given_twice_name_both_files(folder: Path) -> None:
    write(
        folder,
        "subscribers.yaml",
        'ranges:\n  - {first_number: "13800138000", first_imsi: "999990000000000", count: 1}\n',
    )
    assert any(
        line.startswith("carriers/mine/subscribers.yaml:2: number `13800138000` is already given on ")
        for line in findings(folder)
    )


def test_carriers_that_are_not_there(folder: Path) -> None:
    assert findings(folder, "fujmi") == ["carriers: there is no carrier `fujmi`; did you mean `fujimi`?"]
    assert findings(folder, "../..") == [
        "carriers: there is no carrier `../..`; write one of `fujimi`, `huaxing`, `rheinfunk`"
    ]
    with pytest.raises(InvalidInput):
        load(folder, carrier="")
