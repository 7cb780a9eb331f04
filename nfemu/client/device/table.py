"""What each operating system asks, of whom, and how it reads the answer.

Sources: Android's NetworkMonitor (AOSP, packages/modules/NetworkStack); Apple's captive network assistant; Microsoft's
documentation of NCSI; Firefox's CaptiveDetect and network connectivity service; RFC 8908 and RFC 8910.
"""

from nfemu.client.device.values import Check, Device, Expected, Question, Role

_NO_CONTENT = Expected(204, b"")
_ANDROID = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/60.0.3112.32 Safari/537.36"
_FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
_CANONICAL = b'<meta http-equiv="refresh" content="0;url=https://support.mozilla.org/kb/captive-portal"/>'
_NCSI = Expected(200, b"Microsoft Connect Test")
_SUCCESS = Expected(200, b"success\n")

_ALL = (
    Device(
        name="android",
        title="Android",
        headers=(("User-Agent", _ANDROID),),
        probes=(
            Check("https://www.google.com/generate_204", _NO_CONTENT),
            Check("http://connectivitycheck.gstatic.com/generate_204", _NO_CONTENT),
            Check("http://www.google.com/gen_204", _NO_CONTENT, Role.FALLBACK),
            Check("http://play.googleapis.com/generate_204", _NO_CONTENT, Role.FALLBACK),
        ),
        portal=(range(200, 400),),
        least_body=5,
        knows_api=True,
        note="It checks mobile networks too. Their signalling names no captive-portal API (RFC 8910 is DHCP and RA).",
    ),
    Device(
        name="ios",
        title="iOS",
        headers=(("User-Agent", "CaptiveNetworkSupport-471.0.1 wispr"),),
        probes=(
            Check("http://captive.apple.com/hotspot-detect.html", Expected(200, b"Success", contains=True)),
            Check(
                "http://www.apple.com/library/test/success.html",
                Expected(200, b"Success", contains=True),
                Role.FALLBACK,
            ),
        ),
        portal=(range(200, 600),),
        least_body=0,
        knows_api=True,
        note="It checks Wi-Fi, not its own mobile network: this is what Apple's devices see that share the line.",
    ),
    Device(
        name="windows",
        title="Windows 10 and 11",
        headers=(("User-Agent", "Microsoft NCSI"),),
        probes=(
            Check("http://www.msftconnecttest.com/connecttest.txt", _NCSI, family=4),
            Check("http://ipv6.msftconnecttest.com/connecttest.txt", _NCSI, family=6),
            Question("dns.msftncsi.com", "A", "131.107.255.255"),
        ),
        portal=(range(200, 400),),
        least_body=1,
        knows_api=False,
        note="It opens www.msftconnecttest.com/redirect in the browser. Emulated names have addresses of their own.",
    ),
    Device(
        name="firefox",
        title="Firefox",
        headers=(("User-Agent", _FIREFOX), ("Cache-Control", "no-cache"), ("Pragma", "no-cache")),
        probes=(
            Check("http://detectportal.firefox.com/canonical.html", Expected(200, _CANONICAL)),
            Check("http://detectportal.firefox.com/success.txt?ipv4", _SUCCESS, Role.INFORMS, family=4),
            Check("http://detectportal.firefox.com/success.txt?ipv6", _SUCCESS, Role.INFORMS, family=6),
        ),
        portal=(range(200, 201), range(300, 400)),
        least_body=0,
        knows_api=False,
        note="It shows a bar above the page, on any network.",
    ),
)
DEVICES = {device.name: device for device in _ALL}
