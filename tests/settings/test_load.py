"""The shipped configuration, and the ways to vary it."""

from datetime import timedelta
from pathlib import Path

import pytest

from nfemu.model.identity import GroupName, Msisdn
from nfemu.model.money import Money
from nfemu.model.subscriber import Ambr, CardRole, OrderedProfile
from nfemu.settings import (
    AttachAtStart,
    ClockKind,
    ConfigurationError,
    InternetMode,
    PortalUpstream,
    Site,
    UeAddress,
    UpstreamTarget,
    load,
)
from tests.settings.conftest import SHIPPED, Change, findings


def test_the_shipped_configuration_is_valid() -> None:
    configuration = load(SHIPPED)
    carrier = configuration.carrier
    assert carrier.name == {"zh": "示例移动", "en": "Example Mobile"}
    assert str(carrier.plmn) == "460-00"
    assert (carrier.timezone.key, carrier.currency, carrier.clock) == ("Asia/Shanghai", "CNY", ClockKind.WALL)
    assert carrier.proxy.subscriber_listeners[Msisdn("8613800138000")] == 8620
    assert carrier.internet is InternetMode.EMULATED
    assert carrier.portal.upstream is None
    assert configuration.catalogue.meaning(OrderedProfile.ARREARS).ambr == Ambr(1_000_000, 1_000_000)
    assert not configuration.catalogue.meaning(OrderedProfile.BARRED).gives_ip
    assert [profile.name for profile in configuration.policies.profiles] == [
        "open",
        "arrears",
        "inflight",
        "campus-quiz",
        "training",
    ]
    assert configuration.policies.compiled.profile(configuration.policies.profiles[1].name).redirect_to
    assert [rule.name for rule in configuration.enrichment.headers] == ["X-MSISDN"]
    assert configuration.dunning.order_expiry == timedelta(minutes=15)
    assert configuration.internet.sites["slow.example"] == Site(delay=timedelta(milliseconds=300))
    assert configuration.internet.shared == (("cdn-a.example", "cdn-b.example"),)


def test_people_of_the_shipped_configuration() -> None:
    people = load(SHIPPED).people
    everybody = list(people)
    assert len(people) == len(everybody) == 26
    assert everybody[3].role is CardRole.SECONDARY
    assert everybody[-1].msisdn == Msisdn("8613900000019")
    assert everybody[-1].imsi.digits == "460009000000019"
    accounts = {opened.account.id: opened.balance for opened in people.accounts()}
    assert len(accounts) == 24
    assert accounts[everybody[0].account] == Money(3000)
    assert accounts[everybody[-1].account] == Money(5000)
    assert people.attach is AttachAtStart.LISTED
    assert len(list(people.attached_at_start())) == 6


@pytest.mark.parametrize(("attach", "count"), [("all", 26), ("none", 0)])
def test_who_is_attached_at_start(folder: Path, change: Change, attach: str, count: int) -> None:
    change("subscribers", "attach: listed", f"attach: {attach}")
    assert len(list(load(folder).people.attached_at_start())) == count


def test_a_garden_of_another_kind_needs_no_portal(folder: Path, change: Change) -> None:
    """G18: its landing page is its own."""
    quiz = "  quiz:\n    default: redirect\n    redirect_to: http://quiz.example/\n    allow: [quiz]\n"
    change("policies", "profiles:\n", f"  quiz:\n    hosts: [quiz.example]\n\nprofiles:\n{quiz}")
    assert load(folder).policies.profiles[0].name == "quiz"


def test_a_link_of_a_landing_page_has_the_hours_of_what_it_leads_to(folder: Path, change: Change) -> None:
    """And none, where another garden of the same page is always open."""

    def hours() -> dict[str, list[str]]:
        return {link.url: [str(each) for each in link.hours] for page in load(folder).landing for link in page.links}

    quiz = "https://quiz.campus.example/"
    assert hours()[quiz] == ["08:00 to 20:00"]
    assert not any(found for url, found in hours().items() if url != quiz)
    always = "  always:\n    hosts: [quiz.campus.example]\n\nprofiles:\n"
    profile = "  late-quiz:\n    default: redirect\n    redirect_to: http://campus.carrier.example/\n"
    change("policies", "profiles:\n", f"{always}{profile}    allow: [campus-page, always]\n")
    assert hours()[quiz] == []


