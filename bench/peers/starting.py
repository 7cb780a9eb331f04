"""Starts each proxy on free loopback ports, with its configuration from this folder, and ends it."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template
from time import monotonic, sleep

from nfemu import __version__

NUMBER = "13800138000"
E164 = f"86{NUMBER}"
_HERE = Path(__file__).parent
_ROOT = _HERE.parents[1]


@dataclass(frozen=True, slots=True)
class Rig:
    """Where the recording origins are going to listen, and a folder for what a proxy writes."""

    folder: Path
    trusted: int
    other: int


@dataclass(frozen=True, slots=True)
class Running:
    """`arguments` of `nfemu attack` that fit it, `state` the emulator's folder where it is one."""

    version: str
    arguments: list[str]
    state: Path | None = None


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _until_listening(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = monotonic() + 20
    while monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            sleep(0.1)
        else:
            return
    raise RuntimeError(f"{process.args!r} does not listen on port {port}")


@contextmanager
def _process(rig: Rig, ports: list[int], *command: str, **environment: str) -> Iterator[None]:
    log = rig.folder / "output"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, **environment})
        try:
            for port in ports:
                _until_listening(port, process)
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _written(rig: Rig, name: str, port: int) -> str:
    """The configuration `name` with its ports filled in."""
    values = {"folder": rig.folder, "port": port, "trusted": rig.trusted, "other": rig.other, "number": E164}
    path = rig.folder / name
    path.write_text(Template((_HERE / name).read_text()).substitute(values))
    return str(path)


def _version(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"\d+\.\d+[.\d]*", done.stdout + done.stderr)
    return found[0] if found else "unknown"


def _foreign(rig: Rig, *urls: str) -> list[str]:
    """What all the foreign proxies have in common: they know one number, and no user names."""
    places = f"--against portal.test:{rig.trusted} --other news.test:{rig.other}"
    ports = f"--listen {rig.trusted} --listen-other {rig.other}"
    return [*urls, *places.split(), *ports.split(), "--no-user-name", "--reaches-loopback", "--patience", "1"]


@contextmanager
def nginx(rig: Rig) -> Iterator[Running]:
    port = free_port()
    rig.folder.chmod(0o755)
    program = _program("nginx")
    with _process(rig, [port], program, "-e", str(rig.folder / "error.log"), "-c", _written(rig, "nginx.conf", port)):
        url = f"http://127.0.0.1:{port}"
        yield Running(
            f"nginx {_version(program, '-v')}", _foreign(rig, "--proxy", url, "--listener", url, "--no-connect")
        )


@contextmanager
def haproxy(rig: Rig) -> Iterator[Running]:
    port = free_port()
    program = _program("haproxy")
    with _process(rig, [port], program, "-db", "-f", _written(rig, "haproxy.cfg", port)):
        url = f"http://127.0.0.1:{port}"
        yield Running(
            f"HAProxy {_version(program, '-v')}", _foreign(rig, "--proxy", url, "--listener", url, "--no-connect")
        )


@contextmanager
def squid(rig: Rig) -> Iterator[Running]:
    port = free_port()
    program = _program("squid")
    shutil.copy(_HERE / "hosts", rig.folder)
    rig.folder.chmod(0o777)  # squid gives up root's rights
    with _process(rig, [port], program, "-N", "-f", _written(rig, "squid.conf", port)):
        yield Running(
            f"squid {_version(program, '-v')}", _foreign(rig, "--proxy", f"http://127.0.0.1:{port}", "--no-connect")
        )


@contextmanager
def mitmproxy(rig: Rig) -> Iterator[Running]:
    http, socks = free_port(), free_port()
    program = str(Path(sys.executable).with_name("mitmdump"))
    modes = ["--mode", f"regular@127.0.0.1:{http}", "--mode", f"socks5@127.0.0.1:{socks}"]
    options = ["-q", "-s", str(_HERE / "one_header.py"), "--set", f"confdir={rig.folder}"]
    with _process(rig, [http, socks], program, *modes, *options, PEER_NUMBER=E164):
        urls = ("--proxy", f"http://127.0.0.1:{http}", "--proxy", f"socks5://127.0.0.1:{socks}")
        yield Running(f"mitmproxy {_version(program, '--version')}", _foreign(rig, *urls))


@contextmanager
def nfemu(rig: Rig) -> Iterator[Running]:
    """A carrier of its own whose portal is the trusted origin; both lines, all forms."""
    config = rig.folder / "config"
    shutil.copytree(_ROOT / "config", config)
    carrier = config / "carrier.yaml"
    upstream = f'  upstream: {{http: "http://127.0.0.1:{rig.trusted}", https: "https://127.0.0.1:{rig.trusted}"}}\n'
    text = carrier.read_text(encoding="utf-8")
    carrier.write_text(
        text.replace("  # Put the portal team's", upstream + "  # Put the portal team's"), encoding="utf-8"
    )
    command = [sys.executable, "-m", "nfemu.cli.main", "--state", str(rig.folder / "state"), "--config", str(config)]
    subprocess.run([*command, "up", "--free-ports"], check=True, capture_output=True)
    try:
        shown = subprocess.run([*command, "status", "--json"], check=True, capture_output=True, text=True).stdout
        yield Running(f"nfemu {__version__}", _own_arguments(shown, rig), rig.folder / "state")
    finally:
        subprocess.run([*command, "down"], check=True, capture_output=True)


def _own_arguments(status: str, rig: Rig) -> list[str]:
    """All four forms; the line is restricted and restored by the API."""
    running = json.loads(status)
    urls = ["--proxy", f"http://{running['http_proxy']}", "--proxy", f"socks5://{running['socks_proxy']}"]
    urls += ["--listener", f"http://{running['subscriber_proxies'][E164]}"]
    places = ["--against", "portal.carrier.example", "--other", "news.example", "--listen", str(rig.trusted)]
    return [*urls, *places, "--line", "both", "--flip"]


def _program(name: str) -> str:
    """Debian keeps these outside of an ordinary user's PATH. Raises RuntimeError."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        raise RuntimeError(f"{name} is not installed: apt-get install {name}")
    return found


PEERS: dict[str, Callable[[Rig], AbstractContextManager[Running]]] = {
    "nfemu": nfemu,
    "mitmproxy": mitmproxy,
    "nginx": nginx,
    "haproxy": haproxy,
    "squid": squid,
}
