"""The portal team's first server: who calls it, and whom it believes."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from shutil import copytree, ignore_patterns
from socket import create_connection, create_server
from time import monotonic

import pytest

_STUB = Path(__file__).parents[2] / "examples" / "portal-stub" / "portal_stub.py"
_TRUSTED = ("X-MSISDN", "8613800138000")
Get = Callable[..., tuple[int, str]]


@contextmanager
def stub(gateway: str) -> Iterator[Get]:
    """Running; `get(path, *fields)` gives status and page."""
    with create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = [sys.executable, str(_STUB), "--listen", f"127.0.0.1:{port}", "--gateway", gateway]
    with subprocess.Popen(command) as process:
        _wait_for(port)

        def get(path: str, *fields: tuple[str, str]) -> tuple[int, str]:
            connection = HTTPConnection("127.0.0.1", port, timeout=10)
            connection.putrequest("GET", path)
            for field in fields:
                connection.putheader(*field)
            connection.endheaders()
            answer = connection.getresponse()
            page = answer.read().decode()
            connection.close()
            return answer.status, page

        try:
            yield get
        finally:
            process.terminate()


def _wait_for(port: int) -> None:
    deadline = monotonic() + 20
    while True:
        try:
            create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            assert monotonic() < deadline
        else:
            return


@pytest.fixture(scope="module")
def get() -> Iterator[Get]:
    with stub("127.0.0.1") as running:
        yield running


def test_the_gateway_says_who_calls(get: Get) -> None:
    status, page = get("/", _TRUSTED)
    assert (status, "<h1>您好，138****8000</h1>" in page, "13800138000" in page) == (200, True, False)
    assert "Hello, 138****8000" in get("/?lang=en", _TRUSTED)[1]


@pytest.mark.parametrize("fields", [(), (_TRUSTED, _TRUSTED), (("X-MSISDN", "<script>"),)])
def test_no_number_two_numbers_and_no_such_number_are_nobody(get: Get, fields: tuple[tuple[str, str], ...]) -> None:
    page = get("/", *fields)[1]
    assert "请使用手机流量打开本页" in page
    assert "script" not in page


def test_there_are_no_other_pages(get: Get) -> None:
    assert get("/favicon.ico", _TRUSTED)[0] == 404


def test_what_the_phone_wanted_is_shown_as_text(get: Get) -> None:
    page = get("/green?url=http%3A%2F%2F%3Cb%3Enews.example%2Fa", _TRUSTED)[1]
    assert "&lt;b&gt;news.example" in page
    assert "<b>" not in page


def test_what_is_no_url_is_not_shown(get: Get) -> None:
    status, page = get("/green?url=http://%5B", _TRUSTED)
    assert (status, "暂时不能访问" in page) == (200, False)


def test_nobody_else_is_believed() -> None:
    with stub("192.0.2.1") as get:
        assert "Hello! Please open" in get("/?lang=en", _TRUSTED)[1]


def test_its_own_tests_pass_by_themselves(tmp_path: Path) -> None:
    """As a portal team runs them: a copy of the folder, without our configuration."""
    folder = copytree(_STUB.parent, tmp_path / "portal-stub", ignore=ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, "passed" in done.stdout) == (0, True), done.stdout + done.stderr
