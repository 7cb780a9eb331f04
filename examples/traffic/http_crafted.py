"""HTTP as no browser writes it: a head in pieces, forged identity headers, two authorities, a host that lies.

Expect of a restricted line: 302 to the portal for GET, 511 for other methods, 400 for what has two readings. The
portal is reached, and shows the number that the gateway inserted, whatever the phone has claimed. Of an open line:
the site's own answer, 200 or 400.
"""

from answers import PORTAL, SITE, Row, address, main, spoken, status

FORGED = "X-MSISDN: 8619999999999\r\nx_msisdn: 8619999999999\r\nX-Forwarded-For: 192.0.2.1\r\n"
END = "Connection: close\r\n\r\n"


def sent(host: str, *parts: str) -> str:
    return status(spoken(address(host), 80, *(part.encode() for part in parts)))


def shown_to_portal() -> str:
    """Whom the portal takes the phone for."""
    request = f"GET / HTTP/1.1\r\nHost: {PORTAL}\r\n{FORGED}{END}"
    page = spoken(address(PORTAL), 80, request.encode()).decode(errors="replace")
    return "the forged number" if "9999" in page else "the line's number" if "****" in page else status(page.encode())


def rows(restricted: bool) -> list[Row]:
    elsewhere = "302" if restricted else "200"
    get = f"GET / HTTP/1.1\r\nHost: {SITE}\r\n"
    return [
        Row("GET, its head in three pieces", sent(SITE, get[:9], get[9:], END), (elsewhere,)),
        Row("GET with forged identity", sent(SITE, get, FORGED, END), (elsewhere,)),
        Row("POST", sent(SITE, f"POST / HTTP/1.1\r\nHost: {SITE}\r\nContent-Length: 1\r\n{END}a"), (
            ("511",) if restricted else ("200",)
        )),
        Row("absolute URI and another Host", sent(SITE, f"GET http://{SITE}/ HTTP/1.1\r\nHost: {PORTAL}\r\n{END}"), (
            ("400",) if restricted else ("200", "400")
        )),
        Row("two Hosts", sent(SITE, f"{get}Host: {PORTAL}\r\n{END}"), ("400",) if restricted else ("200", "400")),
        Row("portal's name at a site's address", sent(SITE, f"GET / HTTP/1.1\r\nHost: {PORTAL}\r\n{END}"), (
            ("302",) if restricted else ("403",)
        )),
        Row("portal, with forged identity", shown_to_portal(), ("the line's number",)),
    ]  # fmt: skip


if __name__ == "__main__":
    main(rows, __doc__)
