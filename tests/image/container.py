"""One container of the image, by the Docker engine that `tools/image.sh` starts."""

import os
import subprocess
import time

import pytest

from tests.journeys.carrier import until

NEEDS_ENGINE = pytest.mark.skipif(
    "DOCKER_HOST" not in os.environ, reason="needs a Docker engine: tools/image.sh starts one"
)
NAME = "nfemu-test"
STARTS_IN_S = 60


def docker(*arguments: str, check: bool = True) -> str:
    """Standard output and error of one docker command."""
    done = subprocess.run(
        ["docker", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=180, check=False
    )
    assert not check or done.returncode == 0, done.stdout
    return done.stdout


def start(*options: str) -> float:
    """A new container in the background; the seconds until it is healthy."""
    began = time.monotonic()
    docker("run", "-d", "--name", NAME, *options, "nfemu")
    return until_healthy(began)


def until_healthy(began: float) -> float:
    until(lambda: docker("inspect", "-f", "{{.State.Health.Status}}", NAME).strip() == "healthy", STARTS_IN_S)
    return time.monotonic() - began


def nfemu(*arguments: str) -> str:
    return docker("exec", NAME, "nfemu", *arguments)
