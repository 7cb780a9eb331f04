"""Gardens, as the captive-portal API is told of them."""

from pathlib import Path

from nfemu.bootstrap.conversion import gardens
from nfemu.model.identity import PolicyName
from nfemu.settings import load
from tests.settings.conftest import SHIPPED, Change


def test_each_has_its_landing_page_over_tls() -> None:
    assert gardens(load(SHIPPED, carrier="rheinfunk")) == {
        "arrears": "",
        "inflight": "https://inflight.rheinfunk.example/",
        "campus-quiz": "https://campus.rheinfunk.example/",
        "training": "https://training.rheinfunk.example/",
    }


def test_a_page_that_the_garden_does_not_allow_over_tls_is_not_named(folder: Path, change: Change) -> None:
    change("policies", "{hosts: [training.carrier.example]}", "{hosts: [training.carrier.example], ports: [80]}")
    change("policies", "profiles:\n", "profiles:\n  shut: {default: reject}\n")
    found = gardens(load(folder))
    assert set(found) == {"shut", "arrears", "inflight", "campus-quiz", "training"}
    assert (found[PolicyName("training")], found[PolicyName("shut")]) == ("", "")
