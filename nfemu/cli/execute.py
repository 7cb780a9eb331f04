"""`nfemu exec` and `nfemu shell`: run a program on a subscriber's line.

On an IP bearer the program lives in the network of the line's phone. By proxy access it replaces this process, and its
environment says which proxy. Either way signals, exit status and terminal are its own.
"""

import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from nfemu.cli.chromium import at_home, is_chromium
from nfemu.cli.context import client_of, state_of
from nfemu.client.state import RunningStatus, StateFolder, reachable
from nfemu.client.values import Subscriber
from nfemu.model.errors import Conflict, Unavailable

_ROOTS = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""Where Debian, Fedora, openSUSE and Alpine keep the system's roots as one file."""
_CA_VARIABLES = ("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
_PROXY_VARIABLES = frozenset({"http_proxy", "https_proxy", "all_proxy", "no_proxy", "ftp_proxy"})
_PASSWORD = "x"  # noqa: S105 - it plays no part, but some clients send no user name without one


@click.command("exec", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("number")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_context
def exec_command(context: click.Context, number: str, command: tuple[str, ...]) -> None:
    """Run COMMAND on NUMBER's line: nfemu exec 13800138000 -- curl -si http://news.example/"""
    program = command[1:] if command[0] == "--" else command
    if not program:
        raise click.UsageError("name the command to run behind `--`")
    run(context, number, program)


@click.command("shell")
@click.argument("number")
@click.pass_context
def shell_command(context: click.Context, number: str) -> None:
    """An interactive shell on NUMBER's line; `exit` leaves it."""
    run(context, number, (os.environ.get("SHELL") or "/bin/sh",))


def run(context: click.Context, number: str, program: Sequence[str]) -> None:
    """Raises Conflict where nothing can run on the line; else this process ends with the program."""
    state = state_of(context)
    with client_of(context) as client:
        line = client.subscriber(number)
        if line.session is None or line.session.state != "active":
            raise Conflict(f"{line.number} is detached, so nothing runs on its line; {_way_out(line)}")
        status = state.status()
        bundle = write_bundle(state, state.ca, system_roots(os.environ, state))
        own = at_home(os.environ, state, line.e164) if is_chromium(program[0]) else os.environ
        if not status.has_bearers:
            replace(program, environment(own, proxies(status, line), bundle))
        plugged = client.plug(number)
    from nfemu.gateway.bearer.network.enter import run_on_line

    environ = environment(own, {}, bundle)
    run_on_line(plugged.pid, plugged.network, plugged.resolvers, lambda: replace(program, environ))


def _way_out(line: Subscriber) -> str:
    """What gives the line a session again."""
    if line.permitted:
        return f"`nfemu attach {line.number}` first"
    pay = "" if line.hold == "restrict" else f"`nfemu pay {line.number} {line.account.amount_due.amount}` or "
    return f"`{line.ordered}` gives it no IP address: {pay}`nfemu restore {line.number}` attaches it again"


def proxies(status: RunningStatus, line: Subscriber) -> dict[str, str]:
    """The variables that lead a program to the line's proxy."""
    own = status.subscriber_proxies.get(line.e164)
    shared = f"{line.number}:{_PASSWORD}@{reachable(status.http_proxy)}"
    http = f"http://{reachable(own) if own is not None else shared}"
    return {
        "http_proxy": http,
        "https_proxy": http,
        "all_proxy": http,  # not SOCKS: httpx and others fail at once where a package for it is missing
        "no_proxy": "",
    }


def environment(inherited: Mapping[str, str], proxies: Mapping[str, str], bundle: Path) -> dict[str, str]:
    """`inherited` with these proxies alone, in both spellings, and the certificates of the emulated Internet."""
    kept = {name: value for name, value in inherited.items() if name.lower() not in _PROXY_VARIABLES}
    return {
        **kept,
        **proxies,
        **{name.upper(): value for name, value in proxies.items()},
        **dict.fromkeys(_CA_VARIABLES, str(bundle)),
    }


def system_roots(inherited: Mapping[str, str], state: StateFolder) -> bytes:
    """The roots that programs trust anyway: the caller's own choice, else the system's."""
    bundle = _bundle_path(state)
    for name in (inherited.get("SSL_CERT_FILE", ""), *_ROOTS):
        path = Path(name)
        if name and path != bundle and path.is_file():
            return path.read_bytes()
    return b""


def write_bundle(state: StateFolder, ca: Path, roots: bytes) -> Path:
    """One file with `roots` and the emulator's CA. Raises Unavailable where it cannot be read or written."""
    bundle = _bundle_path(state)
    part = bundle.with_suffix(f".{os.getpid()}")
    try:
        content = roots.rstrip() + b"\n" + ca.read_bytes()
        if not bundle.exists() or bundle.read_bytes() != content:
            part.write_bytes(content)
            part.replace(bundle)
    except OSError as error:
        part.unlink(missing_ok=True)
        place = error.filename or part
        raise Unavailable(f"`{place}`: {error.strerror}; the state folder must be readable and have room") from None
    return bundle


def _bundle_path(state: StateFolder) -> Path:
    return state.path / "ca-bundle.pem"


def replace(program: Sequence[str], environ: Mapping[str, str]) -> None:
    """Become `program`. Its exit status is then ours; 127 where there is no such program, as in a shell."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and ignored signals are inherited
    try:
        os.execvpe(program[0], list(program), dict(environ))  # noqa: S606 - the user's own command
    except FileNotFoundError:
        click.echo(f"nfemu: `{program[0]}` is not a program on PATH", err=True)
        raise SystemExit(127) from None
    except OSError as error:
        click.echo(f"nfemu: `{program[0]}` cannot be run: {error.strerror}", err=True)
        raise SystemExit(126) from None
