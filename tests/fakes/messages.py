"""Messages to the small carrier's people, and what a receiver of short messages makes of theirs."""

from nfemu.bss.notices import personal_link
from nfemu.model.identity import CorrelationId, Msisdn, NoticeId
from nfemu.model.notices import Channel, Notice, NoticeKind
from tests.fakes.world import START, ZHANG, imsi_of


def message(kind: NoticeKind, name: str = "ntc-a1", msisdn: Msisdn = ZHANG, channel: Channel = Channel.SMS) -> Notice:
    """Pending, with a link."""
    link = personal_link("http://portal.carrier.example/green", NoticeId(name))
    text = f"请点击 {link} "
    return Notice(
        NoticeId(name), imsi_of(msisdn), kind, "示例移动", text, CorrelationId("cor-0"), START, link, channel=channel
    )


def joined(parts: list[bytes]) -> str:
    """The text of a short message's parts, as a phone shows it (3GPP TS 23.040 clause 9.2.3.24.1)."""
    if len(parts) == 1:
        return parts[0].decode("utf-16-be")
    assert len({part[:5] for part in parts}) == 1
    assert parts[0][:3] == bytes((5, 0, 3))
    assert parts[0][4] == len(parts)
    assert [part[5] for part in parts] == list(range(1, len(parts) + 1))
    return "".join(part[6:].decode("utf-16-be") for part in parts)
