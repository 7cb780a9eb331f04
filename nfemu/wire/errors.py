"""What a codec raises. Bytes from the network never cause any other error."""


class WireError(ValueError):
    """The bytes are not what the specification allows; the text names the part."""
