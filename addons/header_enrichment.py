"""Tell trusted destinations the subscriber's number, in a stock mitmproxy beside a running emulator.

    mitmdump -s addons/arrears_redirect.py -s addons/header_enrichment.py [--set nfemu_state=DIR]

The proxy user name is the subscriber's number. What the addon does is in nfemu/gateway/stock.py.
"""

from nfemu.gateway.stock import HeaderEnrichment

addons = [HeaderEnrichment()]
