"""The bare lean master: mitmproxy with nothing but what proxies, and the one-header addon."""

import asyncio
import logging

from mitmproxy import master, options
from mitmproxy.addons import core, next_layer, proxyserver, tlsconfig

from bench.contenders.one_header import addons
from nfemu.bootstrap.serving import fastest_loop
from nfemu.gateway.engine.engine import tune_process


class _Announce:
    """Prints the port once the server listens."""

    def running(self) -> None:
        print(self.proxy.listen_addrs()[0][1], flush=True)

    def __init__(self, proxy: proxyserver.Proxyserver) -> None:
        self.proxy = proxy


async def main() -> None:
    tune_process()
    chosen = options.Options(mode=["regular@127.0.0.1:0"])
    lean = master.Master(chosen, event_loop=asyncio.get_running_loop())
    proxy = proxyserver.Proxyserver()
    lean.addons.add(core.Core(), proxy, next_layer.NextLayer(), tlsconfig.TlsConfig(), *addons, _Announce(proxy))
    chosen.update(connection_strategy="lazy")
    await lean.run()


if __name__ == "__main__":
    logging.disable(logging.INFO)
    with asyncio.Runner(loop_factory=fastest_loop) as runner:
        runner.run(main())
