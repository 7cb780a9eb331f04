"""Every mistake is found, with its line and with what to write instead; all of them in one go."""

from pathlib import Path

import pytest

from nfemu.files.findings import listing, nearest
from nfemu.files.source import read_value
from nfemu.model.errors import InvalidInput
from tests.settings.conftest import Change, findings

# file, text as shipped, what a user makes of it, what is said (from its beginning)
MISTAKES = [
    # spelling and types
    ("carrier", "plmn:", "plnm:", "carrier.yaml:5: unknown key `plnm`; did you mean `plmn`?"),
    ("carrier", "http_port", "http_prot", "carrier.yaml:19: unknown key `http_prot` in `proxy`; did you mean `http_po"),
    ("carrier", "workers: 2", "wrkrs: 2", "carrier.yaml:21: unknown key `wrkrs` in `proxy`; did you mean `workers`?"),
    ("carrier", "workers: 2", "workers: two", "carrier.yaml:21: `proxy.workers`: `two` is not a whole number; write o"),
    ("carrier", "workers: 2", "workers: 0", "carrier.yaml:21: `proxy.workers`: `0` is too low; write 1 or more"),
    ("carrier", "workers: 2", "workers: 65", "carrier.yaml:21: `proxy.workers`: `65` is too high; write 64 or less"),
    ("carrier", "port: 8600", "port: 86000", "carrier.yaml:13: `api.port`: `86000` is too high; write 65535 or less"),
    ("carrier", "access: auto", "access: gtp", "carrier.yaml:16: `access`: `gtp` is not possible here; write on"),
    ("carrier", 'mnc: "00"', "mnc: 0", "carrier.yaml:5: `plmn.mnc`: `0` does not have the form that is needed here, f"),
    ("carrier", "host: 127.0.0.1, port", "host: localhots, port", "carrier.yaml:13: `api.host`: `localhots` is not an"),
    ("carrier", "en: Example Mobile", 'en: ""', "carrier.yaml:4: `name.en`: is empty; write a text, for example"),
    ("carrier", "\n  en: Example Mobile", "", "carrier.yaml:2: `en` is missing in `name`; add `en: Example Mobile`"),
    ("carrier", "api: {host", "api: [host", "carrier.yaml:13: is not valid YAML:"),
    ("carrier", "api: {host: 127.0.0.1, port: 8600}", "api: 8600", "carrier.yaml:13: `api`: `8600` is not a mapping; "),
    ("apns", "dns: [10.45.0.1]", "dns: 10.45.0.1", "apns.yaml:11: `profiles.internet.dns`: `10.45.0.1` is not a list"),
    ("apns", "gives_ip: false", "gives_ip: nope", "apns.yaml:29: `profiles.barred.gives_ip`: `nope` is neither `true`"),
    ("apns", "qci: 9", "qci: [9]", "apns.yaml:13: `profiles.internet.qci`: a list or mapping is not a whole number"),
    ("dunning", "open_orders: 10 ", "open_orders: true ", "dunning.yaml:6: `open_orders`: `true` is not a number; wr"),
    ("apns", "uplink: 50M", "uplink: true", "apns.yaml:12: `profiles.internet.ambr.uplink`: one plain value is expect"),
    ("apns", "uplink: 50M", "uplink: 50Mbps", "apns.yaml:12: `profiles.internet.ambr.uplink`: `50Mbps` is not a bit r"),
    ("apns", "hold: 10m", "hold: ten", "apns.yaml:3: `pools.internet.hold`: `ten` is not a duration of at most 365 da"),
    ("apns", "  internet:\n    apn", "  in ternet:\n    apn", "apns.yaml:7: `profiles.in ternet`: `in ternet` is not "),
    ("apns", "ordered:\n", "orderd:\n", "apns.yaml:1: `ordered` is missing; add `ordered: {open: internet, arrears: g"),
    ("policies", "hosts: [portal", "host: [portal", "policies.yaml:5: unknown key `host` in `groups.portal`; did you "),
    ("policies", "trusted: true", "trusted: yes", "policies.yaml:6: `groups.portal.trusted`: `yes` is neither `true` "),
    ("policies", "default: allow", "default: permit", "policies.yaml:26: `profiles.open.default`: `permit` is not pos"),
    ("subscribers", 'imsi: "460001380013800", ', "", "subscribers.yaml:9: `imsi` is missing in `subscribers[1]`; add "),
    ("subscribers", "role: secondary", "rol: secondary", "subscribers.yaml:12: unknown key `rol` in `subscribers[4]`;"),
    ("subscribers", "level: 8", "level: 11", "subscribers.yaml:4: `accounts.li.level`: `11` is too high; write 10 or "),
    ("subscribers", "language: en", "language: fr", "subscribers.yaml:10: `subscribers[2].language`: `fr` is not poss"),
    ("dunning", "15m", "15 min", "dunning.yaml:5: `order_expiry`: `15 min` is not a duration of at most 365 days"),
    ("dunning", "credit_limit: 0.00", "credit_limit: free", "dunning.yaml:4: `credit_limit`: `free` is not an amount "),
    ("internet", "status: 500", "status: 5000", "internet.yaml:6: `sites.broken.example.status`: `5000` is too high"),
    ("carrier", ": 8621", ": port", "carrier.yaml:25: `proxy.subscriber_listeners.13800138001`: `port` is not a whole"),
    ("carrier", "plmn: {", "plmn: # {", "carrier.yaml:5: `plmn` is missing; add `plmn: {mcc:"),
    ("policies", "trusted: true", "ports: [http]", "policies.yaml:6: `groups.portal.ports[1]`: `http` is not a whole"),
    ("internet", "{status: 500}", "", "internet.yaml:6: `sites.broken.example`: nothing is not a mapping; write `key"),
    ("internet", "{status: 500}", "true", "internet.yaml:6: `sites.broken.example`: `true` is not a mapping; write"),
    ("policies", "open:\n    default: allow", "a;:\n    default: permit", "policies.yaml:25: `profiles.a;`: `a;` is n"),
    ("apns", "10.45.0.0/16", "10.45.0.0/29", "subscribers.yaml:21: 6 subscribers are attached at start, and pool "),
    # YAML itself
    ("dunning", "0.00", "0.00 # \x07", "dunning.yaml: is not valid YAML: control characters are not allowed; c"),
    ("carrier", "clock: wall", "clock: wall\nclock: test", "carrier.yaml:11: `clock` is written twice here (first on "),
    ("carrier", "clock: wall", "? [a]\n: b\nclock: wall", "carrier.yaml:10: a key must be a plain word; quote it"),
    ("carrier", "clock: wall", "clock: !env CLOCK", "carrier.yaml:10: `!env` is a tag, which is not used here; write "),
    ("apns", "profiles:\n", "profiles: &all\n  loop: *all\n", "apns.yaml:6: refers to itself through an anchor"),
    # the carrier
    ("carrier", "Asia/Shanghai", "Asia/Shanhai", "carrier.yaml:8: `timezone`: time zone `Asia/Shanhai` is not known; "),
    ("carrier", "Asia/Shanghai", "Asia/Nowhere", "carrier.yaml:8: `timezone`: time zone `Asia/Nowhere` is not known; "),
    ("carrier", "Asia/Shanghai", "../Shanghai", "carrier.yaml:8: `timezone`: time zone `../Shanghai` is not known; di"),
    ("carrier", "CNY", "RMB", "carrier.yaml:7: `currency`: currency `RMB` is not known; known: CNY"),
    ("carrier", "port: 8611", "port: 8610", "carrier.yaml:20: port 8610 is already taken by `proxy.http_port`; write "),
    ("carrier", "port: 8611", "port: 8600", "carrier.yaml:20: port 8600 is already taken by `api.port`; write another"),
    ("carrier", ": 8621", ": 8620", "carrier.yaml:25: port 8620 is already taken by `proxy.subscriber_listeners.13800"),
    ("carrier", '"13800138001":', '"+86 138-0013-8000":', "carrier.yaml:25: `+86 138-0013-8000` and `13800138000` are"),
    ("carrier", '"13800138001":', '"13800138099":', "carrier.yaml:25: no subscriber has number `13800138099`; add it"),
    ("carrier", '"13800138001":', "zhang:", "carrier.yaml:25: `proxy.subscriber_listeners.zhang`: `zhang` is not a ph"),
    ("carrier", "  # upstream: {http", "  upstream: {htp", "carrier.yaml:32: unknown key `htp` in `portal.upstream`; "),
    ("carrier", "  # upstream:", "  upstream: {preserve_host: true} #", "carrier.yaml:32: `portal.upstream` names no "),
    ("carrier", "  # upstream:", "  upstream: {http: 'http://a/b'} #", "carrier.yaml:32: `portal.upstream.http`: `htt"),
    ("carrier", "# database: postgresql+psycopg", "database: mysql", "carrier.yaml:34: `database` is not a URL of SQL"),
    ("carrier", "host: portal.carrier", "host: -portal..carrier", "carrier.yaml:30: `portal.host`: "),
    ("carrier", '["110", "119", "120"]', "[]", "carrier.yaml:37: `emergency`"),
    ("carrier", '["110", "119", "120"]', "[help]", "carrier.yaml:37: `emergency[1]`: `help`"),
    ("carrier", "language: zh", "language: de", "carrier.yaml:36: `language`: `de`"),
    # opening hours, landing pages, lines in gardens
    ("policies", 'opens: "08:00"', "opens: 8am", "policies.yaml:19: `groups.campus-quiz.opens`: `8am` is not a time o"),
    ("policies", 'closes: "20:00"', "closes: 24:00", "policies.yaml:19: `groups.campus-quiz.closes`: `24:00` is not a"),
    ("policies", 'opens: "08:00", ', "", "policies.yaml:19: group `campus-quiz` has `closes` and no `opens`; add it, "),
    ("policies", ', closes: "20:00"', "", "policies.yaml:19: group `campus-quiz` has `opens` and no `closes`; add it,"),
    ("policies", '"20:00"', '"08:00"', "policies.yaml:19: group `campus-quiz` opens and closes at the same time; writ"),
    ("policies", "campus.carrier.example]}", 'campus.carrier.example], opens: "08:00", closes: "09:00"}', "policies.y"),
    ("policies", "[training-page, ", "[", "policies.yaml:50: `profiles.training.redirect_to`: profile `training`: red"),
    ("landing", "http://inflight.c", "https://inflight.c", "landing.yaml:5: `pages.inflight.url`: redirect target `ht"),
    ("landing", "http://inflight.", "http://flight.", "landing.yaml:5: no profile in policies.yaml has `redirect_to: "),
    ("landing", "http://inflight.carrier.example/", "http://inflight.carrier.example/?a", "landing.yaml:5: `pages.inf"),
    ("landing", "http://training.", "http://campus.", "landing.yaml:21: another page is at `http://campus.carrier.exa"),
    ("landing", "http://inflight.carrier", "http://portal.carrier", "landing.yaml:5: `http://portal.carrier.example/`"),
    ("landing", "https://shop.", "https://shoe.", "landing.yaml:11: profile `inflight`, which leads to this page, doe"),
    ("landing", "https://shop.", "ftp://shop.", "landing.yaml:11: `pages.inflight.links[1].url`: `ftp://shop.inflight"),
    ("landing", "https://shop.inflight.example/", "https://[x/", "landing.yaml:11: `pages.inflight.links[1].url`: `ht"),
    ("landing", "title: {zh: 机上购物, ", "title: {", "landing.yaml:6: `zh` is missing in `pages.inflight.title`"),
    ("landing", "    links:\n      - {url: \"https://shop", "    linx:\n      - {url: \"https://shop", "landing.yaml:"),
    ("subscribers", "account: zhang, language", "account: zhang, profile: green, language", "subscribers.yaml:9: `pro"),
    ("subscribers", "account: zhang, language", "account: zhang, profile: gren, language", "subscribers.yaml:9: `prof"),
    ("apns", "  inflight:\n    apn: internet", "  inflight:\n    apn: flight", "apns.yaml:7: profile `internet` chang"),
    # plans
    ("plans", "[ringback]", "[ringbock]", "plans.yaml:20: service `ringbock` does not exist; did you mean `ringback`?"),
    ("plans", "window: 6h", "window: 25h", "plans.yaml:5: the fees of day 1 fall due on day 1: `begin` and `window` "),
    ("plans", "unit: 100MiB", "unit: 0", "plans.yaml:16: a unit is more than nothing; write for example `1MiB`, or "),
    ("plans", "unit: 1m, price: 0.15}", "unit: 300ms, price: 0.15}", "plans.yaml:17: a unit is more than nothing; wr"),
    ("plans", "fee: 29.00", "fee: -29.00", "plans.yaml:15: `-29.00` would be a gift; write what it costs, `0` for no"),
    ("plans", "fee: 29.00", "fee: free", "plans.yaml:15: `plans.basic.fee`: `free` is not an amount in CNY; write it"),
    ("plans", "day: 1,", "day: 29,", "plans.yaml:10: "),
    ("subscribers", "account: zhang, language", "account: zhang, plan: bosic, language", "subscribers.yaml:9: plan `b"),
    ("subscribers", "balance: 50.00}", "balance: 50.00, services: [vide]}", "subscribers.yaml:18: service `vide` doe"),
    # simulated people
    ("simulation", 'levels: {"1": 2', 'levels: {"11": 2', "simulation.yaml:9: "),
    ("simulation", '{"30": 4, "50": 4, "100": 2}', '{"0": 1}', "simulation.yaml:32: nobody pays nothing; write for "),
    ("simulation", '{"30": 4, "50": 4, "100": 2}', '{"30": 0}', "simulation.yaml:32: one share at least is more than "),
    ("simulation", '"23:00"', '"06:00"', "simulation.yaml:34: a day ends after it began, on the same day; write for "),
    ("simulation", "within: 20d", "within: 20h", "simulation.yaml:31: a habit needs a day at least; write for exampl"),
    ("simulation", "wechat: 65", "wechat: 165", "simulation.yaml:11: "),
    # pools and profiles
    ("apns", "10.46.0.0/16", "10.45.128.0/17", "apns.yaml:4: `ipv4` of pool `green` overlaps pool `internet`; give ea"),
    ("apns", "2001:db8:4600::/40", "2001:db8:4500::/48", "apns.yaml:4: `ipv6` of pool `green` overlaps pool `internet"),
    ("apns", "10.46.0.0/16", "198.18.0.0/16", "apns.yaml:4: `pools.green.ipv4`: `198.18.0.0/16` overlaps 198.18.0.0/1"),
    ("apns", "10.46.0.0/16", "127.0.0.0/8", "apns.yaml:4: `pools.green.ipv4`: `127.0.0.0/8` overlaps 127.0.0.0/8, whi"),
    ("apns", "10.46.0.0/16", "0.0.0.0/8", "apns.yaml:4: `pools.green.ipv4`: `0.0.0.0/8` overlaps 0.0.0.0/8, which is"),
    ("apns", "10.46.0.0/16", "169.254.8.0/24", "apns.yaml:4: `pools.green.ipv4`: `169.254.8.0/24` overlaps 169.254.0."),
    ("apns", "10.46.0.0/16", "239.1.0.0/16", "apns.yaml:4: `pools.green.ipv4`: `239.1.0.0/16` overlaps 224.0.0.0/4, w"),
    ("apns", "10.46.0.0/16", "250.0.0.0/8", "apns.yaml:4: `pools.green.ipv4`: `250.0.0.0/8` overlaps 240.0.0.0/4, whi"),
    ("apns", "2001:db8:4600::/40", "::/48", "apns.yaml:4: `pools.green.ipv6`: `::/48` overlaps ::/16, which holds the"),
    ("apns", "2001:db8:4600::/40", "fe80::/48", "apns.yaml:4: `pools.green.ipv6`: `fe80::/48` overlaps fe80::/10, whi"),
    ("apns", "2001:db8:4600::/40", "ff0e::/48", "apns.yaml:4: `pools.green.ipv6`: `ff0e::/48` overlaps ff00::/8, whi"),
    ("apns", "10.46.0.0/16", "10.46.0.1/16", "apns.yaml:4: `pools.green.ipv4`: `10.46.0.1/16` is not its network's fi"),
    ("apns", "10.46.0.0/16", "10.46/16", "apns.yaml:4: `pools.green.ipv4`: `10.46/16` is not a network; write it like"),
    ("apns", "10.46.0.0/16", "10.46.0.0/31", "apns.yaml:4: `pools.green.ipv4`: `10.46.0.0/31` is no usable pool; writ"),
    ("apns", "2001:db8:4600::/40", "2001:db8:4600::/64", "apns.yaml:4: `pools.green.ipv6`: `2001:db8:4600::/64` is no"),
    ("apns", '{ipv4: 10.46.0.0/16, ipv6: "2001:db8:4600::/40", hold', "{hold", "apns.yaml:4: pool `green` has no addr"),
    ("apns", 'ipv6: "2001:db8:4500::/40", ', "", "apns.yaml:9: PDN type IPv4v6 needs ipv6 addresses, which pool `inte"),
    ("apns", "    pool: internet\n    dns: [10.45.0.1]\n    ambr: {uplink: 5", "    ambr: {uplink: 5", "apns.yaml:7: "),
    ("apns", "pool: internet", "pool: intranet", "apns.yaml:10: pool `intranet` does not exist; did you mean `interne"),
    ("apns", "    policy: arrears\n", "", "apns.yaml:16: profile `green` gives an address but has no `policy`; add"),
    ("apns", "policy: arrears", "policy: arears", "apns.yaml:24: policy `arears` is not in policies.yaml; did you mea"),
    ("apns", "apn: internet\n", "apn: In ternet\n", "apns.yaml:8: `profiles.internet.apn`: APN `In ternet` is not low"),
    ("apns", "dns: [10.45.0.1]", "dns: [ns1]", "apns.yaml:11: `profiles.internet.dns[1]`: `ns1` is not the address of"),
    ("apns", "arrears: green", "arrears: gren", "apns.yaml:63: profile `gren` does not exist; did you mean `green`?"),
    ("apns", "open: internet", "open: barred", "apns.yaml:62: `ordered.open` means profile `barred`, which gives no a"),
    ("apns", "    pool: internet\n    dns: [10.45.0.1]\n    ambr: {uplink: 1M",
     "    pool: green\n    ambr: {uplink: 1M",
     "apns.yaml:7: profile `internet` changes in place, which keeps the address, but `pool` differs"),
    # policies
    ("policies", "[pay.provider.example]", '[pay.provider.example, ".com"]', "policies.yaml:9: `groups.payment.hosts["),
    ("policies", "[pay.provider.example]", "[pay.provider.example]\n    networks: [10.0.0.1/8]", "policies.yaml:10: "),
    ("policies", "allow: [portal, payment, ", "allow: [portal, paymnt, ", "policies.yaml:31: group `paymnt` does not "),
    ("policies", "http://portal.carrier", "http://other.carrier", "policies.yaml:30: `profiles.arrears.redirect_to`: "),
    ("carrier", "host: portal.", "host: shop.", "carrier.yaml:30: `portal.host`: no group in policies.yaml holds `"),
    ("policies", "trusted: true", "trusted: false", "policies.yaml:4: group `portal` holds the portal, `portal.carri"),
    ("policies", "trusted: true", "trusted: true\n    ports: [80]", "policies.yaml:7: profile `arrears` does not al"),
    ("policies", "portal.carrier.example/green\n    allow: [portal, payment, wechat-pay]\n    essential: [portal, ",
     "pay.provider.example/\n    allow: [payment]\n    essential: [",
     "policies.yaml:31: profile `arrears` does not allow the portal, `portal.carrier.example` (`port"),
    ("policies", "    redirect_to: http://portal.carrier.example/green\n", "", "policies.yaml:29: `profiles.arrears.d"),
    # enrichment
    ("enrichment", "X-MSISDN:", "X MSISDN:", "enrichment.yaml:3: `headers.X MSISDN`: header `X MSISDN` is not a heade"),
    ("enrichment", "X-MSISDN:", "Host:", "enrichment.yaml:3: `headers.Host`: header `Host` is a header that HTTP itse"),
    ("enrichment", "# More", "  x_msisdn: {value: imsi}\n# More", "enrichment.yaml:4: header `x_msisdn` and `X-MSISDN"),
    ("enrichment", "#   X-Subscriber:  {value: msisdn, encoding: token, lifetime: 60s}",
     "  X-S: {value: msisdn, lifetime: 2d}", "enrichment.yaml:6: a token's lifetime is from `1s` to `24h`"),
    ("enrichment", "- MSISDN", "- 'MS ISDN'", "enrichment.yaml:11: `aliases[1]`: alias `MS ISDN` is not a header name"),
    ("enrichment", "- User-Identity-", "- User Identity-", "enrichment.yaml:32: `cookies[1]`: cookie `User Identity-F"),
    # dunning and the emulated Internet
    ("dunning", "stops: {0: 15, ", "stops: {", "dunning.yaml:87: `credit.points.stops`: points are given for every va"),
    ("dunning", "[15, 30, ", "[30, ", "dunning.yaml:92: `credit.levels`: levels 2 to 10 each begin at a score, the n"),
    ("dunning", "[15, 30, ", "[30, 15, ", "dunning.yaml:92: `credit.levels`: levels 2 to 10 each begin at a score, "),
    ("dunning", "spend: {0: 0, 30", "spend: {0: 0, some", "dunning.yaml:86: `credit.points.spend.some`: `some` is not"),
    ("dunning", "months: {0: 0, 6: 5", "months: {0: 0, 6: x", "dunning.yaml:91: `credit.points.months.6`: `x` is not "),
    ("dunning", "payment: {0: 0", "payments: {0: 0", "dunning.yaml:90: unknown key `payments` in `credit.points`; di"),
    ("dunning", "input: stops", "input: stop", "dunning.yaml:96: `credit.tags.often-stopped.input`: `stop` is not pos"),
    ("dunning", "0.00", "-1.00", "dunning.yaml:4: `credit_limit`: credit limit `-1.00` is negative; write how far"),
    ("dunning", '"06:00"', '"00:00"', "dunning.yaml:12: a night ends after it began, on the same day"),
    ("dunning", "room: 5m", "room: 2h", "dunning.yaml:29: of two hours at least one is left between notice and stop"),
    ("dunning", 'notices_until: "20:00"', 'notices_until: "21:00"', "dunning.yaml:16: a stop may follow its notice by"),
    ("dunning", '"1-2": {delay: 0, notice: 30m', '"1-2": {delay: 0, notice: 3h', "dunning.yaml:34: a stop follows its"),
    ("dunning", '"3": {', '"2-3": {', "dunning.yaml:35: levels `2-3` are described twice, or not from 1 to 10; write"),
    ("dunning", '"10": {', '"10-11": {', "dunning.yaml:41: levels `10-11` are described twice, or not from 1 to 10"),
    ("dunning", "above: 200,", "above: -200,", "dunning.yaml:28: `-200` is negative; write `0` or more"),
    ("dunning", "without: []", "without: [S7]", "dunning.yaml:44: `without[1]`: `S7` is not possible"),
    ("dunning", "15m", "0s", "dunning.yaml:5: a payment order needs time to be paid; write at least `1s`"),
    ("internet", "slow.example", "News.Example.", "internet.yaml:5: site `news.example` is described twice in two spe"),
    ("internet", "slow.example", "192.0.2.1", "internet.yaml:5: `sites.192.0.2.1`: `192.0.2.1` is an address; write a"),
    ("internet", "[cdn-a.example, cdn-b", "[cdn-b.example, cdn-b", "internet.yaml:9: one name shares with nobody; lis"),
    ("internet", "cdn-b.example]", "cdn-b.example]\n  - [cdn-c.example, cdn-a.example]", "internet.yaml:10: `cdn-a.ex"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "said"), MISTAKES)
