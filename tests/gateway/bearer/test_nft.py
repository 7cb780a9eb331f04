"""The nftables context against the real kernel, in a network namespace that ends with its process."""

import os
import subprocess
import sys
from textwrap import dedent

import pytest

from nfemu.gateway.bearer.nft import Nft
from nfemu.model.errors import Unavailable

_ENTER = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-Urn"]


_FAULTY = "add table inet b; add element inet a nothing { 9.9.9.9 }"


def run(program: str) -> list[str]:
    """What the program printed, with `nft` a context in a fresh namespace."""
    start = "from nfemu.gateway.bearer.nft import Nft\nfrom nfemu.model.errors import Unavailable\nnft = Nft()\n"
    command = [*_ENTER, sys.executable, "-P", "-c", start + dedent(program)]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()


def test_missing_library_names_the_package() -> None:
    with pytest.raises(Unavailable, match=r"`libno\.so\.1` is not here; install Debian's package libnftables1"):
        Nft("libno.so.1")


@pytest.mark.lab
def test_one_run_is_one_transaction_and_an_error_leaves_nothing_of_it() -> None:
    assert run("""
        print(repr(nft.run("add table inet a")))
        try:
            nft.run("add table inet b; add element inet a nothing { 9.9.9.9 }")
        except Unavailable as error:
            print(error)
        print(nft.run("list tables"))
    """) == [
        "''",
        f"nft refused the rules: Error: No such file or directory; {_FAULTY}",
        "table inet a",
        "",
    ]


@pytest.mark.lab
def test_a_long_line_is_not_shown_whole() -> None:
    assert run("""
        try:
            nft.run("add element inet none a { " + ", ".join(f"10.0.0.{i}" for i in range(256)) + " }")
        except Unavailable as error:
            print(len(str(error)) < 500)
    """) == ["True"]


@pytest.mark.lab
def test_closed() -> None:
    assert run("""
        nft.close()
        nft.close()
        try:
            nft.run("list tables")
        except Unavailable as error:
            print(error)
    """) == ["the nftables context is closed"]
