"""The measuring phone against a server that answers as a line in arrears does, and then as an open one."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from nfemu.measuring.phone import HOST, Phone, Way, by_proxy

PAGE = b"front page"


class Site(HTTPServer):
    """Answers with these statuses in turn, and then with the last for ever."""

    def __init__(self, *statuses: int) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.statuses = list(statuses)
        self.requests: list[tuple[str, str | None]] = []
        self.connections = 0

    def way(self) -> Way:
        return Way(lambda: ("127.0.0.1", self.server_port), "/", {"Host": HOST})


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Site

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_GET(self) -> None:
        site = self.server
        site.requests.append((self.path, self.headers["Proxy-Authorization"]))
        status = site.statuses.pop(0) if len(site.statuses) > 1 else site.statuses[0]
        self.send_response(status)
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_: object) -> None:
        """Not on the tests' output."""


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site(302, 302, 200, 200, 200, 302)
    serving = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()
    yield site
    site.shutdown()
    serving.join()
    site.server_close()


def test_a_redirect_is_not_the_page(site: Site) -> None:
    phone = Phone(site.way())
    assert phone.ask().octets == 0
    phone.until_open(anew=False)
    assert len(site.requests) == 3
    phone.forget()


def test_anew_is_a_connection_for_each_request_and_kept_is_one_for_all(site: Site) -> None:
    phone = Phone(site.way())
    phone.until_open(anew=True)
    assert site.connections == 3
    phone.until_open(anew=False)
    assert site.connections == 3
    phone.forget()


def test_it_goes_on_asking_when_it_is_refused_and_tells_what_it_got(site: Site) -> None:
    site.statuses = [200, 200, 302, 302, 200, 302]
    phone = Phone(site.way())
    asked = phone.until_refused()
    assert [index for index, each in enumerate(asked) if each.octets] == [0, 1, 4]
    assert all(each.octets in (0, len(PAGE)) for each in asked)
    assert [each.sent for each in asked] == sorted(each.sent for each in asked)
    assert len(asked) == 53
    phone.forget()


def test_it_asks_for_no_page_while_it_knows_that_it_would_be_refused(site: Site) -> None:
    site.statuses = [200]
    told = iter([True, True, False])
    phone = Phone(replace(site.way(), is_shut=lambda: next(told)))
    phone.until_open(anew=True)
    assert len(site.requests) == 1
    assert next(told, None) is None
    phone.forget()


def test_no_answer_is_no_page(site: Site) -> None:
    phone = Phone(Way(lambda: ("127.0.0.1", 1), "/", {}))
    assert phone.ask().octets == 0


def test_by_proxy_the_number_is_the_user(site: Site) -> None:
    phone = Phone(by_proxy(f"127.0.0.1:{site.server_port}", "8613800138000"))
    phone.ask()
    assert site.requests == [(f"http://{HOST}/", "Basic ODYxMzgwMDEzODAwMDp4")]
    phone.forget()