def test_a_portal_of_ones_own_may_do_without_https(folder: Path, change: Change) -> None:
    change("policies", "trusted: true", "ports: [80]\n    trusted: true")
    change("carrier", "  # upstream:", '  upstream: {http: "http://127.0.0.1:9000"} #')
    assert load(folder).carrier.portal.upstream is not None


def test_upstream_as_shown_in_the_comment(folder: Path, change: Change) -> None:
    change("carrier", "  # upstream:", "  upstream:")
    http = UpstreamTarget("http", "127.0.0.1", 9000, UeAddress.XFF)
    https = UpstreamTarget("https", "127.0.0.1", 9443, UeAddress.XFF)
    assert load(folder).carrier.portal.upstream == PortalUpstream(http, https, preserve_host=True)


def test_upstream_learns_the_address_on_http_only_unless_told(folder: Path, change: Change) -> None:
    written = 'upstream: {http: "http://[::1]", https: https://portal.internal.example, preserve_host: false}'
    change("carrier", "  # upstream:", f"  {written} #")
    upstream = load(folder).carrier.portal.upstream
    assert upstream is not None
    assert upstream.http == UpstreamTarget("http", "::1", 80, UeAddress.XFF)
    assert upstream.https == UpstreamTarget("https", "portal.internal.example", 443, UeAddress.NONE)
    assert not upstream.preserve_host


def test_database_as_shown_in_the_comment_is_not_printed(folder: Path, change: Change) -> None:
    change("carrier", "# database: postgresql+psycopg://nfemu@", "database: postgresql+psycopg://nfemu:hidden@")
    carrier = load(folder).carrier
    assert carrier.database == "postgresql+psycopg://nfemu:hidden@localhost/nfemu"
    assert "hidden" not in repr(carrier)


def test_headers_as_shown_in_the_comments(folder: Path, change: Change) -> None:
    change("enrichment", "#   X-", "  X-")
    rules = load(folder).enrichment.headers
    assert [(rule.name, rule.encoding.value, rule.lifetime_s) for rule in rules] == [
        ("X-MSISDN", "plain", 60),
        ("X-ACR", "pseudonym", 60),
        ("X-Subscriber", "token", 60),
        ("X-UE-Address", "plain", 60),
    ]


def test_optional_files_may_be_missing_and_keys_empty(folder: Path, change: Change) -> None:
    for name in ("enrichment", "dunning", "internet"):
        (folder / f"{name}.yaml").unlink()
    change("carrier", "  zh: 示例移动\n", "  zh: 示例移动\n")
    (folder / "internet.yaml").write_text("sites:\nshared:\n", encoding="utf-8")
    (folder / "dunning.yaml").write_text("# nothing\n", encoding="utf-8")
    configuration = load(folder)
    assert configuration.enrichment.headers == ()
    assert configuration.internet.sites == {}
    assert configuration.dunning.order_expiry == timedelta(minutes=15)


def test_reactivate_with_a_pool_of_its_own(folder: Path, change: Change) -> None:
    change("apns", "    change: in_place  ", "    change: reactivate  ")
    change(
        "apns",
        "    pool: internet\n    dns: [10.45.0.1]\n    ambr: {uplink: 1M",
        "    pool: green\n    ambr: {uplink: 1M",
    )
    for policy in ("open", "inflight", "campus-quiz", "training"):
        change("apns", f"    policy: {policy}\n", f"    policy: {policy}\n    change: reactivate\n")
    green = load(folder).catalogue.meaning(OrderedProfile.ARREARS)
    assert (green.reactivate, green.pool) == (True, "green")


