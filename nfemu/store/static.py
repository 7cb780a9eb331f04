"""Cards with a static address: few, read once at start, so they need no index."""

import sqlalchemy as sa
from sqlalchemy import Connection

from nfemu.model.subscriber import Subscriber
from nfemu.store import rows, schema

_static = sa.select(schema.subscriber).where(
    sa.or_(schema.subscriber.c.static_ipv4.is_not(None), schema.subscriber.c.static_ipv6.is_not(None))
)


def static_subscribers(connection: Connection) -> list[Subscriber]:
    return [rows.subscriber_from(row) for row in connection.execute(_static)]
