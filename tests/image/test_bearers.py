"""IP bearers in a container: what it must be given for them, and that they are whole."""

import json
import re
import time
from pathlib import Path

import pytest

from tests.image.container import NAME, NEEDS_ENGINE, docker, nfemu, start, until_healthy
from tests.journeys.carrier import has_ended

pytestmark = [pytest.mark.long, NEEDS_ENGINE]

NUMBER = "13800138000"
APPARMOR = ("--security-opt", "apparmor=unconfined")
FOR_ONE_MOUNT = ("--cap-add", "SYS_ADMIN", *APPARMOR)
WITHOUT = ("--security-opt", "seccomp=unconfined", "--security-opt", "systempaths=unconfined", *APPARMOR)
READ_ONLY = ("--read-only", "--tmpfs", "/tmp")
NOBODY = ("--user", "12345:23456", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
PROFILES = ("internet", "green", "barred", "inflight", "campus-quiz", "training")
_CLONE_NEWUSER = 0x10000000


def on_line(*command: str) -> str:
    return nfemu("exec", NUMBER, "--", *command)


def asked(url: str) -> str:
    """The HTTP status that curl gets on the line."""
    return on_line("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", url)


def demo(*settings: str) -> str:
    """The last line of what it prints, on bearers or not at all."""
    values = " ".join(("carrier.access=bearer", *settings))
    return docker("exec", "-e", f"NFEMU_SET={values}", NAME, "nfemu", "demo").splitlines()[-1]


@pytest.mark.parametrize(
    "options",
    [
        FOR_ONE_MOUNT,
        (*FOR_ONE_MOUNT, *READ_ONLY, "--sysctl", "net.ipv6.conf.all.disable_ipv6=1"),
        (*WITHOUT, *READ_ONLY),
        (*WITHOUT, *READ_ONLY, *NOBODY),
    ],
)
def test_each_line_is_a_network_and_nobody_has_a_capability(options: tuple[str, ...]) -> None:
    start(*options)
    assert "access           bearer: " in nfemu("status")
    sets = docker("exec", NAME, "grep", "^Cap", "/proc/1/status").split()[1::2]
    assert set(sets) == {"0000000000000000"}
    assert asked("https://news.example/") == "200"
    assert re.findall(r"^ *(\w+):", on_line("cat", "/proc/thread-self/net/dev"), re.MULTILINE) == ["lo", "wwan0"]
    assert demo() == "20 passed, 0 failed"


@pytest.mark.parametrize("kind", ["IPv4", "IPv6"])
def test_the_journey_with_one_family(kind: str) -> None:
    start(*FOR_ONE_MOUNT)
    assert demo(*(f"apns.profiles.{name}.pdn_type={kind}" for name in PROFILES)) == "20 passed, 0 failed"


def test_what_looks_at_lines_and_measures_them() -> None:
    unhurried = "policies.profiles.arrears.daily_cap=0 policies.profiles.arrears.rate=0"
    start(*FOR_ONE_MOUNT, "-e", f"NFEMU_SET=carrier.portal.upstream.http=http://127.0.0.1:9000 {unhurried}")
    assert re.search(
        r"^nft +connected +connected$", nfemu("explain", NUMBER, "https://news.example/", "--observe"), re.MULTILINE
    )
    portal, news = (address_of(name) for name in ("portal.carrier.example", "news.example"))
    names = ("--against", "portal.carrier.example", "--other", "news.example", "--listen", "9000", "--only", "spoofing")
    played = nfemu(
        "attack", "--bearer", "--number", NUMBER, *names, "--against-address", portal, "--other-address", news
    )
    assert re.search(r"^[1-9][0-9]+ right, 0 wrong \(0 harmful\)", played, re.MULTILINE)
    assert "octets that got through after it                     0 " in nfemu("bench", "flip", "--rounds", "10")


def address_of(name: str) -> str:
    found = re.search(r"^resolves to +([^,\s]+)", nfemu("explain", NUMBER, f"http://{name}/"), re.MULTILINE)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ((), "this user may make no network namespaces here"),
        (("--cap-add", "NET_ADMIN"), "this user may make no network namespaces here"),
        (("--security-opt", "seccomp=unconfined"), "`/proc/sys/net/ipv4/ip_forward` is read-only"),
        ((*FOR_ONE_MOUNT, "--user", "12345"), "`/proc/sys/net/ipv4/ip_forward` is read-only"),
    ],
)
def test_where_there_are_none_one_line_says_why_and_lines_go_by_proxy(options: tuple[str, ...], reason: str) -> None:
    start(*options)
    (line,) = re.findall("^  access .*", nfemu("status"), re.MULTILINE)
    assert "proxy: HTTP and SOCKS5; no IP bearers, " in line
    assert reason in line
    assert asked("https://news.example/") == "200"


def test_where_the_machine_permits_no_user_namespaces_it_keeps_what_it_needs(tmp_path: Path) -> None:
    filtered = tmp_path / "seccomp.json"
    namespaces = {"index": 0, "value": _CLONE_NEWUSER, "valueTwo": _CLONE_NEWUSER, "op": "SCMP_CMP_MASKED_EQ"}
    refused = {"names": ["unshare", "clone"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "args": [namespaces]}
    filtered.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [refused]}))
    more = ("--cap-add", "NET_ADMIN", "--cap-add", "SYS_PTRACE", "--security-opt", f"seccomp={filtered}")
    start(*FOR_ONE_MOUNT, *more)
    assert "access           bearer: " in nfemu("status")
    assert asked("https://news.example/") == "200"


def test_nothing_is_left_when_it_is_killed_and_it_starts_and_stops_in_order() -> None:
    start(*FOR_ONE_MOUNT)
    sleeping = ("exec", "-d", NAME, "nfemu", "exec", NUMBER, "--", "sleep", "1000")
    docker(*sleeping)
    within = processes()
    docker("kill", NAME)
    assert all(has_ended(pid) for pid in within)
    docker("start", NAME)
    until_healthy(time.monotonic())
    docker("restart", "-t", "5", NAME)
    until_healthy(time.monotonic())
    assert asked("https://news.example/") == "200"
    within = processes()
    docker("stop", "-t", "5", NAME)
    assert all(has_ended(pid) for pid in within)
    assert docker("inspect", "-f", "{{.State.ExitCode}}", NAME).strip() in ("0", "143"), "not killed after 5 s"


def processes() -> list[int]:
    """Of the container, as this machine has them; core network and lines are among them."""
    found = [int(row.split()[0]) for row in docker("top", NAME, "-eo", "pid,args").splitlines()[1:]]
    assert len(found) >= 5
    return found


def test_another_core_network_takes_the_place_of_one_that_ended() -> None:
    start(*FOR_ONE_MOUNT)
    nfemu("restrict", NUMBER)
    docker(
        "exec",
        "-u",
        "nfemu",
        NAME,
        "sh",
        "-c",
        "kill -9 $(grep -l network[.]core /proc/[0-9]*/cmdline | cut -d/ -f3)",
    )
    assert asked("http://news.example/") == "302"
    until_healthy(time.monotonic())
    assert "1 restarts" in nfemu("status")
