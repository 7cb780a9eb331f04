"""Configuration folders. An input is `FILE.yaml` on its first line and that file's text below; the rest is as shipped.

* It is a configuration, or refused with findings: each names a file and a line that the file has, and says
  something, in one line.
* Loaded again it is the same, or the same findings.
"""

import atexit
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import cast

from nfemu.settings import Configuration, ConfigurationError, Policies, load
from tests.fuzz.campaign import Target

_SHIPPED = Path(__file__).parents[3] / "config"
_FILES = ("carrier", "apns", "policies", "subscribers", "enrichment", "dunning", "internet")


class _Folder:
    """A copy of the shipped configuration, of which one file is another at a time."""

    def __init__(self) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="nfemu-fuzz-")
        atexit.register(self._temporary.cleanup)
        self.path = Path(self._temporary.name) / "config"
        shutil.copytree(_SHIPPED, self.path)

    def load(self, name: str, text: bytes) -> Configuration | ConfigurationError:
        file = self.path / f"{name}.yaml"
        shipped = file.read_bytes()
        file.write_bytes(text)
        try:
            return load(self.path)
        except ConfigurationError as error:
            return error
        finally:
            file.write_bytes(shipped)


_FOLDER = _Folder()


def _values(configuration: Configuration) -> Configuration:
    """Without what is compiled from it, which has no equality."""
    policies = configuration.policies
    return replace(configuration, policies=cast("Policies", (policies.groups, policies.profiles)))


def check(data: bytes) -> str:
    first, _, text = data.partition(b"\n")
    name = first.decode("latin-1").removesuffix(".yaml")
    if name not in _FILES:
        return "no file of the configuration"
    made = _FOLDER.load(name, text)
    again = _FOLDER.load(name, text)
    if isinstance(made, Configuration):
        assert isinstance(again, Configuration)
        assert _values(again) == _values(made)
        return "accepted"
    assert isinstance(again, ConfigurationError)
    assert again.findings == made.findings
    assert made.findings
    most = len(text.splitlines()) + 1
    for finding in made.findings:
        assert finding.message.strip()
        assert len(str(finding).splitlines()) == 1, finding
        inside = Path(finding.file).name == f"{name}.yaml"
        assert not inside or 0 <= finding.line <= most, f"{finding} of {most} lines"
    return made.findings[0].message


TARGET = Target(
    "configuration",
    (
        *(
            b"\n",
            b": ",
            b"- ",
            b"{",
            b"}",
            b"[",
            b"]",
            b"&a ",
            b"*a",
            b"<<: *a",
            b"!!python/object:os.system",
            b"!!binary ",
            b"#",
            b"|",
            b">",
            b"? ",
            b'"',
            b"'",
        ),
        *(
            b"\x00",
            b"\xef\xbb\xbf",
            b"\xff",
            b"\t",
            b"---\n",
            b"...\n",
            b"%YAML 9.9\n",
            b"null",
            b"~",
            b"true",
            b"no",
            b"on",
            b"1e999",
            b".nan",
            b".inf",
            b"0x10",
            b"010",
        ),
        *(
            b"carrier.yaml\n",
            b"apns.yaml\n",
            b"policies.yaml\n",
            b"subscribers.yaml\n",
            b"dunning.yaml\n",
            b"internet.yaml\n",
            b"enrichment.yaml\n",
        ),
        *(
            b"0.00",
            b"-1",
            b"99999999999999999999.99",
            b"1.005",
            b"10m",
            b"999999999d",
            b"-5s",
            b"10.45.0.0/8",
            b"::/0",
            b"0.0.0.0/0",
            b"2001:db8::/128",
        ),
        *(
            b"13800138000",
            b"+86",
            "１３８".encode(),
            b"460001380013800",
            b"hosts: [.com]",
            b"ports: [0]",
            b"ports: [65536]",
            b"redirect_to: javascript:x",
        ),
        *(
            b"count: 1000000000",
            b"attach: all",
            b"csv: /etc/passwd",
            b"csv: ../x",
            b"policy: graded",
            b"access: gtp",
            b"internet: real",
            b"plmn: {mcc: 460, mnc: 00}",
        ),
    ),
    check,
    50_000,
)
