"""What the operating systems' connectivity checks find on an open line: the answers of the real hosts.

Sources: Android `NetworkMonitor`, Apple's captive network assistant, Windows NCSI, Firefox's
`network.captive-portal-service`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CheckAnswer:
    status: int
    body: bytes = b""
    content_type: str = "text/plain"


_NO_CONTENT = CheckAnswer(204)
_APPLE = CheckAnswer(
    200, b"<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>\n", content_type="text/html"
)
_FIREFOX_PAGE = CheckAnswer(
    200,
    b'<meta http-equiv="refresh" content="0;url=https://support.mozilla.org/kb/captive-portal"/>',
    content_type="text/html",
)
_ANDROID_HOSTS = (
    "connectivitycheck.gstatic.com",
    "connectivitycheck.android.com",
    "clients3.google.com",
    "play.googleapis.com",
    "www.google.com",
    "www.gstatic.com",
)

CHECKS: dict[tuple[str, str], CheckAnswer] = {
    **{(host, path): _NO_CONTENT for host in _ANDROID_HOSTS for path in ("/generate_204", "/gen_204")},
    ("captive.apple.com", "/"): _APPLE,
    ("captive.apple.com", "/hotspot-detect.html"): _APPLE,
    ("www.apple.com", "/library/test/success.html"): _APPLE,
    ("www.msftconnecttest.com", "/connecttest.txt"): CheckAnswer(200, b"Microsoft Connect Test"),
    ("ipv6.msftconnecttest.com", "/connecttest.txt"): CheckAnswer(200, b"Microsoft Connect Test"),
    ("www.msftncsi.com", "/ncsi.txt"): CheckAnswer(200, b"Microsoft NCSI"),
    ("detectportal.firefox.com", "/canonical.html"): _FIREFOX_PAGE,
    ("detectportal.firefox.com", "/success.txt"): CheckAnswer(200, b"success\n"),
}
"""By host and path."""
