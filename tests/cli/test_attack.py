"""`nfemu attack` as a command: what it wants to know, and what it prints about a proxy that makes every mistake."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


def attack(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "nfemu.cli.main", "attack", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


class Refusing(BaseHTTPRequestHandler):
    """Lets nobody through."""

    def do_CONNECT(self) -> None:
        self.send_error(403)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def refusing() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name what to attack"),
        (["--bearer"], "`--bearer` needs `--against-address` and `--other-address`"),
        (["--proxy", "127.0.0.1:80"], "`127.0.0.1:80` is no proxy"),
        (["--proxy", "http://127.0.0.1"], "has no host and port"),
        (["--proxy", "http://127.0.0.1:x"], "has no host and port"),
        (["--proxy", "http://192.0.2.1:80"], "`192.0.2.1` is not this machine; with `--i-own-this-network`"),
        (["--proxy", "http://127.0.0.1:1", "--against", "a.test"], "`--against` and `--other` belong together"),
        (["--proxy", "http://127.0.0.1:1", "--against", "a.test", "--other", "b.test"], "`--against` needs `--listen"),
        (["--proxy", "http://127.0.0.1:1", "--against", "a:b", "--other", "b", "--listen", "0"], "is no destination"),
    ],
)
def test_wrong_input(arguments: list[str], said: str) -> None:
    done = attack("--number", "13800138000", *arguments)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr


def test_nobody_there() -> None:
    done = attack("--number", "13800138000", "--proxy", "http://127.0.0.1:1")
    assert (done.returncode, "is the proxy running there" in done.stderr) == (1, True)


def test_a_table_and_a_score() -> None:
    with refusing() as proxy:
        done = attack("--number", "13800138000", "--proxy", proxy, "--only", "tls", "--only", "beyond")
        shown = attack("--number", "13800138000", "--proxy", proxy, "--only", "tls", "--only", "beyond", "--json")
    assert done.returncode == shown.returncode == 1
    assert done.stdout.splitlines()[0].split() == [
        "FAMILY",
        "CASE",
        "LINE",
        "EXPECTED",
        "PROXY",
        "LISTENER",
        "CONNECT",
        "SOCKS",
        "BEARER",
    ]
    assert "tls: plain HTTP on the TLS port (connect, open line)" in done.stdout
    assert "beyond: UDP/443: proxy access carries TCP only" in done.stdout
    report = json.loads(shown.stdout)
    assert (report["format"], report["proxy"], report["score"]["harmful"]) == (1, proxy, 0)
    assert str(report["score"]["wrong"]) in done.stdout.splitlines()[-1]
    assert {each["verdict"] for each in report["results"]} == {"right", "wrong", "not applicable"}
