"""The errors that a use case can end in. Outer rings translate them; nothing else is caught by name."""


class NfemuError(Exception):
    """A refusal with a text for the user: lower case, what was wrong, where, what to do instead."""


class InvalidInput(NfemuError):
    """The caller's value is wrong in itself (HTTP 422, exit code 2)."""


class NotFound(NfemuError):
    """The named thing does not exist (HTTP 404, exit code 1)."""


class Conflict(NfemuError):
    """The request contradicts the present state (HTTP 409, exit code 1)."""


class LimitReached(Conflict):
    """The caller has as many of them as are allowed; one must go before another can come (HTTP 409, exit code 1)."""


class Unavailable(NfemuError):
    """A part that is needed is missing or late; nothing was done, try again (HTTP 503, exit code 1)."""
