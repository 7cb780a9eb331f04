"""`nfemu pay NUMBER AMOUNT`, and `nfemu pay merchant | orders | show | payer | resend | fault | debug | reconcile`."""

import click

from nfemu.cli.paying.faults import fault
from nfemu.cli.paying.line import line
from nfemu.cli.paying.merchants import merchant
from nfemu.cli.paying.orders import orders, payer, resend, show
from nfemu.cli.paying.reconciling import reconcile
from nfemu.cli.paying.signatures import debug


class _Paying(click.Group):
    """What is no command of it is a number to pay for."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands:
            return "line", self.commands["line"], args
        return super().resolve_command(ctx, args)


@click.group(cls=_Paying)
def pay() -> None:
    """Pay AMOUNT for NUMBER (`nfemu pay NUMBER AMOUNT`), or look behind the emulated WeChat Pay."""


for command in (line, merchant, orders, show, payer, resend, fault, debug, reconcile):
    pay.add_command(command)
