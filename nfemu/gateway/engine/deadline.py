"""How long a client may take over what must be complete before anything can be decided: heads, handshakes, hellos.

Whoever sends one octet a minute would hold a connection for as long as it likes; the limit on inactivity does not end
that. One timer per connection at the most, however many heads come in pieces: so it ends between once and twice the
given seconds after the first octet.
"""

from mitmproxy.proxy import commands, events, layer

PATIENCE_S = 15.0
"""Seconds. A head is a packet or two; a phone on a bad radio link has sent it again by then."""


class Deadline:
    """For one layer. `begin` with the first octet, `end` when it is complete; `passed` says what a wake-up means."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._timer: commands.RequestWakeup | None = None
        self._running = self._own_timer = False

    def begin(self) -> layer.CommandGenerator[None]:
        """No effect while it is running."""
        if self._running:
            return
        self._running = True
        if self._timer is None:
            yield self._set()

    def end(self) -> None:
        self._running = self._own_timer = False

    def owns(self, event: events.Event) -> bool:
        """Whether it is this deadline's own wake-up: whoever takes over from its layer knows nothing of it."""
        return isinstance(event, events.Wakeup) and event.command is self._timer

    def passed(self) -> layer.CommandGenerator[bool]:
        """The timer has woken us up: whether time is over. If it was set for an earlier head, it is set again."""
        self._timer = None
        if self._running and not self._own_timer:
            yield self._set()
            return False
        return self._running

    def _set(self) -> commands.RequestWakeup:
        self._own_timer = True
        self._timer = commands.RequestWakeup(self._seconds)
        return self._timer
