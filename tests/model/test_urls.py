"""Pieces of URLs as they were typed."""

import pytest

from nfemu.model.urls import can_be_asked_for, host_as_written, path_of


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://NEWS.Example.:80/", "NEWS.Example."),
        ("https://me@news.example/", "news.example"),
        ("http://[2001:2::1]:80/", "2001:2::1"),
        ("dns:Bücher.example", "Bücher.example"),
    ],
)
def test_the_host_as_written(url: str, host: str) -> None:
    assert host_as_written(url) == host


@pytest.mark.parametrize(
    ("url", "whole"),
    [
        ("https://news.example/", True),
        ("http://[2001:2::1]:8080", True),
        ("ftp://news.example/", False),
        ("news.example", False),
        ("http:///path", False),
        ("http://news.example:0/", False),
        ("http://news.example:99999/", False),
    ],
)
def test_whether_it_can_be_asked_for(url: str, whole: bool) -> None:
    assert can_be_asked_for(url) == whole


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("news.example", "/"),
        ("http://news.example?a=b", "/?a=b"),
        ("http://news.example/a%20b/例?q=é#x", "/a%20b/%E4%BE%8B?q=%C3%A9"),
    ],
)
def test_what_is_asked_for(url: str, path: str) -> None:
    assert path_of(url) == path