def test_overrides_replace_single_values() -> None:
    carrier = load(
        SHIPPED,
        {"carrier.clock": "test", "carrier.api.port": 0, "carrier.proxy": {"workers": 1, "http_port": 0}},
    ).carrier
    assert carrier.clock is ClockKind.TEST
    assert (carrier.api.port, carrier.proxy.workers, carrier.proxy.http_port) == (0, 1, 0)
    assert carrier.proxy.subscriber_listeners == {}


def test_overrides_reach_places_that_the_file_leaves_out(folder: Path) -> None:
    upstream = {"http": "http://127.0.0.1:9000", "preserve_host": False}
    overrides = {"carrier.portal.upstream": upstream, "internet.shared": [["a.example", "b.example"]]}
    configuration = load(folder, overrides)
    assert configuration.carrier.portal.upstream is not None
    assert configuration.internet.shared == (("a.example", "b.example"),)
    assert load(folder, {"enrichment.headers.X-New.value": "imsi"}).enrichment.headers[1].name == "X-New"


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        (
            "carrier.clock",
            "tset",
            "override `carrier.clock`: `clock`: `tset` is not possible here; write one of `wall`, `test`",
        ),
        ("carier.clock", "test", "override `carier.clock`: names no file; did you mean `carrier`?"),
        ("carrier", "test", "override `carrier`: names no file; did you mean `carrier`?"),
    ],
)
def test_wrong_overrides_are_named_as_such(key: str, value: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load(SHIPPED, {key: value})
    assert str(refused.value) == said


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is not a folder; name the folder that holds"):
        load(tmp_path / "nowhere")


def test_misnamed_and_missing_files(folder: Path) -> None:
    (folder / "policies.yaml").rename(folder / "policy.yaml")
    missing, misnamed = findings(folder)
    assert missing == "policies.yaml: cannot be read: No such file or directory; make it a readable YAML file"
    assert misnamed.startswith(
        "policy.yaml: is not a file of the configuration and would be ignored; did you mean `pol"
    )


def test_one_port_on_two_addresses(folder: Path, change: Change) -> None:
    change("carrier", "{host: 127.0.0.1, port: 8600}", '{host: "::1", port: 8610}')
    assert load(folder).carrier.api.port == 8610
    change("carrier", '{host: "::1"', '{host: "::"')
    assert findings(folder)[0].startswith("carrier.yaml:19: port 8610 is already taken by `api.port`")


def test_port_0_never_collides(folder: Path, change: Change) -> None:
    for port in ("8600", "8610", "8611", "8620", "8621"):
        change("carrier", port, "0")
    assert load(folder).carrier.proxy.socks_port == 0


@pytest.mark.parametrize(
    ("payments", "bundle", "hosts"),
    [
        ("builtin", "payment", ("pay.provider.example",)),
        ("wechat", "wechat-pay", ("wx.tenpay.com", "payapp.weixin.qq.com", "pay.weixin.qq.com")),
    ],
)
def test_the_bundle_of_where_people_pay_is_in_force_alone(payments: str, bundle: str, hosts: tuple[str, ...]) -> None:
    """G6: a restricted line reaches what this way of paying needs, and nothing of another."""
    policies = load(SHIPPED, {"carrier.portal.payments": payments}).policies
    groups = {group.name: group for group in policies.groups}
    assert {"payment", "wechat-pay"} & groups.keys() == {bundle}
    assert groups[GroupName(bundle)].hosts == hosts
    arrears = next(profile for profile in policies.profiles if profile.name == "arrears")
    assert arrears.allow == arrears.essential == ("portal", bundle)


def test_a_bundle_that_is_not_in_force_must_be_right_too(folder: Path, change: Change) -> None:
    change("policies", "[wx.tenpay.com, ", "[.com.cn, ")
    (found,) = findings(folder)
    assert found.startswith("policies.yaml:13: `groups.wechat-pay.hosts[1]`: ")
