"""Every target. `make test-long` feeds them more than a million inputs together."""

from tests.fuzz.campaign import Target
from tests.fuzz.targets import (
    answers,
    chunks,
    configuration,
    enrichment,
    hellos,
    hosts,
    proxy_headers,
    requests,
    socks,
)

TARGETS: tuple[Target, ...] = (
    requests.TARGET,
    chunks.TARGET,
    answers.TARGET,
    enrichment.TARGET,
    hosts.TARGET,
    hellos.TARGET,
    socks.TARGET,
    proxy_headers.TARGET,
    configuration.TARGET,
)
