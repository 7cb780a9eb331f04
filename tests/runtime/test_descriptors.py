import resource
from collections.abc import Iterator

import pytest

from nfemu.runtime.crowd import Bounds
from nfemu.runtime.descriptors import affordable, ask_for_descriptors, few_are_left


@pytest.fixture(autouse=True)
def limits() -> Iterator[tuple[int, int]]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield before
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_the_soft_limit_is_raised(limits: tuple[int, int]) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, limits[1]))
    ask_for_descriptors()
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (min(limits[1], 65_536), limits[1])


@pytest.mark.parametrize(("limit", "last_for_all"), [(4096, 3071), (1024, 767)])
def test_the_last_ones_are_kept(limits: tuple[int, int], limit: int, last_for_all: int) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limits[1]))
    assert [few_are_left(each) for each in (3, last_for_all, last_for_all + 1)] == [False, False, True]


def test_a_crowd_has_what_can_be_afforded(limits: tuple[int, int]) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, limits[1]))
    assert affordable(Bounds(1024, 8192)) == Bounds(64, 256)
    assert affordable(Bounds(2, 3)) == Bounds(2, 3)
