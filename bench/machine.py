"""Where and with what the figures were measured: they say nothing without it."""

import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path
from shutil import which

_PACKAGES = ("mitmproxy", "uvloop", "SQLAlchemy")
_VERSION = re.compile(r"\d+\.\d+")
_PROGRAMS = {"nginx": "-v", "unbound": "-V", "dnsperf": "-h", "nft": "--version"}


def described() -> list[str]:
    """Two lines."""
    cores, load = os.cpu_count(), os.getloadavg()[0]
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    programs = "; ".join(_said(name, option) for name, option in _PROGRAMS.items() if which(name) is not None)
    return [
        f"{_processor()}, {cores} cores, Linux {platform.release()}, load {load:.1f} before it began",
        f"Python {platform.python_version()}, {packages}; {programs}",
    ]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _said(program: str, option: str) -> str:
    """With the first word that looks like a version."""
    done = subprocess.run([program, option], capture_output=True, text=True, check=False)
    lines = (done.stdout + done.stderr).splitlines()
    version = next((word for line in lines for word in line.split() if _VERSION.search(word)), "")
    return f"{program} {version}"