def test_a_mistake_is_found_where_it_is(folder: Path, change: Change, file: str, old: str, new: str, said: str) -> None:
    change(file, old, new)
    assert any(line.startswith(said) for line in findings(folder)), findings(folder)


def test_all_mistakes_of_all_files_at_once(folder: Path, change: Change) -> None:
    change("carrier", "clock: wall", "clock: wal")
    change("carrier", "port: 8611", "port: 8610")
    change("apns", "arrears: green", "arrears: gren")
    change("policies", "[pay.provider.example]", "[.com]")
    change("policies", "allow: [portal, payment, ", "allow: [portal, paymnt, ")
    change("subscribers", "account: li", "account: lii")
    change("internet", "delay: 300ms", "delay: 300")
    assert [line.split(": ")[0] for line in findings(folder)] == [
        "apns.yaml:63",
        "carrier.yaml:10",
        "carrier.yaml:20",
        "internet.yaml:5",
        "policies.yaml:9",
        "policies.yaml:31",
        "subscribers.yaml:10",
    ]


def test_files_that_are_no_yaml_mappings(folder: Path) -> None:
    (folder / "apns.yaml").write_text("- one\n- two\n", encoding="utf-8")
    (folder / "dunning.yaml").write_bytes(b"policy: \xff\n")
    (folder / "internet.yaml").unlink()
    (folder / "internet.yaml").mkdir()
    (folder / "carrier.yaml").write_text("", encoding="utf-8")
    said = findings(folder)
    assert "apns.yaml:1: is not a mapping; write `key: value` lines at the top level" in said
    assert 'carrier.yaml: `plmn` is missing; add `plmn: {mcc: "460", mnc: "00"}`' in said
    assert "dunning.yaml: is not UTF-8 text; save it as UTF-8" in said
    assert "internet.yaml: cannot be read: Is a directory; make it a readable YAML file" in said


