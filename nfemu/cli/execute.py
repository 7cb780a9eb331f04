"""`nfemu exec`: run a program on a subscriber's line, by proxy access.

The program replaces this process, so that signals, exit status and terminal are its own.
"""

import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

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
    state = state_of(context)
    line = client_of(context).subscriber(number)
    if line.session is None or line.session.state != "active":
        raise Conflict(f"{line.number} is detached, so nothing runs on its line; {_way_out(line)}")
    status = state.status()
    bundle = write_bundle(state, state.ca, system_roots(os.environ, state))
    replace(program, environment(os.environ, status, line, bundle))


def _way_out(line: Subscriber) -> str:
    """What gives the line a session again."""
    if line.permitted:
        return f"`nfemu attach {line.number}` first"
    pay = "" if line.hold == "restrict" else f"`nfemu pay {line.number} {line.account.amount_due.amount}` or "
    return f"`{line.ordered}` gives it no IP address: {pay}`nfemu restore {line.number}` attaches it again"


def environment(inherited: Mapping[str, str], status: RunningStatus, line: Subscriber, bundle: Path) -> dict[str, str]:
    """`inherited` with the line's proxies in both spellings, and the certificates that verify the emulated Internet."""
    own = status.subscriber_proxies.get(line.e164)
    shared = f"{line.number}:{_PASSWORD}@{reachable(status.http_proxy)}"
    http = f"http://{reachable(own) if own is not None else shared}"
    proxies = {
        "http_proxy": http,
        "https_proxy": http,
        "all_proxy": http,  # not SOCKS: httpx and others fail at once where a package for it is missing
        "no_proxy": "",
    }
    return {
        **inherited,
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
