"""Reports of blocked lines are bounded, whatever a flood of phones does."""

from nfemu.gateway.link.messages import Blocked
from nfemu.gateway.link.sightings import MOST_LINES, Sightings
from tests.gateway.samples import line


async def test_a_message_is_bounded_and_nothing_is_said_after_the_end() -> None:
    sent: list[Blocked] = []
    sightings = Sightings(sent.append)
    for number in range(MOST_LINES + 100):
        sightings.blocked(line(number))
    assert [len(message.lines) for message in sent] == [1]
    sightings._flush()
    assert [len(message.lines) for message in sent] == [1, MOST_LINES]
    sightings.blocked(line(1))
    sightings.drop()
    sightings.blocked(line(2))
    assert sent[2:] == [Blocked(sent[2].lines)]
    assert [each.msisdn for each in sent[2].lines] == [line(2).msisdn]
    sightings.drop()