def test_anchors_that_multiply_are_stopped(folder: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    (folder / "internet.yaml").write_text("\n".join(lines), encoding="utf-8")
    assert any("or grows without end; write the values out" in line for line in findings(folder))


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 60_000,
        "a: " + "[" * 60 + "]" * 60,
        "a:\n  " + "- " * 60 + "x",
        "a: " + "{b: " * 60 + "}" * 60,
        "a0: &a0 x\n" + "".join(f"a{i}: &a{i} {'[' * 9}*a{i - 1}{']' * 9}\n" for i in range(1, 9)),
    ],
)
def test_what_is_nested_too_deeply_is_refused_before_it_is_gone_into(text: str, folder: Path) -> None:
    """A library's own recursion would end the program."""
    (folder / "internet.yaml").write_text(text, encoding="utf-8")
    said = "has more than 50 lists and mappings inside each other, which nothing here needs; take some out"
    assert [line.rpartition(": ")[2] for line in findings(folder) if line.startswith("internet.yaml:")] == [said]
    with pytest.raises(InvalidInput, match="has more than 50 lists"):
        read_value(text)


def test_suggestions() -> None:
    assert nearest("http_prot", ["http_port", "socks_port"]) == "did you mean `http_port`?"
    assert nearest("zzz", ["b", "a"]) == "write one of `a`, `b`"
    assert nearest("zzz", []) == "remove it"
    assert listing(str(number) for number in range(10, 25)).endswith("`21` and 3 more")
