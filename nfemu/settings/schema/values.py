"""What every file's shape is made of: sections, and the kinds of values that have a spelling of their own."""

from datetime import time, timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from nfemu.files.sections import CUSTOM, NAME_PATTERN, reader
from nfemu.settings import scalars


def _number(value: object) -> object:
    """`true` is no 1."""
    if isinstance(value, bool):
        raise PydanticCustomError(CUSTOM, "`{text}` is not a number; write digits", {"text": str(value).lower()})
    return value


def _written(kind: str, pattern: str, spelling: str, *types: str) -> WithJsonSchema:
    """How such a value stands in a file: as one of these types of JSON, and as a text only if it has the pattern."""
    return WithJsonSchema({"title": kind, "type": list(types), "pattern": f"^({pattern})$", "description": spelling})


Number = Annotated[int, BeforeValidator(_number)]
Duration = Annotated[
    timedelta,
    reader(scalars.duration),
    _written("duration", scalars.DURATION, "`300ms`, `60s`, `10m`, `2h`, `1d`; at most 365 days", "string"),
]
BitRate = Annotated[
    int,
    reader(scalars.bit_rate),
    _written("bit rate", scalars.BIT_RATE, "bits per second: `64k`, `50M`, `1.5G`, `64000`", "string", "integer"),
]
TimeOfDay = Annotated[
    time,
    reader(scalars.time_of_day),
    _written("time of day", scalars.TIME_OF_DAY, '`"08:00"`, from `00:00` to `23:59`', "string"),
    Field(examples=['"08:00"']),
]
RateLimit = Annotated[
    int,
    reader(scalars.rate_limit),
    _written("rate limit", scalars.BIT_RATE, "a bit rate, or `0` for no limit", "string", "integer"),
]
Volume = Annotated[
    int,
    reader(scalars.volume),
    _written("volume", scalars.VOLUME, "octets: `512KiB`, `20MiB`, `1.5GiB`, or `0` for no limit", "string", "integer"),
]
Amount = Annotated[
    str,
    _written(
        "amount", r"-?[0-9]+(\.[0-9]+)?", "money in the carrier's currency: `30.00`, `-12.50`, `0`", "string", "number"
    ),
    Field(examples=["30.00"]),
]
"""Kept as text: how many decimals there are depends on the carrier's currency, known later."""
HostName = Annotated[
    str,
    reader(scalars.host_name),
    _written("host name", r"[^/:\s]+", "`portal.carrier.example`; no address", "string"),
]
ReceiverHost = Annotated[
    str,
    reader(scalars.receiver_host),
    _written("host", r"[0-9A-Za-z.:-]+", "a host name or an IP address, without port: `crm.example`", "string"),
]
ListenAddress = Annotated[
    str,
    reader(scalars.listen_address),
    _written("address to listen on", r"localhost|[0-9A-Fa-f:.]+", "an IP address or `localhost`", "string"),
]
UpstreamUrl = Annotated[
    tuple[str, str, int],
    reader(scalars.upstream),
    _written("server", r"https?://[^/\s]+/?", "`http://127.0.0.1:9000`: scheme, host and port, no path", "string"),
]
Port = Annotated[int, Field(ge=0, le=65535, examples=["8610"]), BeforeValidator(_number)]
Percent = Annotated[int, Field(ge=0, le=100, examples=["10"]), BeforeValidator(_number)]
Share = Annotated[int, Field(ge=0, le=1_000_000, examples=["1"]), BeforeValidator(_number)]
Name = Annotated[str, Field(pattern=NAME_PATTERN, examples=["green"])]
Language = Literal["zh", "en"]
SPELLED = (Duration, BitRate, RateLimit, Volume, Amount, TimeOfDay, HostName, ReceiverHost, ListenAddress, UpstreamUrl)
"""The kinds of values that the reference page explains once for all keys."""
