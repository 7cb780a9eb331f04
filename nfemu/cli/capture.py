"""`nfemu capture`: what passes a line's interface, live, as a file that Wireshark opens."""

import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

import click

from nfemu.cli.context import client_of, state_of
from nfemu.gateway.bearer.network.capture import MOST, Capture
from nfemu.model.errors import Conflict, Unavailable
from nfemu.wire.pcap import file_header, record


@click.command("capture")
@click.argument("number")
@click.option(
    "-w",
    "file",
    required=True,
    metavar="FILE",
    help="Where the packets go; `-`: standard output, for `wireshark -k -i -`.",
)
@click.pass_context
def capture(context: click.Context, number: str, file: str) -> None:
    """Capture NUMBER's line until Ctrl-C: nfemu capture 13800138000 -w journey.pcap"""
    client = client_of(context)
    line = client.subscriber(number)
    access = state_of(context).status()
    if not access.has_bearers:
        raise Conflict(f"lines have no interface to capture here; access is {access.access}")
    plugged = client.plug(number)
    with _opened(file) as output, _asked_to_end() as asked:
        phone = Capture(plugged.pid, plugged.network)
        click.echo(f"capturing {line.number} on {plugged.ipv4 or plugged.ipv6}; Ctrl-C ends it", err=True)
        count = _write(phone, output, asked)
        lost = phone.lost()
        click.echo(f"{count} packets" + (f"; {lost} more came too fast" if lost else ""), err=True)


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    """Raises Unavailable."""
    if file == "-":
        yield sys.stdout.buffer
        return
    try:
        output = open(file, "wb")  # noqa: PTH123, SIM115 - a name as it was typed
    except OSError as error:
        raise Unavailable(f"`{file}` cannot be written: {error.strerror}") from None
    try:
        yield output
    finally:
        with suppress(OSError):  # what does not fit has been said of the packet that did not
            output.close()


@contextmanager
def _asked_to_end() -> Iterator[int]:
    """A descriptor that is readable once a signal has asked for the end: no record is left half written."""
    reading, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(writing)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    yield reading


def _write(phone: Capture, output: BinaryIO, asked: int) -> int:
    """Each packet as it passes, until somebody asks for the end, or reads no more; how many. Raises Unavailable."""
    count = 0
    watched = select.poll()
    for descriptor, event in ((phone.fileno(), select.POLLIN), (asked, select.POLLIN), (output.fileno(), 0)):
        watched.register(descriptor, event)  # a pipe that nobody reads any more tells without being asked
    try:
        output.write(file_header(MOST))
        output.flush()
        while [descriptor for descriptor, _ in watched.poll()] == [phone.fileno()]:
            frame = phone.frame()
            if frame is None:
                click.echo("the line's interface is gone", err=True)
                break
            output.write(record(frame.at, frame.data))
            output.flush()
            count += 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), output.fileno())  # else Python complains when it ends
    except OSError as error:
        raise Unavailable(f"`{output.name}` cannot be written: {error.strerror}") from None
    return count
