"""`nfemu replay`: the client side of a capture, sent again over a line."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import BinaryIO

import click

from nfemu.cli.context import client_of, state_of
from nfemu.cli.output import json_option, show_json, show_table
from nfemu.client.line import Phone
from nfemu.replay.flows import Flow
from nfemu.replay.playing import flows_in
from nfemu.replay.playing import replay as play
from nfemu.replay.values import Replayed, Verdict


@click.command()
@click.argument("number")
@click.argument("file", type=click.File("rb"))
@click.option("--to-address", is_flag=True, help="Send to the captured addresses instead of asking for the names anew.")
@json_option
@click.pass_context
def replay(context: click.Context, number: str, file: BinaryIO, to_address: bool, as_json: bool) -> None:
    """Send what the clients in FILE sent over NUMBER's line, and say what became of each flow, and by which rule.

    FILE is a pcap or pcapng file (`-`: standard input). HTTP, DNS and ICMP are sent again as they were, TLS as far as
    its hello. By proxy only HTTP and TLS are sent. Exit status 1 where the capture does not hold all of a flow.
    """
    found = flows_in(file)
    client = client_of(context)
    with Phone.on_line(client, state_of(context), number) as phone:
        if to_address:
            phone.check_bearer("sending to captured addresses")
        done = list(play(client, phone, found.flows, to_address))
    if as_json:
        show_json({"flows": [_plain(each) for each in done], "left_out": found.left_out})
    else:
        show_table(("AT", "FLOW", "NAME", "OCTETS", "VERDICT", "RULE"), map(_row, done), right=(0, 3))
        click.echo(_summary(done, found.left_out))
    if any(each.fate.verdict is Verdict.NOT_SENT for each in done):
        context.exit(1)


def _row(replayed: Replayed) -> Sequence[str]:
    fate, flow = replayed.fate, replayed.flow
    verdict = f"{fate.verdict.value}: {fate.detail}" if fate.detail else fate.verdict.value
    written = f"{flow.transport.value} {_place(str(flow.client), flow.client_port)} > {_to(flow)}"
    return f"{replayed.at:.3f}", written, replayed.name, str(flow.octets), verdict, replayed.rule or "-"


def _to(flow: Flow) -> str:
    return _place(str(flow.server), flow.server_port)


def _place(address: str, port: int) -> str:
    if not port:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _summary(done: Sequence[Replayed], left_out: Mapping[str, int]) -> str:
    counts = Counter(each.fate.verdict for each in done)
    verdicts = ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in Verdict if counts[verdict])
    lines = [f"{len(done)} flows: {verdicts}"]
    lines += [f"left out: {count} packets {reason}" for reason, count in left_out.items()]
    return "\n".join(lines)


def _plain(replayed: Replayed) -> dict[str, object]:
    flow = replayed.flow
    return {
        "at": round(replayed.at, 6),
        "transport": flow.transport.value,
        "client": str(flow.client),
        "client_port": flow.client_port,
        "server": str(flow.server),
        "server_port": flow.server_port,
        "kind": replayed.kind,
        "name": replayed.name,
        "octets": flow.octets,
        "verdict": replayed.fate.verdict.value,
        "detail": replayed.fate.detail,
        "rule": replayed.rule,
    }
