"""What the API answers, as values. Money is a decimal text with its currency; times are as the server wrote them."""

from nfemu.client.values.carrier import Clock, Component, ConfigChange, LoadedState, NamedState, OwnClock, Status
from nfemu.client.values.explanation import Candidate, Explanation, Point
from nfemu.client.values.history import Cap, Entry, Event, Ledger, Notice, Usage, Used
from nfemu.client.values.lines import Account, AutoDeduct, PluggedIn, Session, Settlement, Subscriber, SubscriberPage
from nfemu.client.values.plain import Amount, known_fields, moment

__all__ = [
    "Account",
    "Amount",
    "AutoDeduct",
    "Candidate",
    "Cap",
    "Clock",
    "Component",
    "ConfigChange",
    "Entry",
    "Event",
    "Explanation",
    "Ledger",
    "LoadedState",
    "NamedState",
    "Notice",
    "OwnClock",
    "PluggedIn",
    "Point",
    "Session",
    "Settlement",
    "Status",
    "Subscriber",
    "SubscriberPage",
    "Usage",
    "Used",
    "known_fields",
    "moment",
]
