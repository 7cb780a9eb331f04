"""`nfemu verify` before anything is sent: its list, and how a line comes under each policy."""

from io import StringIO
from pathlib import Path

import pytest

from bench.urls import urls
from nfemu.cli.verifying import Order, orders_of, read_urls
from nfemu.model.errors import InvalidInput
from nfemu.policy.urls import destination_of
from nfemu.settings import load
from tests.cli.conftest import Nfemu, Outcome

SHIPPED = load(Path(__file__).parents[2] / "config")


def test_the_list() -> None:
    text = "# all\nhttps://a.example/   # one\n\n  dns:b.example\n"
    assert read_urls(StringIO(text)) == ["https://a.example/", "dns:b.example"]
    with pytest.raises(InvalidInput, match="line 2: `gopher://x/` is not a destination"):
        read_urls(StringIO("a.example\ngopher://x/\n"))
    with pytest.raises(InvalidInput, match="there is no URL in the list"):
        read_urls(StringIO("# nothing\n"))
    with pytest.raises(InvalidInput, match="line 1: the URL has 2117 characters; 2048 is the most"):
        read_urls(StringIO(f"http://a.example/{'x' * 2100}\n"))


def test_how_a_line_comes_under_each_policy() -> None:
    assert orders_of(SHIPPED, ()) == [
        Order("open", "internet"),
        Order("arrears", None),
        Order("inflight", "inflight"),
        Order("campus-quiz", "campus-quiz"),
        Order("training", "training"),
    ]
    assert orders_of(SHIPPED, ("arrears",)) == [Order("arrears", None)]
    with pytest.raises(InvalidInput, match="no line can come under policy profile `nope`"):
        orders_of(SHIPPED, ("nope",))


def test_refused_before_anything_starts(nfemu: Nfemu, tmp_path: Path) -> None:
    file = tmp_path / "urls"
    file.write_text("http://a.example/\n")
    assert nfemu("verify", str(file), "--profile", "nope").status == 2
    away = nfemu("verify", str(file), "--number", "13800138000")
    assert (away.status, "not running" in away.err) == (1, True)
    file.write_text("ftp://a.example/\n")
    assert "line 1:" in nfemu("verify", str(file)).err
    file.write_bytes(b"\xef\xbb\xbfftp://a.example/\n")
    assert "line 1: `ftp://a.example/` is" in nfemu("verify", str(file)).err, "without the mark of its encoding"


def test_what_is_no_text(nfemu: Nfemu, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "urls"
    file.write_bytes(b"http://a.example/\n\xff\xfe\x00")
    words = "is not UTF-8 text; give a list of URLs, one a line\n"
    assert nfemu("verify", str(file)) == Outcome(2, "", f"nfemu: `{file}` {words}")
    with file.open() as given:
        monkeypatch.setattr("sys.stdin", given)
        assert nfemu("verify", "-") == Outcome(2, "", f"nfemu: `{file}` {words}")


def test_urls_for_it() -> None:
    """As many as wanted, all different, all destinations; each host of a policy over both schemes."""
    made = urls(SHIPPED, 600)
    assert len(set(made)) == len(made) == 600
    hosts = {destination_of(url).host for url in made}
    assert {name for group in SHIPPED.policies.groups for name in group.hosts if name[0] not in "*."} <= hosts
    assert {destination_of(url).scheme.value for url in made} == {"http", "https", "dns", "raw"}
    assert made == urls(SHIPPED, 600)
